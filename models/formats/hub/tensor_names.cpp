#include "formats/hub/tensor_names.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "core/error_codes.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

enum class Extent { None, Vocabulary, Hidden, Inner, Queries, Keys };

/// Which models have a bias beside a weight. Meta's own files never have one.
enum class Bias { Never, OfAttention, OfMlp };

constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kBias = ".bias";

/// One module: `{}` stands for the layer's number; the tensor's name is the module's with ".weight" (or
/// ".bias") after it. Rows are in module order.
struct NameRow {
    std::array<std::string_view, 3> modules; ///< by NameStyle
    Extent rows;
    Extent columns; ///< of the weight; None: a vector
    Bias bias = Bias::Never;
};

constexpr std::array kBeforeLayers{
    NameRow{{"model.embed_tokens", "tok_embeddings", "token_embd"}, Extent::Vocabulary, Extent::Hidden},
};

constexpr std::array kLayer{
    NameRow{{"model.layers.{}.self_attn.q_proj", "layers.{}.attention.wq", "blk.{}.attn_q"},
            Extent::Queries,
            Extent::Hidden,
            Bias::OfAttention},
    NameRow{{"model.layers.{}.self_attn.k_proj", "layers.{}.attention.wk", "blk.{}.attn_k"},
            Extent::Keys,
            Extent::Hidden,
            Bias::OfAttention},
    NameRow{{"model.layers.{}.self_attn.v_proj", "layers.{}.attention.wv", "blk.{}.attn_v"},
            Extent::Keys,
            Extent::Hidden,
            Bias::OfAttention},
    NameRow{{"model.layers.{}.self_attn.o_proj", "layers.{}.attention.wo", "blk.{}.attn_output"},
            Extent::Hidden,
            Extent::Queries,
            Bias::OfAttention},
    NameRow{{"model.layers.{}.mlp.gate_proj", "layers.{}.feed_forward.w1", "blk.{}.ffn_gate"},
            Extent::Inner,
            Extent::Hidden,
            Bias::OfMlp},
    NameRow{{"model.layers.{}.mlp.up_proj", "layers.{}.feed_forward.w3", "blk.{}.ffn_up"},
            Extent::Inner,
            Extent::Hidden,
            Bias::OfMlp},
    NameRow{{"model.layers.{}.mlp.down_proj", "layers.{}.feed_forward.w2", "blk.{}.ffn_down"},
            Extent::Hidden,
            Extent::Inner,
            Bias::OfMlp},
    NameRow{{"model.layers.{}.input_layernorm", "layers.{}.attention_norm", "blk.{}.attn_norm"},
            Extent::Hidden,
            Extent::None},
    NameRow{{"model.layers.{}.post_attention_layernorm", "layers.{}.ffn_norm", "blk.{}.ffn_norm"},
            Extent::Hidden,
            Extent::None},
};

constexpr std::array kAfterLayers{
    NameRow{{"model.norm", "norm", "output_norm"}, Extent::Hidden, Extent::None},
    NameRow{{"lm_head", "output", "output"}, Extent::Vocabulary, Extent::Hidden},
};

constexpr std::string_view kHeadName = "lm_head.weight";
constexpr std::string_view kLayerMark = "{}";

std::string withNumber(std::string_view pattern, std::string_view number) {
    std::string name(pattern);
    if (const std::size_t at = name.find(kLayerMark); at != std::string::npos)
        name.replace(at, kLayerMark.size(), number);
    return name;
}

/// The digits that stand for the mark in `pattern`, empty for a pattern without one; nothing if it does not
/// match.
std::optional<std::string_view> matchNumber(std::string_view name, std::string_view pattern) {
    const std::size_t mark = pattern.find(kLayerMark);
    if (mark == std::string_view::npos)
        return name == pattern ? std::optional<std::string_view>("") : std::nullopt;
    const std::string_view suffix = pattern.substr(mark + kLayerMark.size());
    if (!name.starts_with(pattern.substr(0, mark)) || !name.ends_with(suffix)) return std::nullopt;
    if (name.size() <= mark + suffix.size()) return std::nullopt;
    const std::string_view digits = name.substr(mark, name.size() - mark - suffix.size());
    const bool isNumber =
        digits.size() <= 9 && digits.find_first_not_of("0123456789") == std::string_view::npos;
    const bool isCanonical = digits == "0" || digits.front() != '0';
    return isNumber && isCanonical ? std::optional(digits) : std::nullopt;
}

std::int64_t extentOf(Extent extent, const ModelConfig& config) {
    switch (extent) {
    case Extent::Vocabulary:
        return config.vocab_size;
    case Extent::Hidden:
        return config.hidden_size;
    case Extent::Inner:
        return config.intermediate_size;
    case Extent::Queries:
        return config.num_attention_heads * config.head_dim;
    case Extent::Keys:
        return config.num_key_value_heads * config.head_dim;
    case Extent::None:
        break;
    }
    return 1;
}

DType weightType(const ModelConfig& config) {
    if (config.torch_dtype == "float16") return DType::F16;
    if (config.torch_dtype == "float32") return DType::F32;
    return DType::BF16;
}

bool hasBias(const NameRow& row, const ModelConfig& config) {
    switch (row.bias) {
    case Bias::OfAttention:
        return config.attention_bias;
    case Bias::OfMlp:
        return config.mlp_bias;
    case Bias::Never:
        break;
    }
    return false;
}

/// Adds the row's weight, and its bias where the model has one.
void describe(std::vector<TensorInfo>& tensors, const NameRow& row, std::string_view number,
              const ModelConfig& config) {
    const std::string module = withNumber(row.modules[0], number);
    TensorInfo weight{module + std::string(kWeight), weightType(config), {extentOf(row.rows, config)}};
    TensorInfo bias{module + std::string(kBias), weight.dtype, weight.shape};
    if (row.columns != Extent::None) weight.shape.push_back(extentOf(row.columns, config));
    tensors.push_back(std::move(weight));
    if (hasBias(row, config)) tensors.push_back(std::move(bias));
}

} // namespace

std::optional<std::string> translateName(std::string_view name, NameStyle from, NameStyle to) {
    const bool isBias = name.ends_with(kBias);
    const std::string_view kind = isBias ? kBias : kWeight;
    if (!name.ends_with(kind)) return std::nullopt;
    const std::string_view module = name.substr(0, name.size() - kind.size());
    const auto search = [&](const auto& rows) -> std::optional<std::string> {
        for (const NameRow& row : rows) {
            if (isBias && row.bias == Bias::Never) continue;
            if (const auto number = matchNumber(module, row.modules[static_cast<std::size_t>(from)]))
                return withNumber(row.modules[static_cast<std::size_t>(to)], *number).append(kind);
        }
        return std::nullopt;
    };
    if (auto found = search(kLayer)) return found;
    if (auto found = search(kBeforeLayers)) return found;
    return search(kAfterLayers);
}

std::vector<TensorInfo> expectedTensors(const ModelConfig& config) {
    std::vector<TensorInfo> tensors;
    tensors.reserve(kLayer.size() * static_cast<std::size_t>(config.num_hidden_layers) + 3);
    for (const NameRow& row : kBeforeLayers)
        describe(tensors, row, "", config);
    for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
        for (const NameRow& row : kLayer)
            describe(tensors, row, std::to_string(layer), config);
    for (const NameRow& row : kAfterLayers)
        describe(tensors, row, "", config);
    if (config.tie_word_embeddings) tensors.pop_back();
    return tensors;
}

std::int64_t interleavedHeads(std::string_view hubName, const ModelConfig& config) {
    if (hubName.find(".self_attn.q_proj.") != std::string_view::npos) return config.num_attention_heads;
    return hubName.find(".self_attn.k_proj.") != std::string_view::npos ? config.num_key_value_heads : 0;
}

const std::vector<std::string>& projectionModules() {
    static const std::vector<std::string> modules = [] {
        std::vector<std::string> names;
        for (const NameRow& row : kLayer) {
            if (row.columns == Extent::None) continue;
            constexpr std::string_view kStart = "model.layers.{}.";
            names.emplace_back(row.modules[0].substr(kStart.size()));
        }
        return names;
    }();
    return modules;
}

bool isWeightType(DType type) {
    return type == DType::BF16 || type == DType::F16 || type == DType::F32;
}

bool isIgnoredTensor(std::string_view hubName) {
    return hubName.ends_with("rotary_emb.inv_freq");
}

Result<void> checkModelTensors(const TensorSource& source, const ModelConfig& config,
                               const std::string& what) {
    constexpr std::size_t kListed = 10;
    std::unordered_set<std::string_view> expectedNames;
    std::vector<std::string> differences;
    const std::vector<TensorInfo> expected = expectedTensors(config);
    for (const TensorInfo& wanted : expected) {
        expectedNames.insert(wanted.name);
        const TensorInfo* const found = source.find(wanted.name);
        if (found == nullptr)
            differences.push_back("missing " + wanted.name);
        else if (found->shape != wanted.shape)
            return Error{codes::kTensorShape, what + ": tensor " + wanted.name + ": found " +
                                                  shapeText(found->shape) + ", config.json expects " +
                                                  shapeText(wanted.shape) + "; get the model again"};
    }
    for (const TensorInfo& found : source.tensors())
        if (!expectedNames.contains(found.name) && found.name != kHeadName && !isIgnoredTensor(found.name))
            differences.push_back("unknown " + quotedText(found.name));
    if (differences.empty()) return {};
    std::string list;
    for (std::size_t i = 0; i < std::min(kListed, differences.size()); ++i)
        list += (i > 0 ? "\n" : "") + differences[i];
    return Error{codes::kTensorSet,
                 what + ": " + differences.front() + " (" + std::to_string(differences.size()) +
                     " differences from config.json in all); get the model again",
                 list};
}

} // namespace llamahome::formats
