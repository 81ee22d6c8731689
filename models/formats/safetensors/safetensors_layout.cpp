#include "formats/safetensors/safetensors_layout.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "core/error_codes.h"
#include "formats/checked_math.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

Error damaged(ErrorCode code, const std::string& what, const std::string& text) {
    return Error{code, what + ": " + text + "; the file is damaged, get it again"};
}

/// Bits of the whole tensor. Zero dimensions are multiplied last, so that overflow does not depend on the
/// order.
Result<std::uint64_t> bitSize(const SafetensorsEntry& entry, const std::string& what) {
    std::optional<std::uint64_t> bits = safetensorsBits(entry.dtype);
    bool hasZero = false;
    for (const std::int64_t size : entry.shape) {
        hasZero = hasZero || size == 0;
        if (bits && size != 0) bits = checkedMultiply(*bits, static_cast<std::uint64_t>(size));
    }
    if (!bits)
        return damaged(hasZero ? codes::kStZeroAndOverflow : codes::kStSizeOverflow, what,
                       "tensor " + quotedText(entry.name) + ": the size of " + shapeText(entry.shape) +
                           " overflows");
    return hasZero ? 0 : *bits;
}

Result<void> checkSize(const SafetensorsEntry& entry, std::uint64_t dataBytes, const std::string& what) {
    const std::string tensor = "tensor " + quotedText(entry.name);
    const auto bits = bitSize(entry, what);
    if (!bits) return bits.error();
    if (*bits % 8 != 0)
        return damaged(codes::kStSubByte, what,
                       tensor + ": " + entry.dtype + " of shape " + shapeText(entry.shape) +
                           " is not a whole number of bytes");
    if (entry.end < entry.begin)
        return damaged(codes::kStOffsetsReversed, what,
                       tensor + " ends (" + std::to_string(entry.end) + ") before it begins (" +
                           std::to_string(entry.begin) + ")");
    if (entry.end - entry.begin != *bits / 8)
        return damaged(codes::kStSizeMismatch, what,
                       tensor + ": " + std::to_string(entry.end - entry.begin) + " bytes stored, its shape " +
                           shapeText(entry.shape) + " needs " + std::to_string(*bits / 8));
    if (entry.end > dataBytes)
        return damaged(codes::kStBeyondFile, what,
                       tensor + " ends " + std::to_string(entry.end - dataBytes) +
                           " bytes after the end of the file: cut short");
    return {};
}

/// `entries` are sorted by begin, then end.
Result<void> checkTiling(const std::vector<SafetensorsEntry>& entries, std::uint64_t dataBytes,
                         const std::string& what) {
    if (entries.empty() && dataBytes > 0)
        return damaged(codes::kStNoTensors, what, std::to_string(dataBytes) + " bytes belong to no tensor");
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const SafetensorsEntry& entry = entries[i];
        if (entry.begin > expected && i == 0)
            return damaged(codes::kStHoleAtStart, what,
                           std::to_string(entry.begin) + " unused bytes before the first tensor");
        if (entry.begin > expected)
            return damaged(codes::kStHole, what,
                           std::to_string(entry.begin - expected) + " unused bytes between " +
                               quotedText(entries[i - 1].name) + " and " + quotedText(entry.name));
        if (entry.begin < expected)
            return damaged(codes::kStOverlap, what,
                           "tensors " + quotedText(entries[i - 1].name) + " and " + quotedText(entry.name) +
                               " share bytes");
        expected = entry.end;
    }
    if (expected < dataBytes)
        return damaged(codes::kStTrailingBytes, what,
                       std::to_string(dataBytes - expected) + " bytes after the last tensor");
    return {};
}

} // namespace

Result<std::vector<PlacedTensor>> placeTensors(std::vector<SafetensorsEntry> entries, std::uint64_t dataBytes,
                                               const std::string& what) {
    for (const SafetensorsEntry& entry : entries)
        if (auto checked = checkSize(entry, dataBytes, what); !checked) return checked.error();
    std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
        return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    if (auto tiled = checkTiling(entries, dataBytes, what); !tiled) return tiled.error();
    std::vector<PlacedTensor> placed;
    placed.reserve(entries.size());
    for (SafetensorsEntry& entry : entries) {
        const auto dtype = dtypeFromName(entry.dtype);
        if (!dtype)
            return Error{codes::kStTypeUnsupported, what + ": tensor " + quotedText(entry.name) +
                                                        " is valid, but LlamaHome cannot use type " +
                                                        entry.dtype +
                                                        " yet; get the model in BF16, F16 or F32"};
        placed.push_back({{std::move(entry.name), *dtype, std::move(entry.shape)}, entry.begin});
    }
    return placed;
}

} // namespace llamahome::formats
