// The system's keychain, which keeps secrets by name: the Qt-free face of QtKeychain. One thread at a time.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/program_module.h"
#include "core/result.h"

namespace llamahome::network {

class Keychain {
public:
    virtual ~Keychain() = default;

    /// Each blocks while the user is asked to unlock the keychain, for a while, and no longer than until
    /// cancel: RUN-00. What the keychain answers afterwards is dropped; it may still do what was asked.

    /// The secret of that name; empty where none is kept. HUB-03 where it cannot be read.
    virtual Result<std::string> read(const std::string& name, const CancelToken& cancel) = 0;
    /// Keeps a secret, in place of the one before. HUB-03 where the keychain refuses.
    virtual Result<void> write(const std::string& name, const std::string& secret,
                               const CancelToken& cancel) = 0;
    /// None of that name is success. HUB-03.
    virtual Result<void> remove(const std::string& name, const CancelToken& cancel) = 0;
};

/// The keychain of the user's session by its environment; null where the session has no bus to reach one, or
/// the library is missing. Quick: whether somebody answers there is seen by the first read().
std::unique_ptr<Keychain> openKeychain(const std::map<std::string, std::string>& environment,
                                       const std::vector<std::filesystem::path>& folders = moduleFolders());

} // namespace llamahome::network
