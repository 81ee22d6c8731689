// The one function that libllamahome_keychain.so exports: what it is called and takes. Qt-free; any thread.
#pragma once

#include <memory>

#include "core/log.h"
#include "network/keychain.h"

namespace llamahome::network {

inline constexpr const char* kCreateKeychainName = "llamahome_create_keychain";

/// The caller owns it. Throws nothing.
using CreateKeychain = Keychain* (*)(const std::shared_ptr<LogSink>& log);

} // namespace llamahome::network
