// How much memory a context of a model takes. Any thread.
#pragma once

#include <cstdint>

#include "formats/hub/model_config.h"

namespace llamahome::engine {

/// Tokens that memory is taken for at once as a context grows.
inline constexpr std::int64_t kContextBlock = 256;

/// Bytes of keys and values of `tokens` in every layer, elements of `elementBytes` each.
inline std::uint64_t contextBytes(const formats::ModelConfig& config, std::int64_t tokens,
                                  std::uint64_t elementBytes) {
    constexpr std::int64_t kKeysAndValues = 2;
    const std::int64_t elements =
        config.num_hidden_layers * kKeysAndValues * config.num_key_value_heads * config.head_dim * tokens;
    return static_cast<std::uint64_t>(elements) * elementBytes;
}

} // namespace llamahome::engine
