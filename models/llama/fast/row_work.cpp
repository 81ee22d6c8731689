#include "llama/fast/row_work.h"

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

void dropRowsInto(const at::Tensor& x, const std::vector<TokenPlace>& places, const DropoutMask& mask,
                  const at::Tensor& out) {
    const std::int64_t width = x.size(1);
    assert(static_cast<std::int64_t>(places.size()) == x.size(0));
    withElements(x, [&](auto type) {
        using T = decltype(type);
        overRows(x.size(0), width, [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().dropRows(begin, end, width, elements<T>(x), places.data(), mask,
                                     elements<T>(out));
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

void addScaledInto(const at::Tensor& sums, const at::Tensor& values, double scale) {
    assert(sums.sizes() == values.sizes());
    withElements(values, [&](auto type) {
        using T = decltype(type);
        overRows(values.numel(), 1, [&](std::int64_t begin, std::int64_t end) {
            rowKernels<T>().addScaled(begin, end, static_cast<float>(scale), elements<T>(values),
                                      elements<float>(sums));
        });
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
