// A product by the kernels of the current instruction set, in guarded memory, as threads would make it.
#pragma once

#include <algorithm>
#include <new>

#include "kernel_values.h"
#include "llama/kernels/product_kernels.h"

namespace llamahome::engine {

inline constexpr std::size_t kGuard = 64; // elements or bytes behind memory that must stay as they are

inline std::size_t at(std::int64_t row, std::int64_t stride, std::int64_t column) {
    return static_cast<std::size_t>(row * stride + column);
}

/// Memory of the kernels, aligned as they ask for.
struct Memory {
    explicit Memory(std::size_t bytes)
        : data(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64}))) {}
    ~Memory() { ::operator delete (data, std::align_val_t{64}); }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    std::byte* data;
};

/// All panels, rows in two shares.
template <typename T>
void run(const Product<T>& product) {
    const ProductKernels<T>& kernels = productKernels<T>();
    std::int64_t depth = 0;
    for (int i = 0; i < product.termCount; ++i)
        depth += product.terms[i].depth;
    const std::int64_t panels = (product.columns + kernels.panelColumns - 1) / kernels.panelColumns;
    const std::size_t panelBytes = kernels.panelBytes(product);
    const Memory packed(panelBytes * static_cast<std::size_t>(panels));
    const std::size_t scratchBytes = kernels.scratchBytes(depth);
    const Memory scratch(scratchBytes + kGuard);
    std::fill_n(scratch.data + scratchBytes, kGuard, std::byte{0x5a});
    for (std::int64_t panel = 0; panel < panels; ++panel)
        kernels.pack(product, panel, packed.data + panelBytes * static_cast<std::size_t>(panel));
    const std::int64_t share = std::min(product.rows, kernels.tileRows);
    kernels.multiply(product, 0, share, 0, panels, packed.data, scratch.data);
    kernels.multiply(product, share, product.rows, 0, panels, packed.data, scratch.data);
    QVERIFY(std::all_of(scratch.data + scratchBytes, scratch.data + scratchBytes + kGuard,
                        [](std::byte byte) { return byte == std::byte{0x5a}; }));
}

} // namespace llamahome::engine
