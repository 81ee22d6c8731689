#include "formats/hub/model_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "formats/file_text.h"
#include "formats/hub/config_fields.h"

namespace llamahome::formats {
namespace {

// Far above any Llama, low enough that no product of two or three of them overflows 64 bits.
constexpr std::int64_t kMaxWidth = std::int64_t{1} << 22;
constexpr std::int64_t kMaxVocabulary = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMaxLayers = 4096;
constexpr std::int64_t kMaxHeads = std::int64_t{1} << 16;
constexpr std::int64_t kMaxContext = std::int64_t{1} << 40;

Error unsupported(std::string_view what, const std::string& found, const std::string& expected) {
    return Error{codes::kModelUnsupported, std::string(what) + ": found " + found + ", LlamaHome runs " +
                                               expected + "; choose another model"};
}

/// What changes the computation in a way that is not implemented is refused by its name.
Result<void> refuseForeign(const ConfigFields& fields, std::string_view what) {
    const std::string type = fields.text("model_type", "");
    const auto architectures = fields.json().find("architectures");
    const bool hasList =
        architectures != fields.json().end() && architectures->is_array() && !architectures->empty();
    if (type != "llama" && !(type.empty() && hasList))
        return unsupported(what, "model_type " + quotedText(type), "model_type \"llama\"");
    if (hasList && (*architectures)[0] != "LlamaForCausalLM")
        return unsupported(what, "architecture " + quotedText(writeJsonLine((*architectures)[0])),
                           "LlamaForCausalLM");
    if (const std::string act = fields.text("hidden_act", "silu"); act != "silu")
        return unsupported(what, "hidden_act " + quotedText(act), "hidden_act \"silu\"");
    return {};
}

struct RopeTypeName {
    RopeType type;
    std::string_view name;
};
constexpr std::array kRopeTypes{
    RopeTypeName{RopeType::Linear, "linear"},
    RopeTypeName{RopeType::Dynamic, "dynamic"},
    RopeTypeName{RopeType::Llama3, "llama3"},
};

Result<RopeScaling> readLlama3Scaling(const ConfigFields& rope, std::string_view what) {
    for (const char* key :
         {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"})
        if (!rope.has(key))
            return Error{codes::kModelConfigValue, std::string(what) +
                                                       ": rope scaling of type llama3 has no " + key +
                                                       "; get the model again"};
    RopeScaling scaling;
    scaling.factor = rope.positive("factor", 0.0);
    scaling.low_freq_factor = rope.positive("low_freq_factor", 0.0);
    scaling.high_freq_factor = rope.positive("high_freq_factor", 0.0);
    scaling.original_max_position_embeddings = rope.size("original_max_position_embeddings", 0, kMaxContext);
    if (rope.problem()) return *rope.problem();
    if (scaling.high_freq_factor <= scaling.low_freq_factor)
        return Error{codes::kModelConfigValue, std::string(what) +
                                                   ": found high_freq_factor not above low_freq_factor"
                                                   "; get the model again"};
    return scaling;
}

Result<RopeScaling> readFactor(const ConfigFields& rope, RopeType type, std::string_view what) {
    RopeScaling scaling{type, rope.positive("factor", 0.0)};
    if (rope.problem()) return *rope.problem();
    if (scaling.factor < 1.0)
        return Error{codes::kModelConfigValue,
                     std::string(what) + ": rope scaling has no factor of at least 1; get the model again"};
    return scaling;
}

/// transformers 5 has one object rope_parameters, transformers 4 rope_scaling beside rope_theta.
Result<void> readRope(const ConfigFields& fields, std::string_view what, ModelConfig& config) {
    config.rope_theta = fields.positive("rope_theta", config.rope_theta);
    const char* const key = fields.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
    if (!fields.has(key)) return {};
    const Json& object = fields.json()[key];
    if (!object.is_object())
        return Error{codes::kModelConfigValue, std::string(what) + ": " + key + ": found " +
                                                   quotedText(writeJsonLine(object)) +
                                                   ", expected an object; get the model again"};
    const ConfigFields rope(object, std::string(what) + ": " + key);
    config.rope_theta = rope.positive("rope_theta", config.rope_theta);
    const std::string type = rope.text(rope.has("rope_type") ? "rope_type" : "type", "default");
    if (rope.problem()) return *rope.problem();
    const auto* const known = std::find_if(kRopeTypes.begin(), kRopeTypes.end(),
                                           [&](const RopeTypeName& row) { return row.name == type; });
    if (type != "default" && known == kRopeTypes.end())
        return unsupported(what, "rope_type " + quotedText(type),
                           "rope_type \"default\", \"linear\", \"dynamic\" and \"llama3\"");
    if (rope.positive("partial_rotary_factor", 1.0) != 1.0)
        return unsupported(what, "a partial_rotary_factor other than 1", "rotation of whole heads");
    if (type == "default") return {};
    auto scaling =
        known->type == RopeType::Llama3 ? readLlama3Scaling(rope, what) : readFactor(rope, known->type, what);
    if (!scaling) return scaling.error();
    if (scaling->type == RopeType::Dynamic && config.head_dim <= 2)
        return unsupported(what, "dynamic rope scaling of heads of two", "heads of at least four");
    config.rope_scaling = *scaling;
    return {};
}

void readSizes(const ConfigFields& fields, ModelConfig& config) {
    // The defaults of transformers' LlamaConfig.
    config.vocab_size = fields.size("vocab_size", 32000, kMaxVocabulary);
    config.hidden_size = fields.size("hidden_size", 4096, kMaxWidth);
    config.intermediate_size = fields.size("intermediate_size", 11008, kMaxWidth);
    config.num_hidden_layers = fields.size("num_hidden_layers", 32, kMaxLayers);
    config.num_attention_heads = fields.size("num_attention_heads", 32, kMaxHeads);
    config.num_key_value_heads = fields.size("num_key_value_heads", config.num_attention_heads, kMaxHeads);
    config.max_position_embeddings = fields.size("max_position_embeddings", 2048, kMaxContext);
    config.rms_norm_eps = fields.positive("rms_norm_eps", 1e-6);
    config.attention_bias = fields.flag("attention_bias", false);
    config.mlp_bias = fields.flag("mlp_bias", false);
    config.tie_word_embeddings = fields.flag("tie_word_embeddings", false);
    config.torch_dtype = fields.text(fields.has("dtype") ? "dtype" : "torch_dtype", "");
    constexpr std::string_view kPrefix = "torch.";
    if (config.torch_dtype.starts_with(kPrefix)) config.torch_dtype.erase(0, kPrefix.size());
    config.bos_token_id = fields.tokenId("bos_token_id", 1);
    config.eos_token_ids = fields.tokenIds("eos_token_id", {2});
}

Result<void> checkHeads(const ConfigFields& fields, std::string_view what, ModelConfig& config) {
    const auto wrong = [&](const std::string& text) {
        return Error{codes::kModelConfigValue, std::string(what) + ": " + text + "; get the model again"};
    };
    if (!fields.has("head_dim") && config.hidden_size % config.num_attention_heads != 0)
        return wrong("found hidden_size " + std::to_string(config.hidden_size) +
                     ", expected a multiple of the " + std::to_string(config.num_attention_heads) + " heads");
    config.head_dim = fields.size("head_dim", config.hidden_size / config.num_attention_heads, kMaxHeads);
    if (fields.problem()) return *fields.problem();
    if (config.num_attention_heads % config.num_key_value_heads != 0)
        return wrong("found num_attention_heads " + std::to_string(config.num_attention_heads) +
                     ", expected a multiple of num_key_value_heads " +
                     std::to_string(config.num_key_value_heads));
    if (config.head_dim % 2 != 0 || config.head_dim * config.num_attention_heads > kMaxWidth)
        return wrong("found head_dim " + std::to_string(config.head_dim) +
                     ", expected an even number and heads of at most " + std::to_string(kMaxWidth) +
                     " in all");
    return {};
}

Json ropeScalingJson(const RopeScaling& scaling) {
    const auto* const row =
        std::find_if(kRopeTypes.begin(), kRopeTypes.end(),
                     [&](const RopeTypeName& candidate) { return candidate.type == scaling.type; });
    if (scaling.type != RopeType::Llama3) return Json{{"factor", scaling.factor}, {"rope_type", row->name}};
    return Json{{"factor", scaling.factor},
                {"high_freq_factor", scaling.high_freq_factor},
                {"low_freq_factor", scaling.low_freq_factor},
                {"original_max_position_embeddings", scaling.original_max_position_embeddings},
                {"rope_type", row->name}};
}

} // namespace

std::uint64_t ModelConfig::parameterCount() const {
    const auto width = static_cast<std::uint64_t>(hidden_size);
    const auto queries = static_cast<std::uint64_t>(num_attention_heads * head_dim);
    const auto keys = static_cast<std::uint64_t>(num_key_value_heads * head_dim);
    const auto inner = static_cast<std::uint64_t>(intermediate_size);
    const std::uint64_t biases =
        (attention_bias ? queries + 2 * keys + width : 0) + (mlp_bias ? 2 * inner + width : 0);
    const std::uint64_t layer = 2 * width * (queries + keys) + 3 * width * inner + 2 * width + biases;
    const std::uint64_t embedding = static_cast<std::uint64_t>(vocab_size) * width;
    return static_cast<std::uint64_t>(num_hidden_layers) * layer + width +
           embedding * (tie_word_embeddings ? 1 : 2);
}

Result<ModelConfig> parseModelConfig(const Json& json, std::string_view what) {
    if (!json.is_object())
        return Error{codes::kModelConfigValue,
                     std::string(what) + ": expected a JSON object; get the model again"};
    const ConfigFields fields(json, std::string(what));
    ModelConfig config;
    if (auto native = refuseForeign(fields, what); !native) return native.error();
    if (fields.has("quantization_config")) {
        const auto format = parseQuantisationConfig(json["quantization_config"], what);
        if (!format) return format.error();
        config.quantization = *format;
    }
    readSizes(fields, config);
    if (fields.problem()) return *fields.problem();
    if (auto heads = checkHeads(fields, what, config); !heads) return heads.error();
    if (auto rope = readRope(fields, what, config); !rope) return rope.error();
    if (fields.problem()) return *fields.problem();
    return config;
}

Result<ModelConfig> readModelConfig(const std::filesystem::path& configJson) {
    const auto json = readJsonFile(configJson);
    if (!json) return json.error();
    return parseModelConfig(*json, displayPath(configJson));
}

Json modelConfigJson(const ModelConfig& config) {
    Json json{{"architectures", Json::array({"LlamaForCausalLM"})},
              {"attention_bias", config.attention_bias},
              {"attention_dropout", 0.0}};
    json["bos_token_id"] = config.bos_token_id ? Json(*config.bos_token_id) : Json();
    json["eos_token_id"] = tokenIdsJson(config.eos_token_ids);
    json["head_dim"] = config.head_dim;
    json["hidden_act"] = "silu";
    json["hidden_size"] = config.hidden_size;
    json["initializer_range"] = 0.02;
    json["intermediate_size"] = config.intermediate_size;
    json["max_position_embeddings"] = config.max_position_embeddings;
    json["mlp_bias"] = config.mlp_bias;
    json["model_type"] = "llama";
    json["num_attention_heads"] = config.num_attention_heads;
    json["num_hidden_layers"] = config.num_hidden_layers;
    json["num_key_value_heads"] = config.num_key_value_heads;
    json["pretraining_tp"] = 1;
    if (config.quantization) json["quantization_config"] = quantisationConfigJson(*config.quantization);
    json["rms_norm_eps"] = config.rms_norm_eps;
    json["rope_scaling"] = config.rope_scaling ? ropeScalingJson(*config.rope_scaling) : Json();
    json["rope_theta"] = config.rope_theta;
    json["tie_word_embeddings"] = config.tie_word_embeddings;
    if (!config.torch_dtype.empty()) json["torch_dtype"] = config.torch_dtype;
    json["use_cache"] = true;
    json["vocab_size"] = config.vocab_size;
    return json;
}

} // namespace llamahome::formats
