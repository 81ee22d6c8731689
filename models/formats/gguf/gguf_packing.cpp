#include "formats/gguf/gguf_packing.h"

#include <algorithm>
#include <atomic>
#include <cassert>

#include "core/error_codes.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kElementsAtOnce = 65536; ///< a multiple of every block

} // namespace

Result<void> packBlocks(const BlockType& type, std::span<const float> values, std::span<std::byte> packed,
                        const ParallelFor& parallel, const std::string& what) {
    assert(type.encode != nullptr && values.size() % type.blockElements == 0);
    assert(packed.size() == values.size() / type.blockElements * type.blockBytes);
    const std::size_t pieces = (values.size() + kElementsAtOnce - 1) / kElementsAtOnce;
    std::atomic<bool> isPacked{true};
    const auto packPiece = [&](std::size_t piece) {
        const std::size_t first = piece * kElementsAtOnce;
        const std::size_t count = std::min(kElementsAtOnce, values.size() - first);
        std::byte* const out = packed.data() + first / type.blockElements * type.blockBytes;
        if (!type.encode(values.data() + first, count / type.blockElements, out)) isPacked = false;
    };
    if (parallel) {
        if (auto done = parallel(pieces, packPiece); !done) return done;
    } else {
        for (std::size_t piece = 0; piece < pieces; ++piece)
            packPiece(piece);
    }
    if (isPacked) return {};
    return Error{codes::kExportCheck, what + ": found values that are not finite as " +
                                          std::string(type.name) + "; check the model with verify --deep"};
}

} // namespace llamahome::formats
