// Shapes of models that the benchmarks make with random weights. Any thread.
#pragma once

#include <span>
#include <string_view>

#include "formats/hub/model_config.h"

namespace llamahome::jobs {

/// SmolLM2-135M: hidden 576, 30 layers, 9 heads, 3 KV heads, intermediate 1536, vocabulary 49152, tied.
formats::ModelConfig smolLm2Shape();
/// Llama-3.2-1B: hidden 2048, 16 layers, 32 heads, 8 KV heads, intermediate 8192, vocabulary 128256, tied.
formats::ModelConfig llama1bShape();

struct BenchShape {
    std::string_view name; ///< "smollm2-135m"
    formats::ModelConfig (*config)();
};
/// Every shape that has a name; the first is the usual one.
std::span<const BenchShape> benchShapes();

} // namespace llamahome::jobs
