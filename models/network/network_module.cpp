// The one symbol that libllamahome_network.so exports; transport_loader.cpp looks it up.
#include <type_traits>

#include "network/qt_application.h"
#include "network/qt_transport.h"
#include "network/transport_entry.h"

extern "C" __attribute__((visibility("default"))) llamahome::network::Transport*
llamahome_create_transport(const std::shared_ptr<llamahome::LogSink>& log,
                           const llamahome::network::TransportOptions& options) {
    llamahome::setLogSink(log);
    llamahome::network::prepareQt();
    return new llamahome::network::QtTransport(options);
}

static_assert(std::is_same_v<decltype(&llamahome_create_transport), llamahome::network::CreateTransport>);
