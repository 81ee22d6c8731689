#include "jobs/system/bench_shapes.h"

#include <array>

namespace llamahome::jobs {
namespace {

constexpr std::array kShapes{BenchShape{"smollm2-135m", smolLm2Shape},
                             BenchShape{"llama-3.2-1b", llama1bShape}};

} // namespace

formats::ModelConfig smolLm2Shape() {
    formats::ModelConfig config;
    config.vocab_size = 49152;
    config.hidden_size = 576;
    config.intermediate_size = 1536;
    config.num_hidden_layers = 30;
    config.num_attention_heads = 9;
    config.num_key_value_heads = 3;
    config.head_dim = 64;
    config.max_position_embeddings = 8192;
    config.rms_norm_eps = 1e-5;
    config.rope_theta = 100000.0;
    config.tie_word_embeddings = true;
    return config;
}

formats::ModelConfig llama1bShape() {
    formats::ModelConfig config;
    config.vocab_size = 128256;
    config.hidden_size = 2048;
    config.intermediate_size = 8192;
    config.num_hidden_layers = 16;
    config.num_attention_heads = 32;
    config.num_key_value_heads = 8;
    config.head_dim = 64;
    config.max_position_embeddings = 131072;
    config.rms_norm_eps = 1e-5;
    config.rope_theta = 500000.0;
    config.rope_scaling = formats::RopeScaling{formats::RopeType::Llama3, 32.0, 1.0, 4.0, 8192};
    config.tie_word_embeddings = true;
    return config;
}

std::span<const BenchShape> benchShapes() {
    return kShapes;
}

} // namespace llamahome::jobs
