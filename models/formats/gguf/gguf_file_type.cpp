#include "formats/gguf/gguf_file_type.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "core/ascii.h"
#include "formats/hub/rope_divisors.h"
#include "formats/hub/tensor_names.h"

namespace llamahome::formats {
namespace {

/// Ids of block types, as in the table of gguf_blocks.cpp.
enum Packing : std::uint32_t {
    kF32 = 0,
    kF16 = 1,
    kQ4_0 = 2,
    kQ5_0 = 6,
    kQ5_1 = 7,
    kQ8_0 = 8,
    kQ4K = 12,
    kQ5K = 13,
    kQ6K = 14,
    kBF16 = 30,
};

struct FileTypeRow {
    GgufFileType type;
    std::string_view name;
    Packing packing; ///< of most matrices
};

constexpr std::array kFileTypes{
    FileTypeRow{GgufFileType::F32, "F32", kF32},    FileTypeRow{GgufFileType::BF16, "BF16", kBF16},
    FileTypeRow{GgufFileType::F16, "F16", kF16},    FileTypeRow{GgufFileType::Q8_0, "Q8_0", kQ8_0},
    FileTypeRow{GgufFileType::Q6_K, "Q6_K", kQ6K},  FileTypeRow{GgufFileType::Q4_K_M, "Q4_K_M", kQ4K},
    FileTypeRow{GgufFileType::Q4_0, "Q4_0", kQ4_0},
};

const FileTypeRow& rowOf(GgufFileType type) {
    return *std::find_if(kFileTypes.begin(), kFileTypes.end(),
                         [type](const FileTypeRow& row) { return row.type == type; });
}

bool divides(Packing packing, std::int64_t row) {
    return row % findBlockType(packing)->blockElements == 0;
}

/// The packing that takes the place of one whose blocks do not fit into the rows.
Packing fitting(Packing packing, std::int64_t row) {
    constexpr std::array<std::pair<Packing, Packing>, 3> kSmaller{
        {{kQ4K, kQ5_0}, {kQ5K, kQ5_1}, {kQ6K, kQ8_0}}};
    if (divides(packing, row)) return packing;
    for (const auto& [large, small] : kSmaller)
        if (large == packing && divides(small, row)) return small;
    return kF16;
}

/// Layers whose matrices of most effect get two bits more in Q4_K_M.
bool getsMoreBits(std::int64_t layer, std::int64_t layers) {
    const std::int64_t eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

/// A 70B model has 80 layers and few key heads; its values are small and take a bit more.
bool isSeventyBillion(const ModelConfig& config) {
    return config.num_hidden_layers == 80 && config.num_attention_heads != config.num_key_value_heads;
}

/// Number of the layer in "blk.12.attn_v.weight"; the name comes from the table of names.
std::int64_t layerOf(std::string_view name) {
    std::int64_t layer = 0;
    for (std::size_t at = std::string_view("blk.").size(); at < name.size() && name[at] != '.'; ++at)
        layer = layer * 10 + (name[at] - '0');
    return layer;
}

Packing matrixPacking(const GgufPlanned& tensor, const ModelConfig& config, const FileTypeRow& file) {
    const bool isMixed = file.type == GgufFileType::Q4_K_M;
    const std::int64_t row = tensor.shape.back();
    const std::string_view headName = config.tie_word_embeddings ? "token_embd.weight" : "output.weight";
    if (tensor.name == headName && (isMixed || file.type == GgufFileType::Q4_0))
        return divides(file.packing, row) ? kQ6K : kQ8_0;
    if (!isMixed) return file.packing;
    const bool isValue = tensor.name.ends_with("attn_v.weight");
    if (!isValue && !tensor.name.ends_with("ffn_down.weight")) return file.packing;
    if (getsMoreBits(layerOf(tensor.name), config.num_hidden_layers)) return kQ6K;
    return isValue && isSeventyBillion(config) ? kQ5K : file.packing;
}

} // namespace

std::string_view ggufFileTypeName(GgufFileType type) {
    return rowOf(type).name;
}

std::optional<GgufFileType> ggufFileTypeOf(std::string_view name) {
    for (const FileTypeRow& row : kFileTypes)
        if (lowerAscii(row.name) == lowerAscii(name)) return row.type;
    return std::nullopt;
}

const std::vector<std::string>& ggufFileTypeNames() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> list;
        for (const FileTypeRow& row : kFileTypes)
            list.emplace_back(row.name);
        return list;
    }();
    return names;
}

const BlockType& ggufMainPacking(GgufFileType type) {
    return *findBlockType(rowOf(type).packing);
}

std::vector<GgufPlanned> planGgufTensors(const ModelConfig& config, GgufFileType type) {
    const FileTypeRow& file = rowOf(type);
    std::vector<GgufPlanned> plan;
    if (config.isScaledLike(RopeType::Llama3))
        plan.push_back({std::string(kGgufRopeTensor), {config.head_dim / 2}, findBlockType(kF32)});
    for (const TensorInfo& tensor : expectedTensors(config)) {
        GgufPlanned planned{*translateName(tensor.name, NameStyle::Hub, NameStyle::Gguf), tensor.shape};
        const Packing packing = tensor.shape.size() == 1
                                    ? kF32
                                    : fitting(matrixPacking(planned, config, file), tensor.shape.back());
        planned.type = findBlockType(packing);
        assert(planned.type->encode != nullptr);
        plan.push_back(std::move(planned));
    }
    return plan;
}

} // namespace llamahome::formats
