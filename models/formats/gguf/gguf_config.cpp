#include "formats/gguf/gguf_config.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/hub/rope_divisors.h"
#include "formats/tensor_values.h"

namespace llamahome::formats {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int32_t>::max();

Error unsupported(const GgufReader& reader, const std::string& found, const std::string& expected) {
    return Error{codes::kGgufUnsupported, reader.shownPath() + ": found " + found + ", LlamaHome imports " +
                                              expected + "; choose another file"};
}

Result<void> refuseForeign(const GgufReader& reader, const GgufFields& fields) {
    if (const auto type = fields.text("general.type", "model"); type != "model")
        return unsupported(reader, "general.type " + quotedText(type), "models");
    if (const auto name = fields.text("general.architecture", ""); name != "llama")
        return unsupported(reader, "architecture " + quotedText(name), "the architecture \"llama\"");
    if (fields.whole("llama.expert_count", kAny).value_or(0) > 0)
        return unsupported(reader, "a mixture of experts", "models with one feed-forward part a layer");
    if (const auto scaling = fields.text(kGgufRopeScalingType, "none");
        scaling != "none" && scaling != kGgufLinearScaling)
        return unsupported(reader, "rope scaling " + quotedText(scaling), "plain, linear and llama3 rope");
    return {};
}

std::optional<RopeScaling> linearScaling(const GgufFields& fields) {
    if (fields.text(kGgufRopeScalingType, "none") != kGgufLinearScaling) return std::nullopt;
    const double factor = fields.positive(kGgufRopeScalingFactor, 1.0);
    return factor == 1.0 ? std::nullopt : std::optional(RopeScaling{RopeType::Linear, factor});
}

/// Finds the scaling whose divisors are those of the file: the factor is the last one, the rest Meta's
/// constants.
Result<std::optional<RopeScaling>> recoverScaling(GgufReader& reader, const ModelConfig& config) {
    constexpr double kTolerance = 1e-3;
    const TensorInfo* const tensor = reader.find(kGgufRopeTensor);
    if (tensor == nullptr) return std::optional<RopeScaling>{};
    const auto divisors = readAsFloats(reader, *tensor);
    if (!divisors) return divisors.error();
    const bool isPlain =
        std::all_of(divisors->begin(), divisors->end(), [](float value) { return value == 1.0F; });
    if (isPlain) return std::optional<RopeScaling>{};
    RopeScaling scaling;
    scaling.factor = shortestDouble(divisors->back());
    bool isKnown = divisors->size() == static_cast<std::size_t>(config.head_dim / 2);
    const std::vector<double> expected = llama3Divisors(config, scaling);
    for (std::size_t i = 0; isKnown && i < divisors->size(); ++i)
        isKnown = std::abs(static_cast<double>((*divisors)[i]) - expected[i]) <= kTolerance * expected[i];
    if (!isKnown)
        return unsupported(reader, "an unknown scaling in " + std::string(kGgufRopeTensor), "llama3 rope");
    return std::optional(scaling);
}

Result<void> readHeadSize(const GgufReader& reader, const GgufFields& fields, ModelConfig& config) {
    const auto rotated = fields.whole("llama.rope.dimension_count", kAny);
    const auto keys = fields.whole("llama.attention.key_length", kAny);
    const auto values = fields.whole("llama.attention.value_length", kAny);
    config.head_dim =
        keys.value_or(config.hidden_size / std::max<std::int64_t>(config.num_attention_heads, 1));
    if (rotated.value_or(config.head_dim) == config.head_dim &&
        values.value_or(config.head_dim) == config.head_dim)
        return {};
    return unsupported(reader, "heads that are rotated in part or of two sizes", "heads of one size");
}

} // namespace

Result<ModelConfig> configFromGguf(GgufReader& reader) {
    const GgufFields fields(reader);
    if (auto native = refuseForeign(reader, fields); !native) return native.error();
    ModelConfig config;
    config.hidden_size = fields.requiredWhole("llama.embedding_length", kAny);
    config.num_hidden_layers = fields.requiredWhole("llama.block_count", kAny);
    config.intermediate_size = fields.requiredWhole("llama.feed_forward_length", kAny);
    config.num_attention_heads = fields.requiredWhole("llama.attention.head_count", kAny);
    config.num_key_value_heads =
        fields.whole("llama.attention.head_count_kv", kAny).value_or(config.num_attention_heads);
    config.max_position_embeddings = fields.requiredWhole("llama.context_length", kAny);
    config.rms_norm_eps = fields.positive("llama.attention.layer_norm_rms_epsilon", 1e-5);
    config.rope_theta = fields.positive("llama.rope.freq_base", 10000.0);
    config.torch_dtype = "bfloat16";
    config.rope_scaling = linearScaling(fields);
    config.attention_bias = reader.find("blk.0.attn_q.bias") != nullptr;
    config.mlp_bias = reader.find("blk.0.ffn_gate.bias") != nullptr;
    config.tie_word_embeddings = reader.find("output.weight") == nullptr;
    config.bos_token_id = fields.whole("tokenizer.ggml.bos_token_id", kAny);
    if (auto sized = readHeadSize(reader, fields, config); !sized) return sized.error();
    if (fields.problem()) return *fields.problem();
    // The embedding is the truth; llama.vocab_size may be absent.
    const TensorInfo* const embedding = reader.find("token_embd.weight");
    if (embedding == nullptr || embedding->shape.size() != 2)
        return Error{codes::kGgufTensors,
                     reader.shownPath() + ": found no matrix token_embd.weight; get the file again"};
    config.vocab_size = embedding->shape[0];
    // One set of rules for sizes, whichever file they come from.
    auto checked = parseModelConfig(modelConfigJson(config), reader.shownPath());
    if (!checked) return checked.error();
    auto scaling = recoverScaling(reader, *checked);
    if (!scaling) return scaling.error();
    if (*scaling && checked->rope_scaling)
        return unsupported(reader, "two scalings of the rotary frequencies", "one");
    if (*scaling) checked->rope_scaling = *scaling;
    return checked;
}

} // namespace llamahome::formats
