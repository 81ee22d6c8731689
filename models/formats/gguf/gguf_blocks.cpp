#include "formats/gguf/gguf_blocks.h"

#include <array>
#include <cstring>

#include "formats/gguf/gguf_block_bits.h"
#include "formats/gguf/gguf_k_blocks.h"
#include "formats/gguf/gguf_quantise.h"
#include "formats/gguf/gguf_quantise_k.h"

namespace llamahome::formats {
namespace {

constexpr std::uint32_t kFifthBytes = kBlock / 8;
constexpr std::uint32_t kQ5_0Bytes = kHalfBytes + kFifthBytes + kBlock / 2;
constexpr std::uint32_t kQ5_1Bytes = kQ5_0Bytes + kHalfBytes;

void decodeF32(const std::byte* blocks, std::size_t count, float* out) {
    std::memcpy(out, blocks, count * sizeof(float));
}

void decodeF16(const std::byte* blocks, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i)
        out[i] = halfAt(blocks + 2 * i);
}

void decodeBf16(const std::byte* blocks, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i)
        out[i] = bfloat16ToFloat(bitsAt(blocks + 2 * i));
}

/// fp16 scale, 32 signed bytes: x = d·q.
void decodeQ8_0(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, out += kBlock, blocks += kHalfBytes + kBlock) {
        const float scale = halfAt(blocks);
        for (std::size_t i = 0; i < kBlock; ++i)
            out[i] = scale * static_cast<float>(std::to_integer<std::int8_t>(blocks[kHalfBytes + i]));
    }
}

/// fp16 scale, 16 bytes; byte j holds elements j (low) and j + 16 (high): x = d·(q − 8).
void decodeQ4_0(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, out += kBlock, blocks += kHalfBytes + kBlock / 2) {
        const float scale = halfAt(blocks);
        for (std::size_t i = 0; i < kBlock / 2; ++i) {
            out[i] = scale * static_cast<float>(lowNibble(blocks[kHalfBytes + i]) - 8);
            out[i + kBlock / 2] = scale * static_cast<float>(highNibble(blocks[kHalfBytes + i]) - 8);
        }
    }
}

/// fp16 scale, fp16 minimum, 16 bytes as in Q4_0: x = d·q + m.
void decodeQ4_1(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, out += kBlock, blocks += 2 * kHalfBytes + kBlock / 2) {
        const float scale = halfAt(blocks);
        const float minimum = halfAt(blocks + kHalfBytes);
        for (std::size_t i = 0; i < kBlock / 2; ++i) {
            out[i] = scale * static_cast<float>(lowNibble(blocks[2 * kHalfBytes + i])) + minimum;
            out[i + kBlock / 2] =
                scale * static_cast<float>(highNibble(blocks[2 * kHalfBytes + i])) + minimum;
        }
    }
}

/// The fifth bits of Q5_0 and Q5_1: four bytes, bit i for element i.
std::uint32_t fifthBitsAt(const std::byte* bytes) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, bytes, sizeof bits);
    return bits;
}

int fiveBits(const std::byte* nibbles, std::uint32_t fifth, std::size_t i) {
    const auto shift = static_cast<unsigned>(4 * (i / (kBlock / 2)));
    return bitField(nibbles[i % (kBlock / 2)], shift, 4) | static_cast<int>(((fifth >> i) & 1U) << 4);
}

/// fp16 scale, four bytes of fifth bits, 16 bytes as in Q4_0: x = d·(q − 16).
void decodeQ5_0(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, blocks += kQ5_0Bytes) {
        const float scale = halfAt(blocks);
        const std::uint32_t fifth = fifthBitsAt(blocks + kHalfBytes);
        const std::byte* nibbles = blocks + kHalfBytes + kFifthBytes;
        for (std::size_t i = 0; i < kBlock; ++i)
            *out++ = scale * static_cast<float>(fiveBits(nibbles, fifth, i) - 16);
    }
}

/// fp16 scale, fp16 minimum, four bytes of fifth bits, 16 bytes as in Q4_0: x = d·q + m.
void decodeQ5_1(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, blocks += kQ5_1Bytes) {
        const float scale = halfAt(blocks);
        const float minimum = halfAt(blocks + kHalfBytes);
        const std::uint32_t fifth = fifthBitsAt(blocks + 2 * kHalfBytes);
        const std::byte* nibbles = blocks + 2 * kHalfBytes + kFifthBytes;
        for (std::size_t i = 0; i < kBlock; ++i)
            *out++ = scale * static_cast<float>(fiveBits(nibbles, fifth, i)) + minimum;
    }
}

constexpr std::array kDecodable{
    BlockType{0, "F32", 1, 4, decodeF32, encodeF32},
    BlockType{1, "F16", 1, 2, decodeF16, encodeF16},
    BlockType{2, "Q4_0", kBlock, kHalfBytes + kBlock / 2, decodeQ4_0, encodeQ4_0},
    BlockType{3, "Q4_1", kBlock, 2 * kHalfBytes + kBlock / 2, decodeQ4_1, nullptr},
    BlockType{6, "Q5_0", kBlock, kQ5_0Bytes, decodeQ5_0, encodeQ5_0},
    BlockType{7, "Q5_1", kBlock, kQ5_1Bytes, decodeQ5_1, encodeQ5_1},
    BlockType{8, "Q8_0", kBlock, kHalfBytes + kBlock, decodeQ8_0, encodeQ8_0},
    BlockType{10, "Q2_K", kSuperBlock, kQ2KBytes, decodeQ2K, nullptr},
    BlockType{11, "Q3_K", kSuperBlock, kQ3KBytes, decodeQ3K, nullptr},
    BlockType{12, "Q4_K", kSuperBlock, kQ4KBytes, decodeQ4K, encodeQ4K},
    BlockType{13, "Q5_K", kSuperBlock, kQ5KBytes, decodeQ5K, encodeQ5K},
    BlockType{14, "Q6_K", kSuperBlock, kQ6KBytes, decodeQ6K, encodeQ6K},
    BlockType{30, "BF16", 1, 2, decodeBf16, encodeBf16},
};

struct NamedType {
    std::uint32_t id;
    std::string_view name;
};

/// The rest of ggml.h's enum ggml_type, so that a refusal can name what it met.
constexpr std::array kOtherTypes{
    NamedType{9, "Q8_1"},     NamedType{15, "Q8_K"},   NamedType{16, "IQ2_XXS"}, NamedType{17, "IQ2_XS"},
    NamedType{18, "IQ3_XXS"}, NamedType{19, "IQ1_S"},  NamedType{20, "IQ4_NL"},  NamedType{21, "IQ3_S"},
    NamedType{22, "IQ2_S"},   NamedType{23, "IQ4_XS"}, NamedType{24, "I8"},      NamedType{25, "I16"},
    NamedType{26, "I32"},     NamedType{27, "I64"},    NamedType{28, "F64"},     NamedType{29, "IQ1_M"},
    NamedType{34, "TQ1_0"},   NamedType{35, "TQ2_0"},  NamedType{39, "MXFP4"},
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
