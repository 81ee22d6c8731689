#include "formats/gguf_blocks.h"

#include <array>
#include <cstring>

#include "formats/half.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kBlock = 32;
constexpr std::size_t kScaleBytes = 2;

std::uint16_t bitsAt(const std::byte* bytes) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes, sizeof bits);
    return bits;
}

int lowNibble(std::byte value) {
    return std::to_integer<int>(value & std::byte{0x0F});
}
int highNibble(std::byte value) {
    return std::to_integer<int>(value >> 4);
}

void decodeF32(const std::byte* blocks, std::size_t count, float* out) {
    std::memcpy(out, blocks, count * sizeof(float));
}

void decodeF16(const std::byte* blocks, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i)
        out[i] = halfToFloat(bitsAt(blocks + 2 * i));
}

void decodeBf16(const std::byte* blocks, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i)
        out[i] = bfloat16ToFloat(bitsAt(blocks + 2 * i));
}

/// fp16 scale, 32 signed bytes: x = d·q.
void decodeQ8_0(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, out += kBlock, blocks += kScaleBytes + kBlock) {
        const float scale = halfToFloat(bitsAt(blocks));
        for (std::size_t i = 0; i < kBlock; ++i)
            out[i] = scale * static_cast<float>(std::to_integer<std::int8_t>(blocks[kScaleBytes + i]));
    }
}

/// fp16 scale, 16 bytes; byte j holds elements j (low) and j + 16 (high): x = d·(q − 8).
void decodeQ4_0(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, out += kBlock, blocks += kScaleBytes + kBlock / 2) {
        const float scale = halfToFloat(bitsAt(blocks));
        for (std::size_t i = 0; i < kBlock / 2; ++i) {
            out[i] = scale * static_cast<float>(lowNibble(blocks[kScaleBytes + i]) - 8);
            out[i + kBlock / 2] = scale * static_cast<float>(highNibble(blocks[kScaleBytes + i]) - 8);
        }
    }
}

/// fp16 scale, fp16 minimum, 16 bytes as in Q4_0: x = d·q + m.
void decodeQ4_1(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, out += kBlock, blocks += 2 * kScaleBytes + kBlock / 2) {
        const float scale = halfToFloat(bitsAt(blocks));
        const float minimum = halfToFloat(bitsAt(blocks + kScaleBytes));
        for (std::size_t i = 0; i < kBlock / 2; ++i) {
            out[i] = scale * static_cast<float>(lowNibble(blocks[2 * kScaleBytes + i])) + minimum;
            out[i + kBlock / 2] =
                scale * static_cast<float>(highNibble(blocks[2 * kScaleBytes + i])) + minimum;
        }
    }
}

constexpr std::array kDecodable{
    BlockType{0, "F32", 1, 4, decodeF32},
    BlockType{1, "F16", 1, 2, decodeF16},
    BlockType{2, "Q4_0", kBlock, kScaleBytes + kBlock / 2, decodeQ4_0},
    BlockType{3, "Q4_1", kBlock, 2 * kScaleBytes + kBlock / 2, decodeQ4_1},
    BlockType{8, "Q8_0", kBlock, kScaleBytes + kBlock, decodeQ8_0},
    BlockType{30, "BF16", 1, 2, decodeBf16},
};

struct NamedType {
    std::uint32_t id;
    std::string_view name;
};

/// The rest of ggml.h's enum ggml_type, so that a refusal can name what it met.
constexpr std::array kOtherTypes{
    NamedType{6, "Q5_0"},    NamedType{7, "Q5_1"},     NamedType{9, "Q8_1"},    NamedType{10, "Q2_K"},
    NamedType{11, "Q3_K"},   NamedType{12, "Q4_K"},    NamedType{13, "Q5_K"},   NamedType{14, "Q6_K"},
    NamedType{15, "Q8_K"},   NamedType{16, "IQ2_XXS"}, NamedType{17, "IQ2_XS"}, NamedType{18, "IQ3_XXS"},
    NamedType{19, "IQ1_S"},  NamedType{20, "IQ4_NL"},  NamedType{21, "IQ3_S"},  NamedType{22, "IQ2_S"},
    NamedType{23, "IQ4_XS"}, NamedType{24, "I8"},      NamedType{25, "I16"},    NamedType{26, "I32"},
    NamedType{27, "I64"},    NamedType{28, "F64"},     NamedType{29, "IQ1_M"},  NamedType{34, "TQ1_0"},
    NamedType{35, "TQ2_0"},  NamedType{39, "MXFP4"},
};

} // namespace

const BlockType* findBlockType(std::uint32_t id) {
    for (const BlockType& type : kDecodable)
        if (type.id == id) return &type;
    return nullptr;
}

std::string blockTypeName(std::uint32_t id) {
    if (const BlockType* type = findBlockType(id)) return std::string(type->name);
    for (const NamedType& type : kOtherTypes)
        if (type.id == id) return std::string(type.name);
    return "type " + std::to_string(id);
}

std::string decodableTypes() {
    std::string names;
    for (const BlockType& type : kDecodable)
        names += (names.empty() ? "" : ", ") + std::string(type.name);
    return names;
}

} // namespace llamahome::formats
