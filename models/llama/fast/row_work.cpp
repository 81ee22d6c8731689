#include "llama/fast/row_work.h"

#include <cstring>

namespace llamahome::engine {

void rmsNormInto(const at::Tensor& x, const at::Tensor& weight, double eps, const at::Tensor& out,
                 const at::Tensor& inverseRms) {
    const std::int64_t width = x.size(1);
    withElements(x, [&](auto type) {
        using T = decltype(type);
        overRows(x.size(0), width, [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().rmsNorm(begin, end, width, elements<T>(x), elements<T>(weight),
                                    static_cast<float>(eps), elements<T>(out), elements<float>(inverseRms));
        });
    });
}

void rmsNormBackwardInto(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                         const at::Tensor& inverseRms, const at::Tensor& dx) {
    const std::int64_t width = x.size(1);
    withElements(x, [&](auto type) {
        using T = decltype(type);
        overRows(x.size(0), width, [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().rmsNormBackward(begin, end, width, elements<T>(dy), elements<T>(x),
                                            elements<T>(weight), elements<float>(inverseRms),
                                            elements<T>(dx));
        });
    });
}

void drawKeepBitsInto(const std::vector<TokenPlace>& places, const DropoutMask& mask, std::int64_t width,
                      const at::Tensor& bits) {
    assert(static_cast<std::int64_t>(places.size()) == bits.size(0) && bits.size(1) * 8 >= width);
    overRows(bits.size(0), width, [&](std::int64_t begin, std::int64_t end) {
        rowKernels<float>().drawKeepBits(begin, end, width, places.data(), mask, elements<std::uint8_t>(bits),
                                         bits.size(1));
    });
}

namespace {

enum class Move { Gather, Scatter };

void moveRows(Move move, const at::Tensor& x, const at::Tensor& places, const at::Tensor& out) {
    assert(x.size(1) == out.size(1) && x.scalar_type() == out.scalar_type());
    const std::size_t bytes = static_cast<std::size_t>(x.size(1)) * x.element_size();
    const auto* const from = static_cast<const std::byte*>(x.const_data_ptr());
    auto* const to = static_cast<std::byte*>(out.mutable_data_ptr());
    const std::int64_t* const place = elements<std::int64_t>(places);
    overRows(places.numel(), x.size(1), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const auto here = static_cast<std::size_t>(i) * bytes;
            const auto there = static_cast<std::size_t>(place[i]) * bytes;
            if (move == Move::Gather)
                std::memcpy(to + here, from + there, bytes);
            else
                std::memcpy(to + there, from + here, bytes);
        }
    });
}

} // namespace

void gatherRowsInto(const at::Tensor& x, const at::Tensor& places, const at::Tensor& out) {
    moveRows(Move::Gather, x, places, out);
}

void scatterRowsInto(const at::Tensor& x, const at::Tensor& places, const at::Tensor& out) {
    moveRows(Move::Scatter, x, places, out);
}

void transposeInto(const at::Tensor& x, const at::Tensor& out) {
    assert(out.size(0) == x.size(1) && out.size(1) == x.size(0));
    withElements(x, [&](auto type) {
        using T = decltype(type);
        overRows(x.size(1), x.size(0), [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().transpose(begin, end, x.size(0), x.size(1), elements<T>(x), elements<T>(out));
        });
    });
}

void roundInto(const at::Tensor& values, const at::Tensor& out) {
    assert(values.sizes() == out.sizes());
    withElements(out, [&](auto type) {
        using T = decltype(type);
        overRows(out.numel(), 1, [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().round(begin, end, elements<float>(values), elements<T>(out));
        });
    });
}

void swigluInto(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& out) {
    withElements(gate, [&](auto type) {
        using T = decltype(type);
        overRows(gate.numel(), 1, [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().swiglu(begin, end, elements<T>(gate), elements<T>(up), elements<T>(out));
        });
    });
}

void addInto(const at::Tensor& sums, const at::Tensor& values) {
    assert(sums.sizes() == values.sizes());
    overRows(values.numel(), 1, [&](std::int64_t begin, std::int64_t end) {
        rowKernels<float>().addScaled(begin, end, 1.0F, elements<float>(values), elements<float>(sums));
    });
}

void swigluBackwardInPlace(const at::Tensor& dout, const at::Tensor& gate, const at::Tensor& up) {
    withElements(gate, [&](auto type) {
        using T = decltype(type);
        overRows(gate.numel(), 1, [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().swigluBackward(begin, end, elements<T>(dout), elements<T>(gate), elements<T>(up));
        });
    });
}

} // namespace llamahome::engine
