// The keychain by QtKeychain: Secret Service or KWallet. QtKeychain's jobs run on a thread of their own, one
// for the process; the caller's waits.
#pragma once

#include "network/keychain.h"

namespace llamahome::network {

class QtKeychain final : public Keychain {
public:
    Result<std::string> read(const std::string& name, const CancelToken& cancel) override;
    Result<void> write(const std::string& name, const std::string& secret,
                       const CancelToken& cancel) override;
    Result<void> remove(const std::string& name, const CancelToken& cancel) override;
};

} // namespace llamahome::network
