// A loaded decoder, or its upper layers, on another device. Engine thread.
#pragma once

#include <cstdint>
#include <memory>

#include "llama/nn/decoder.h"

namespace llamahome::engine {

/// Which layers lie where: the last `layers` on `device`, with the final norm and the head where there are
/// any; the layers below and the embedding stay with the processor, so that what moves on at the one boundary
/// is hidden states.
struct Placement {
    at::Device device = at::kCPU;
    std::int64_t layers = 0; ///< 0 to those of the model
};

/// The decoder's weights in a plain one: those that stay are shared, others copied. Quantised matrices are
/// copied as their values in the compute dtype. c10::Error where the device has no room.
std::unique_ptr<Decoder> placeDecoder(const Decoder& decoder, const Placement& placement);

} // namespace llamahome::engine
