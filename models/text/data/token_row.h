// TokenRow: one row of data as the model sees it. A value; any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace llamahome::text {

/// Token ids with, for each, whether the model is trained to produce it. The first token is never a target.
struct TokenRow {
    std::vector<std::int32_t> tokens;
    std::vector<std::uint8_t> supervised; ///< same length; 1: this token is a training target

    /// Number of targets: supervised tokens that have a token before them.
    std::size_t targetCount() const {
        std::size_t count = 0;
        for (std::size_t i = 1; i < supervised.size(); ++i)
            count += supervised[i];
        return count;
    }
};

} // namespace llamahome::text
