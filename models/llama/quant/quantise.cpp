#include "llama/quant/quantise.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "core/error_codes.h"
#include "formats/bitsandbytes/quantised_values.h"
#include "formats/file_text.h"
#include "formats/half.h"
#include "llama/kernels/quant_kernels.h"

namespace llamahome::engine {
namespace {

using formats::DType;
using formats::kNestedBlock;
using formats::kNf4Block;
using formats::Quantisation;

constexpr std::int64_t kAtOnce = 65536; ///< elements of a piece of work, at least

/// The memory of a matrix that was quantised here.
struct Storage {
    std::vector<std::uint8_t> codes;
    std::vector<float> absmax;
    std::vector<std::uint8_t> absmaxCodes;
    std::vector<float> nestedAbsmax;
};

std::int64_t partsOf(std::int64_t count, std::int64_t size) {
    return (count + size - 1) / size;
}

/// Calls work(begin, end) for pieces of [0, count), `step` long.
Result<void> overPieces(std::int64_t count, std::int64_t step, const formats::ParallelFor& parallel,
                        const std::function<void(std::int64_t, std::int64_t)>& work) {
    const auto piece = [&](std::size_t i) {
        const std::int64_t begin = static_cast<std::int64_t>(i) * step;
        work(begin, std::min(begin + step, count));
    };
    const auto pieces = static_cast<std::size_t>(partsOf(count, step));
    if (parallel) return parallel(pieces, piece);
    for (std::size_t i = 0; i < pieces; ++i)
        piece(i);
    return {};
}

/// `kernel` on the elements [first, first + count) as what it takes: as they lie, or fp16 widened.
template <typename Kernel>
void withValues(DType type, std::span<const std::byte> values, std::int64_t first, std::int64_t count,
                const Kernel& kernel) {
    if (type == DType::F32) {
        kernel(quantKernels<float>(), reinterpret_cast<const float*>(values.data()) + first);
    } else if (type == DType::BF16) {
        kernel(quantKernels<Bfloat16>(), reinterpret_cast<const Bfloat16*>(values.data()) + first);
    } else {
        const auto* const halves = reinterpret_cast<const std::uint16_t*>(values.data()) + first;
        std::vector<float> widened(static_cast<std::size_t>(count));
        std::transform(halves, halves + count, widened.begin(), formats::halfToFloat);
        kernel(quantKernels<float>(), widened.data());
    }
}

Result<void> packInt8(const formats::TensorInfo& tensor, std::span<const std::byte> values,
                      const formats::ParallelFor& parallel, Storage& storage) {
    const std::int64_t rows = tensor.shape[0];
    const std::int64_t columns = tensor.shape[1];
    storage.codes.resize(static_cast<std::size_t>(rows * columns));
    storage.absmax.resize(static_cast<std::size_t>(rows));
    auto* const codes = reinterpret_cast<std::int8_t*>(storage.codes.data());
    const std::int64_t step = std::max<std::int64_t>(1, kAtOnce / columns);
    return overPieces(rows, step, parallel, [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t first = begin * columns;
        withValues(
            tensor.dtype, values, first, (end - begin) * columns, [&](const auto& kernels, const auto* from) {
                kernels.packInt8(0, end - begin, columns, from, codes + first, storage.absmax.data() + begin);
            });
    });
}

Result<void> packNf4(const formats::TensorInfo& tensor, std::span<const std::byte> values,
                     const formats::ParallelFor& parallel, Storage& storage) {
    const auto elements = static_cast<std::int64_t>(tensor.elementCount());
    const std::int64_t blocks = partsOf(elements, kNf4Block);
    storage.codes.resize(static_cast<std::size_t>(partsOf(elements, 2)));
    storage.absmax.resize(static_cast<std::size_t>(blocks));
    return overPieces(blocks, kAtOnce / kNf4Block, parallel, [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t first = begin * kNf4Block;
        const std::int64_t count = std::min(end * kNf4Block, elements) - first;
        withValues(tensor.dtype, values, first, count, [&](const auto& kernels, const auto* from) {
            kernels.packNf4(0, end - begin, count, from, storage.codes.data() + first / 2,
                            storage.absmax.data() + begin);
        });
    });
}

/// absmax becomes absmaxCodes and nestedAbsmax; gives the offset, their mean (llama.md 6.8).
float nestScales(Storage& storage) {
    const auto& book = formats::dynamicBook();
    std::array<float, 255> middles{};
    for (std::size_t i = 0; i < middles.size(); ++i)
        middles[i] = (book[i] + book[i + 1]) / 2;
    double sum = 0.0;
    for (const float scale : storage.absmax)
        sum += static_cast<double>(scale);
    const auto offset = static_cast<float>(sum / static_cast<double>(storage.absmax.size()));
    const auto count = storage.absmax.size();
    storage.absmaxCodes.resize(count);
    for (std::size_t begin = 0; begin < count; begin += kNestedBlock) {
        const std::size_t end = std::min(count, begin + static_cast<std::size_t>(kNestedBlock));
        float most = 0.0F;
        for (std::size_t i = begin; i < end; ++i)
            most = std::max(most, std::abs(storage.absmax[i] - offset));
        const float inverse = 1.0F / std::max(most, 1e-38F);
        for (std::size_t i = begin; i < end; ++i) {
            const float scaled = (storage.absmax[i] - offset) * inverse;
            const auto nearest = std::lower_bound(middles.begin(), middles.end(), scaled);
            storage.absmaxCodes[i] = static_cast<std::uint8_t>(nearest - middles.begin());
        }
        storage.nestedAbsmax.push_back(most);
    }
    storage.absmax = {};
    return offset;
}

} // namespace

Result<formats::QuantisedMatrix> quantise(Quantisation format, const formats::TensorInfo& tensor,
                                          std::span<const std::byte> values,
                                          const formats::ParallelFor& parallel) {
    const auto storage = std::make_shared<Storage>();
    const auto pack = format == Quantisation::Int8 ? packInt8 : packNf4;
    if (auto packed = pack(tensor, values, parallel, *storage); !packed) return packed.error();
    const auto isFinite = [](float scale) { return std::isfinite(scale); };
    if (!std::all_of(storage->absmax.begin(), storage->absmax.end(), isFinite))
        return Error{
            codes::kNonFiniteWeights,
            "tensor " + formats::quotedText(tensor.name) +
                ": found a number that is not finite, which cannot be quantised; get the model again"};
    formats::QuantisedMatrix matrix{};
    formats::QuantisedView& view = matrix.view;
    view.format = format;
    view.rows = tensor.shape[0];
    view.columns = tensor.shape[1];
    if (format == Quantisation::Nf4) {
        view.block = kNf4Block;
        view.nestedOffset = nestScales(*storage);
        view.absmaxCodes = storage->absmaxCodes.data();
        view.nestedAbsmax = storage->nestedAbsmax.data();
        view.nestedBook = formats::dynamicBook().data();
    } else {
        view.absmax = storage->absmax.data();
    }
    view.codes = storage->codes.data();
    matrix.storage = storage;
    return matrix;
}

std::uint64_t quantisedBytes(Quantisation format, std::uint64_t rows, std::uint64_t columns) {
    if (format == Quantisation::Int8) return rows * columns + rows * sizeof(float);
    const std::uint64_t blocks = (rows * columns + kNf4Block - 1) / kNf4Block;
    return (rows * columns + 1) / 2 + blocks + (blocks + kNestedBlock - 1) / kNestedBlock * sizeof(float);
}

} // namespace llamahome::engine
