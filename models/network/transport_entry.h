// The one function that libllamahome_network.so exports: what it is called and takes. Qt-free; any thread.
#pragma once

#include <memory>

#include "core/log.h"
#include "network/transport.h"

namespace llamahome::network {

inline constexpr const char* kCreateTransportName = "llamahome_create_transport";

/// Makes a transport for the calling thread; the caller owns it. Throws nothing. Qt's application object is
/// made where the program has none, by the first call.
using CreateTransport = Transport* (*)(const std::shared_ptr<LogSink>& log, const TransportOptions& options);

} // namespace llamahome::network
