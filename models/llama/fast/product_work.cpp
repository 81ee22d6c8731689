#include "llama/fast/product_work.h"

#include <algorithm>
#include <array>

#include "llama/fast/row_work.h"
#include "llama/fast/work_queue.h"
#include "llama/kernels/product_kernels.h"
#include "llama/train/workspace_plan.h"

namespace llamahome::engine {
namespace {

constexpr std::int64_t kTilesAtOnce = 4; // of rows that a thread takes

template <typename T>
ProductTerm<T> termOf(const TensorTerm& term) {
    assert(term.left.stride(1) == 1 && term.right.stride(1) == 1);
    ProductTerm<T> made;
    made.left = static_cast<const T*>(term.left.const_data_ptr());
    made.leftStride = term.left.stride(0);
    made.depth = term.left.size(1);
    made.right.data = static_cast<const T*>(term.right.const_data_ptr());
    made.right.stride = term.right.stride(0);
    made.right.isTransposed = term.rightIsTransposed;
    made.right.keep = term.rightKeep;
    made.leftKeep = term.leftKeep;
    made.scale = static_cast<float>(term.scale);
    made.sumKeep = term.sumKeep;
    assert(term.right.size(term.rightIsTransposed ? 1 : 0) == made.depth);
    return made;
}

template <typename T>
std::int64_t depthOf(const Product<T>& product) {
    std::int64_t depth = 0;
    for (int i = 0; i < product.termCount; ++i)
        depth += product.terms[i].depth;
    return depth;
}

/// Memory of the threads: panels that are packed together, and scratch of each.
template <typename T>
class SharedProduct {
public:
    SharedProduct(const Product<T>& product, const at::Tensor& room)
        : m_product(product)
        , m_kernels(productKernels<T>())
        , m_panels((product.columns + m_kernels.panelColumns - 1) / m_kernels.panelColumns)
        , m_panelBytes(m_kernels.panelBytes(product))
        , m_threads(at::get_num_threads())
        , m_scratchBytes(m_kernels.scratchBytes(depthOf(product)))
        , m_packed(elements<std::byte>(room) + static_cast<std::size_t>(m_threads) * m_scratchBytes)
        , m_scratch(elements<std::byte>(room)) {
        const std::size_t used = static_cast<std::size_t>(m_threads) * m_scratchBytes;
        TORCH_INTERNAL_ASSERT(used + m_panelBytes <= room.nbytes(),
                              "products want more room than was planned");
        m_panelsAtOnce = std::min<std::int64_t>(
            m_panels, static_cast<std::int64_t>((room.nbytes() - used) / m_panelBytes));
    }

    void run() const {
        // Few rows: packing is most of the work, and every thread takes panels of its own.
        const bool isFlat =
            m_product.rows < m_kernels.tileRows * m_threads * 2 && m_panelsAtOnce >= m_threads;
        if (isFlat)
            panelByPanel();
        else
            packedTogether();
    }

private:
    void panelByPanel() const {
        takeInTurn(m_panels, 1, [&](std::int64_t panel, std::int64_t, std::int64_t thread) {
            std::byte* const packed = packedAt(thread);
            m_kernels.pack(m_product, panel, packed);
            m_kernels.multiply(m_product, 0, m_product.rows, panel, panel + 1, packed, scratchOf(thread));
        });
    }

    void packedTogether() const {
        const std::int64_t tile = m_kernels.tileRows;
        for (std::int64_t first = 0; first < m_panels; first += m_panelsAtOnce) {
            const std::int64_t end = std::min(m_panels, first + m_panelsAtOnce);
            takeInTurn(end - first, 1, [&](std::int64_t panel, std::int64_t, std::int64_t) {
                m_kernels.pack(m_product, first + panel, packedAt(panel));
            });
            takeInTurn((m_product.rows + tile - 1) / tile, kTilesAtOnce,
                       [&](std::int64_t begin, std::int64_t last, std::int64_t thread) {
                           m_kernels.multiply(m_product, begin * tile, std::min(last * tile, m_product.rows),
                                              first, end, m_packed, scratchOf(thread));
                       });
        }
    }

    std::byte* packedAt(std::int64_t panel) const {
        return m_packed + static_cast<std::size_t>(panel) * m_panelBytes;
    }
    std::byte* scratchOf(std::int64_t thread) const {
        return m_scratch + static_cast<std::size_t>(thread) * m_scratchBytes;
    }

    const Product<T>& m_product;
    const ProductKernels<T>& m_kernels;
    std::int64_t m_panels;
    std::size_t m_panelBytes;
    std::int64_t m_threads;
    std::size_t m_scratchBytes;
    std::byte* m_packed;
    std::byte* m_scratch;
    std::int64_t m_panelsAtOnce = 1;
};

/// The product of the terms, but for its result; `terms` receives them.
template <typename T>
Product<T> productOf(std::span<const TensorTerm> tensors,
                     std::array<ProductTerm<T>, std::size_t{kMostProductTerms}>& terms, Products& products) {
    assert(!tensors.empty() && tensors.size() <= std::size_t{kMostProductTerms});
    Product<T> product;
    for (const TensorTerm& term : tensors) {
        terms[static_cast<std::size_t>(product.termCount++)] = termOf<T>(term);
        product.columns = term.right.size(term.rightIsTransposed ? 0 : 1);
        products.count(term.left.numel(), product.columns);
    }
    product.terms = terms.data();
    product.rows = tensors.front().left.size(0);
    return product;
}

} // namespace

void productInto(std::span<const TensorTerm> terms, const at::Tensor& out, const ProductWork& work,
                 const at::Tensor& bias, const at::Tensor& addend) {
    withElements(out, [&](auto type) {
        using T = decltype(type);
        std::array<ProductTerm<T>, std::size_t{kMostProductTerms}> made;
        Product<T> product = productOf(terms, made, work.products);
        assert(out.stride(1) == 1 && out.size(0) == product.rows && out.size(1) == product.columns);
        product.out = static_cast<T*>(out.mutable_data_ptr());
        product.outStride = out.stride(0);
        if (bias.defined()) product.bias = static_cast<const T*>(bias.const_data_ptr());
        if (addend.defined()) {
            product.addend = static_cast<const T*>(addend.const_data_ptr());
            product.addendStride = addend.stride(0);
        }
        SharedProduct<T>(product, work.room).run();
    });
}

void addProductTo(const at::Tensor& sums, const TensorTerm& term, const ProductWork& work) {
    assert(!term.rightIsTransposed && term.leftKeep.bits == nullptr);
    withElements(term.left, [&](auto type) {
        using T = decltype(type);
        const std::int64_t depth = term.left.size(1);
        for (std::int64_t first = 0; first < depth; first += kProductSliceDepth) {
            const std::int64_t count = std::min(kProductSliceDepth, depth - first);
            TensorTerm slice = term;
            slice.left = term.left.narrow(1, first, count);
            slice.right = term.right.narrow(0, first, count);
            if (slice.rightKeep.bits != nullptr) slice.rightKeep.bits += first * slice.rightKeep.stride;
            std::array<ProductTerm<T>, std::size_t{kMostProductTerms}> made;
            Product<T> product = productOf({&slice, 1}, made, work.products);
            assert(sums.size(0) == product.rows && sums.size(1) == product.columns);
            product.sums = elements<float>(sums);
            SharedProduct<T>(product, work.room).run();
        }
    });
}

} // namespace llamahome::engine
