#include "formats/hub/tensor_names.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "core/error_codes.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

enum class Extent { None, Vocabulary, Hidden, Inner, Queries, Keys };

/// `{}` stands for the layer's number. Rows are in module order.
struct NameRow {
    std::array<std::string_view, 3> names; ///< by NameStyle
    Extent rows;
    Extent columns; ///< None: a vector
};

constexpr std::array kBeforeLayers{
    NameRow{{"model.embed_tokens.weight", "tok_embeddings.weight", "token_embd.weight"},
            Extent::Vocabulary,
            Extent::Hidden},
};

constexpr std::array kLayer{
    NameRow{
        {"model.layers.{}.self_attn.q_proj.weight", "layers.{}.attention.wq.weight", "blk.{}.attn_q.weight"},
        Extent::Queries,
        Extent::Hidden},
    NameRow{
        {"model.layers.{}.self_attn.k_proj.weight", "layers.{}.attention.wk.weight", "blk.{}.attn_k.weight"},
        Extent::Keys,
        Extent::Hidden},
    NameRow{
        {"model.layers.{}.self_attn.v_proj.weight", "layers.{}.attention.wv.weight", "blk.{}.attn_v.weight"},
        Extent::Keys,
        Extent::Hidden},
    NameRow{{"model.layers.{}.self_attn.o_proj.weight", "layers.{}.attention.wo.weight",
             "blk.{}.attn_output.weight"},
            Extent::Hidden,
            Extent::Queries},
    NameRow{{"model.layers.{}.mlp.gate_proj.weight", "layers.{}.feed_forward.w1.weight",
             "blk.{}.ffn_gate.weight"},
            Extent::Inner,
            Extent::Hidden},
    NameRow{
        {"model.layers.{}.mlp.up_proj.weight", "layers.{}.feed_forward.w3.weight", "blk.{}.ffn_up.weight"},
        Extent::Inner,
        Extent::Hidden},
    NameRow{{"model.layers.{}.mlp.down_proj.weight", "layers.{}.feed_forward.w2.weight",
             "blk.{}.ffn_down.weight"},
            Extent::Hidden,
            Extent::Inner},
    NameRow{{"model.layers.{}.input_layernorm.weight", "layers.{}.attention_norm.weight",
             "blk.{}.attn_norm.weight"},
            Extent::Hidden,
            Extent::None},
    NameRow{{"model.layers.{}.post_attention_layernorm.weight", "layers.{}.ffn_norm.weight",
             "blk.{}.ffn_norm.weight"},
            Extent::Hidden,
            Extent::None},
};

constexpr std::array kAfterLayers{
    NameRow{{"model.norm.weight", "norm.weight", "output_norm.weight"}, Extent::Hidden, Extent::None},
    NameRow{{"lm_head.weight", "output.weight", "output.weight"}, Extent::Vocabulary, Extent::Hidden},
};

constexpr std::string_view kHeadName = kAfterLayers[1].names[0];
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

TensorInfo describe(const NameRow& row, std::string_view number, const ModelConfig& config) {
    TensorInfo info{withNumber(row.names[0], number), weightType(config), {extentOf(row.rows, config)}};
    if (row.columns != Extent::None) info.shape.push_back(extentOf(row.columns, config));
    return info;
}

} // namespace

std::optional<std::string> translateName(std::string_view name, NameStyle from, NameStyle to) {
    const auto search = [&](const auto& rows) -> std::optional<std::string> {
        for (const NameRow& row : rows)
            if (const auto number = matchNumber(name, row.names[static_cast<std::size_t>(from)]))
                return withNumber(row.names[static_cast<std::size_t>(to)], *number);
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
        tensors.push_back(describe(row, "", config));
    for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
        for (const NameRow& row : kLayer)
            tensors.push_back(describe(row, std::to_string(layer), config));
    for (const NameRow& row : kAfterLayers)
        tensors.push_back(describe(row, "", config));
    if (config.tie_word_embeddings) tensors.pop_back();
    return tensors;
}

std::int64_t interleavedHeads(std::string_view hubName, const ModelConfig& config) {
    if (hubName.ends_with(".self_attn.q_proj.weight")) return config.num_attention_heads;
    return hubName.ends_with(".self_attn.k_proj.weight") ? config.num_key_value_heads : 0;
}

const std::vector<std::string>& projectionModules() {
    static const std::vector<std::string> modules = [] {
        std::vector<std::string> names;
        for (const NameRow& row : kLayer) {
            if (row.columns == Extent::None) continue;
            constexpr std::string_view kStart = "model.layers.{}.";
            constexpr std::string_view kEnd = ".weight";
            names.emplace_back(
                row.names[0].substr(kStart.size(), row.names[0].size() - kStart.size() - kEnd.size()));
        }
        return names;
    }();
    return modules;
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
