#include "formats/bitsandbytes/quantised_values.h"

#include <algorithm>

namespace llamahome::formats {
namespace {

float scaleOfBlock(const QuantisedView& matrix, std::uint64_t block) {
    if (matrix.absmax != nullptr) return matrix.absmax[block];
    const float scale = matrix.nestedBook[matrix.absmaxCodes[block]] *
                        matrix.nestedAbsmax[block / static_cast<std::uint64_t>(kNestedBlock)];
    return scale + matrix.nestedOffset;
}

float int8Value(const QuantisedView& matrix, std::uint64_t at) {
    const auto code = static_cast<float>(static_cast<std::int8_t>(matrix.codes[at]));
    return code * matrix.absmax[at / static_cast<std::uint64_t>(matrix.columns)] * (1.0F / kInt8Codes);
}

float nf4Value(const QuantisedView& matrix, std::uint64_t at) {
    const std::uint8_t pair = matrix.codes[at / 2];
    const unsigned code = at % 2 == 0 ? pair >> 4U : pair & 15U;
    return kNf4Book[code] * scaleOfBlock(matrix, at / static_cast<std::uint64_t>(matrix.block));
}

} // namespace

void dequantise(const QuantisedView& matrix, std::uint64_t begin, std::span<float> out) {
    const auto valueOf = matrix.format == Quantisation::Int8 ? int8Value : nf4Value;
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = valueOf(matrix, begin + i);
}

const std::array<float, 256>& dynamicBook() {
    // Level i of seven holds 2^i fractions, the middles between equally spaced numbers from 0.1 to 1, times
    // 10^(i - 6). Rounded where torch.linspace and what follows it round, so that every bit is the same.
    static const std::array<float, 256> book = [] {
        std::array<float, 256> values{};
        std::size_t next = 0;
        int parts = 1;
        for (const float times : {1e-6F, 1e-5F, 1e-4F, 1e-3F, 1e-2F, 1e-1F, 1.0F}) {
            const float step = (1.0F - 0.1F) / static_cast<float>(parts);
            const auto boundary = [&](int i) {
                const bool isLow = i < (parts + 1) / 2;
                const double from = isLow ? static_cast<double>(0.1F) : 1.0;
                return static_cast<float>(from + static_cast<double>(step) * (isLow ? i : i - parts));
            };
            for (int i = 0; i < parts; ++i) {
                const float fraction = (boundary(i) + boundary(i + 1)) / 2 * times;
                values[next++] = fraction;
                values[next++] = -fraction;
            }
            parts *= 2;
        }
        values[next++] = 0.0F;
        values[next] = 1.0F;
        std::sort(values.begin(), values.end());
        return values;
    }();
    return book;
}

} // namespace llamahome::formats
