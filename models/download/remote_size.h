// How large a file at an address is, without fetching it. The transport's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/cancel_token.h"
#include "core/result.h"
#include "download/retries.h"
#include "network/transport.h"

namespace llamahome::download {

/// Asks for the first byte, since some servers refuse HEAD, and takes the size that the answer tells; nothing
/// where it tells none. Errors as getText(); the address is in none of them.
Result<std::optional<std::uint64_t>> remoteSize(network::Transport& transport, const std::string& url,
                                                const Pause& pause, const CancelToken& cancel);

} // namespace llamahome::download
