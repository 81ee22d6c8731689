// The one symbol that libllamahome_keychain.so exports; keychain_loader.cpp looks it up.
#include <type_traits>

#include "network/keychain_entry.h"
#include "network/qt_application.h"
#include "network/qt_keychain.h"

extern "C" __attribute__((visibility("default"))) llamahome::network::Keychain*
llamahome_create_keychain(const std::shared_ptr<llamahome::LogSink>& log) {
    llamahome::setLogSink(log);
    llamahome::network::prepareQt();
    return new llamahome::network::QtKeychain;
}

static_assert(std::is_same_v<decltype(&llamahome_create_keychain), llamahome::network::CreateKeychain>);
