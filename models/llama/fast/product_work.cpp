#include "llama/fast/product_work.h"

#include <algorithm>
#include <array>

#include "llama/fast/row_work.h"
#include "llama/fast/work_queue.h"
#include "llama/kernels/product_kernels.h"
#include "llama/kernels/quant_kernels.h"
#include "llama/nn/pass_shapes.h"

namespace llamahome::engine {
namespace {

constexpr std::int64_t kPartsOfAThread = 16;
constexpr std::int64_t kFewestParts = 6;         // of a thread that packs its own
constexpr std::size_t kCachedBytes = 640 * 1024; // of panels in the second cache

bool isMadeInInt8(const TensorTerm& term) {
    assert(!term.isInt8 || (term.leftKeep.bits == nullptr && term.rightKeep.bits == nullptr &&
                            term.quantisedRight->format == formats::Quantisation::Int8));
    return term.isInt8 && term.left.size(1) <= kMostInt8Depth;
}

template <typename T>
ProductTerm<T> termOf(const TensorTerm& term) {
    assert(term.left.stride(1) == 1);
    ProductTerm<T> made;
    made.left = static_cast<const T*>(term.left.const_data_ptr());
    made.leftStride = term.left.stride(0);
    made.depth = term.left.size(1);
    if (isMadeInInt8(term)) {
        made.int8Right = term.quantisedRight;
    } else if (term.quantisedRight != nullptr) {
        made.right.source = {term.quantisedRight, quantKernels<T>().readRow};
    } else {
        assert(term.right.stride(1) == 1);
        made.right.data = static_cast<const T*>(term.right.const_data_ptr());
        made.right.stride = term.right.stride(0);
    }
    made.right.isTransposed = term.rightIsTransposed;
    made.right.keep = term.rightKeep;
    made.leftKeep = term.leftKeep;
    made.scale = static_cast<float>(term.scale);
    made.sumKeep = term.sumKeep;
    assert((term.rightIsTransposed ? term.storedColumns() : term.storedRows()) == made.depth);
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
        m_panelsThatFit = static_cast<std::int64_t>((room.nbytes() - used) / m_panelBytes);
    }

    void run() const {
        const std::int64_t each = panelsOfAThread();
        const std::int64_t parts = partsOf(m_panels, each);
        const bool isShort = m_product.rows < m_kernels.tileRows * m_threads * 2;
        if (each * m_threads <= m_panelsThatFit && (isShort || parts >= kFewestParts * m_threads))
            panelsOfTheirOwn(each, parts);
        else
            packedTogether();
    }

private:
    /// So many that they stay in the second cache, and that there are parts enough.
    std::int64_t panelsOfAThread() const {
        std::int64_t each = m_kernels.panelsTogether;
        while (each > 1 && (static_cast<std::size_t>(each) * m_panelBytes > kCachedBytes ||
                            m_panels < each * kFewestParts * m_threads))
            each /= 2;
        return each;
    }

    /// Every thread packs panels and multiplies all rows by them.
    void panelsOfTheirOwn(std::int64_t each, std::int64_t parts) const {
        takeInTurn(parts, [&](std::int64_t part, std::int64_t thread) {
            std::byte* const packed = packedAt(thread * each);
            const std::int64_t first = part * each;
            const std::int64_t end = std::min(first + each, m_panels);
            for (std::int64_t panel = first; panel < end; ++panel)
                m_kernels.pack(m_product, panel,
                               packed + static_cast<std::size_t>(panel - first) * m_panelBytes);
            m_kernels.multiply(m_product, 0, m_product.rows, first, end, packed, scratchOf(thread));
        });
    }

    /// Threads pack panels together and share out the rows.
    void packedTogether() const {
        const auto cached = static_cast<std::int64_t>(kPackedPanelsBytes / m_panelBytes);
        const std::int64_t atOnce = std::min(m_panelsThatFit, std::max<std::int64_t>(1, cached));
        for (std::int64_t first = 0; first < m_panels; first += atOnce) {
            const std::int64_t count = std::min(atOnce, m_panels - first);
            takeInTurn(count, [&](std::int64_t panel, std::int64_t) {
                m_kernels.pack(m_product, first + panel, packedAt(panel));
            });
            const std::int64_t rows = rowsOfAPart(count);
            const std::int64_t each = panelsOfAPart(count, partsOf(m_product.rows, rows));
            const std::int64_t across = partsOf(count, each);
            takeInTurn(partsOf(m_product.rows, rows) * across, [&](std::int64_t part, std::int64_t thread) {
                const std::int64_t row = part / across * rows;
                const std::int64_t panel = part % across * each;
                m_kernels.multiply(m_product, row, std::min(row + rows, m_product.rows), first + panel,
                                   first + std::min(panel + each, count), packedAt(panel), scratchOf(thread));
            });
        }
    }

    static std::int64_t partsOf(std::int64_t count, std::int64_t each) { return (count + each - 1) / each; }

    /// As few and as equal blocks as there can be; smaller ones where the threads would find too few parts.
    std::int64_t rowsOfAPart(std::int64_t panels) const {
        const std::int64_t fewest = partsOf(m_product.rows, m_kernels.blockRows);
        const std::int64_t wanted = partsOf(m_threads, panels);
        const std::int64_t each = partsOf(m_product.rows, std::max(fewest, wanted));
        return partsOf(each, m_kernels.tileRows) * m_kernels.tileRows;
    }

    /// Panels that meet a block of rows together: enough parts for the threads to end together, and where
    /// there are more than enough, so many that a run of the rows meets several.
    std::int64_t panelsOfAPart(std::int64_t panels, std::int64_t blocks) const {
        const std::int64_t wanted = partsOf(kPartsOfAThread * m_threads, blocks);
        const std::int64_t each = partsOf(panels, wanted);
        const std::int64_t together = m_kernels.panelsTogether;
        return each < together && blocks * partsOf(panels, together) < m_threads
                   ? each
                   : partsOf(each, together) * together;
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
    std::int64_t m_panelsThatFit;
};

/// The product of the terms, but for its result; `terms` receives them.
template <typename T>
Product<T> productOf(std::span<const TensorTerm> tensors,
                     std::array<ProductTerm<T>, std::size_t{kMostProductTerms}>& terms, Products& products) {
    assert(!tensors.empty() && tensors.size() <= std::size_t{kMostProductTerms});
    Product<T> product;
    for (const TensorTerm& term : tensors) {
        terms[static_cast<std::size_t>(product.termCount++)] = termOf<T>(term);
        product.columns = term.rightIsTransposed ? term.storedRows() : term.storedColumns();
        products.count(term.left.numel(), product.columns);
    }
    product.terms = terms.data();
    product.rows = tensors.front().left.size(0);
    return product;
}

/// Left rows as int8, of the terms that want them so, at the room's beginning; gives the rest of the room.
template <typename T>
at::Tensor quantiseLefts(std::span<const TensorTerm> tensors, const Product<T>& product,
                         std::array<ProductTerm<T>, std::size_t{kMostProductTerms}>& terms,
                         const at::Tensor& room) {
    const ProductKernels<T>& kernels = productKernels<T>();
    std::int64_t used = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        ProductTerm<T>& term = terms[i];
        if (term.int8Right == nullptr) continue;
        term.leftCodes = elements<std::byte>(room) + used;
        used += static_cast<std::int64_t>(kernels.leftCodeBytes(product.rows, term.depth));
        TORCH_INTERNAL_ASSERT(used < room.numel(), "products in int8 want more room than was planned");
        if (tensors[i].isLeftThere) continue;
        overRows(product.rows, term.depth, [&](std::int64_t begin, std::int64_t end) {
            kernels.quantiseLeft(term, product.rows, begin, end);
        });
    }
    return used == 0 ? room : room.narrow(0, used, room.numel() - used);
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
        SharedProduct<T>(product, quantiseLefts(terms, product, made, work.room)).run();
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
