// What a transfer of one file tells while it runs, and whom it asks. Called on the transfer's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/cancel_token.h"

namespace llamahome::download {

enum class TransferState {
    Waiting, ///< for its turn, for the network, for room on the disk: with a reason
    Connecting,
    Receiving,
    Checking, ///< what an earlier run left, or the whole
    Done,
    Failed,
};

class TransferWatch {
public:
    virtual ~TransferWatch() = default;

    /// `reason` in words for Waiting, else empty.
    virtual void stateChanged(TransferState state, const std::string& reason) = 0;
    /// Bytes that are there, those of earlier runs included; never falls, but where the file is begun anew
    /// stays until that is made up for.
    virtual void bytesChanged(std::uint64_t doneBytes, std::optional<std::uint64_t> totalBytes) = 0;
    /// Before received bytes are taken; waits for their share of the speed limit, or until cancel.
    virtual void admit(std::size_t bytes, const CancelToken& cancel) = 0;
};

} // namespace llamahome::download
