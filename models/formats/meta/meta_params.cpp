#include "formats/meta/meta_params.h"

#include <cmath>
#include <limits>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "formats/hub/config_fields.h"
#include "formats/input_file.h"
#include "formats/tokenizer/sentencepiece_model.h"

namespace llamahome::formats {
namespace {

constexpr std::int64_t kMaxSize = 1 << 24;
constexpr std::uint64_t kMaxParamsBytes = 1U << 20;
constexpr std::int64_t kScaledContext = 131072; ///< Llama 3.1 and later
constexpr std::int64_t kPlainContext = 8192;    ///< Llama 3
constexpr std::int64_t kLlama2Context = 4096;
constexpr std::int64_t kCodeLlamaContext = 16384;
constexpr std::int64_t kLlama2Vocabulary = 32000;
constexpr double kMetaRopeTheta = 500000.0;
constexpr double kLlama2RopeTheta = 10000.0;
constexpr double kMetaNormEps = 1e-5;
constexpr std::int64_t kMetaMultipleOf = 256;

/// int(2·(4·dim)/3), then int(multiplier·that), then up to a multiple; each int() cuts (llama-models,
/// FeedForward).
std::int64_t feedForwardSize(std::int64_t dim, double multiplier, std::int64_t multipleOf) {
    auto size = static_cast<std::int64_t>(2.0 * static_cast<double>(4 * dim) / 3.0);
    size = static_cast<std::int64_t>(multiplier * static_cast<double>(size));
    return (size + multipleOf - 1) / multipleOf * multipleOf;
}

/// 32 for the 1B and the 3B of Llama 3.2, 8 for all others; the file does not say it.
double ropeFactor(const ModelConfig& config) {
    const bool isSmall = (config.hidden_size == 2048 && config.num_hidden_layers == 16) ||
                         (config.hidden_size == 3072 && config.num_hidden_layers == 28);
    return isSmall ? 32.0 : 8.0;
}

/// -1 in older files: the embedding tells.
std::int64_t vocabularySize(const ConfigFields& fields) {
    const auto found = fields.json().find("vocab_size");
    if (found != fields.json().end() && found->is_number_integer() && *found == -1) return 0;
    return fields.has("vocab_size") ? fields.size("vocab_size", 0, kMaxSize) : 0;
}

/// The file does not say it: see readMetaParams().
Result<MetaGeneration> generationOf(const std::filesystem::path& paramsJson, const Json& json,
                                    bool isScaled) {
    if (isScaled) return MetaGeneration::Llama31;
    const auto tokenizer = InputFile::open(paramsJson.parent_path() / "tokenizer.model");
    if (!tokenizer && tokenizer.error().code != codes::kFileNotFound) return tokenizer.error();
    if (tokenizer) {
        char first = '\0';
        if ((*tokenizer)->size() > 0)
            if (auto read = (*tokenizer)->readAt(0, std::as_writable_bytes(std::span(&first, 1))); !read)
                return read.error();
        return isSentencePieceModel({&first, 1}) ? MetaGeneration::Llama2 : MetaGeneration::Llama3;
    }
    const auto size = json.find("vocab_size");
    const bool isOld = size != json.end() && (*size == -1 || *size == kLlama2Vocabulary);
    return isOld ? MetaGeneration::Llama2 : MetaGeneration::Llama3;
}

/// Code Llama's is told by the rope that it was trained on with.
std::int64_t contextOf(MetaGeneration generation, double ropeTheta) {
    switch (generation) {
    case MetaGeneration::Llama2:
        return ropeTheta > kLlama2RopeTheta ? kCodeLlamaContext : kLlama2Context;
    case MetaGeneration::Llama3:
        return kPlainContext;
    case MetaGeneration::Llama31:
        break;
    }
    return kScaledContext;
}

} // namespace

Result<MetaModel> readMetaParams(const std::filesystem::path& paramsJson) {
    const auto text = readFile(paramsJson, kMaxParamsBytes);
    if (!text) return text.error();
    const auto json = parseJson(*text, displayPath(paramsJson));
    if (!json) return json.error();
    const auto refuse = [&](const std::string& what) {
        return Error{codes::kMetaParams, displayPath(paramsJson) + ": " + what};
    };
    if (!json->is_object()) return refuse("found no JSON object; get the file again");
    for (const char* const key : {"quantization_args", "lora_args"})
        if (json->contains(key) && !(*json)[key].is_null())
            return refuse("found " + std::string(key) +
                          ": a quantised model, which cannot be read; get the bf16 one");
    for (const char* const key : {"dim", "n_layers", "n_heads"})
        if (!json->contains(key)) return refuse("found no " + std::string(key) + "; get the file again");

    const ConfigFields fields(*json, displayPath(paramsJson), codes::kMetaParams);
    MetaModel model;
    ModelConfig& config = model.config;
    config.hidden_size = fields.size("dim", 0, kMaxSize);
    config.num_hidden_layers = fields.size("n_layers", 0, kMaxSize);
    config.num_attention_heads = fields.size("n_heads", 0, kMaxSize);
    config.num_key_value_heads = fields.size("n_kv_heads", config.num_attention_heads, kMaxSize);
    config.rms_norm_eps = fields.positive("norm_eps", kMetaNormEps);
    config.vocab_size = vocabularySize(fields);
    const double multiplier = fields.positive("ffn_dim_multiplier", 1.0);
    const std::int64_t multipleOf = fields.size("multiple_of", kMetaMultipleOf, kMaxSize);
    const bool isScaled = fields.flag("use_scaled_rope", false);
    const auto generation = generationOf(paramsJson, *json, isScaled);
    if (!generation) return generation.error();
    model.generation = *generation;
    const bool isLlama2 = *generation == MetaGeneration::Llama2;
    config.rope_theta = fields.positive("rope_theta", isLlama2 ? kLlama2RopeTheta : kMetaRopeTheta);
    if (fields.has("vision_num_cross_attention_layers"))
        model.crossAttentionLayers = fields.size("vision_num_cross_attention_layers", 0, kMaxSize);
    if (fields.problem()) return *fields.problem();
    if (config.hidden_size % config.num_attention_heads != 0 ||
        config.num_attention_heads % config.num_key_value_heads != 0)
        return refuse("found a dim of " + std::to_string(config.hidden_size) + ", " +
                      std::to_string(config.num_attention_heads) + " heads and " +
                      std::to_string(config.num_key_value_heads) +
                      " of keys, expected numbers that divide each other; get the file again");
    if (multiplier > 64.0) return refuse("found an ffn_dim_multiplier above 64; get the file again");

    config.intermediate_size = feedForwardSize(config.hidden_size, multiplier, multipleOf);
    config.head_dim = config.hidden_size / config.num_attention_heads;
    config.max_position_embeddings = contextOf(*generation, config.rope_theta);
    if (isScaled) config.rope_scaling = RopeScaling{RopeType::Llama3, ropeFactor(config)};
    config.torch_dtype = "bfloat16";
    return model;
}

} // namespace llamahome::formats
