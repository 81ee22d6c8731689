// The network as the settings allow it. The thread that will use it.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "network/transport.h"

namespace llamahome::jobs {

/// A transport that obeys `rule`, the setting model.hub.network: "on", "loopback" (this machine only) or
/// "off". What is not allowed is refused with NET-08, before a byte is sent. NET-01 as openTransport().
Result<std::unique_ptr<network::Transport>> openNetwork(const std::string& rule);

} // namespace llamahome::jobs
