// A Transport over another one that counts what arrives, and fails where a test wants it: what no server on
// loopback can do, as names that lead nowhere. One thread; the counts any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "network/transport.h"

namespace llamahome::testing {

struct TransportCounts {
    std::atomic<std::uint64_t> bodyBytes = 0; ///< of files: of answers with 200 or 206
    std::atomic<int> gets = 0;
};

/// How the `number`-th request fails (from 1): after so many bytes of body, with that error.
struct TransportFault {
    Error error;
    std::uint64_t afterBytes = 0; ///< 0: before anything
};
using TransportFaults = std::function<std::optional<TransportFault>(int number)>;

/// Both outlive it.
std::unique_ptr<network::Transport> watchedTransport(std::unique_ptr<network::Transport> real,
                                                     TransportCounts& counts, const TransportFaults& faults);

} // namespace llamahome::testing
