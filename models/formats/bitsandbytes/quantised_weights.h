// A model whose matrices bitsandbytes quantised, as the model that it was: every matrix under its own name
// and shape. One thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "formats/bitsandbytes/quantised_matrix.h"
#include "formats/bitsandbytes/quantised_parts.h"
#include "formats/tensor.h"

namespace llamahome::formats {

class QuantisedWeights final : public TensorSource {
public:
    /// `stored` itself where none of its tensors is quantised, else this view of it, whose every matrix has
    /// all its parts in their sizes, none larger than the bytes behind it. ARCH-02 names what is another
    /// format; ST-42 a part that is missing, ST-41 one of a wrong type or shape; ARCH-01 and JSON-n for a
    /// state that makes no sense. `what` names the model.
    static Result<std::unique_ptr<TensorSource>> over(std::unique_ptr<TensorSource> stored,
                                                      const std::string& what);

    /// In the order of the stored ones; a quantised matrix has the type that it had before (int8: BF16).
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    /// A quantised matrix is dequantised.
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Empty for a quantised matrix.
    std::span<const std::byte> mapped(const TensorInfo& tensor) const override;
    QuantisedWeights* quantised() override { return this; }

    /// How a tensor is stored; nothing for one that is not quantised.
    std::optional<Quantisation> formatOf(const TensorInfo& tensor) const;
    /// A quantised matrix as it is stored, in the source's map where that is possible; valid as long as the
    /// source.
    Result<QuantisedMatrix> matrix(const TensorInfo& tensor);

private:
    /// The parts of one matrix; null: it has none of the kind.
    struct Stored {
        Quantisation format;
        Nf4State state;
        const TensorInfo* codes;
        const TensorInfo* absmax;
        const TensorInfo* nestedAbsmax = nullptr;
        const TensorInfo* nestedBook = nullptr;
    };

    explicit QuantisedWeights(std::unique_ptr<TensorSource> stored)
        : m_stored(std::move(stored)) {}
    Result<Stored> nf4Of(const std::string& weight, const std::string& what);
    Result<Stored> int8Of(const std::string& weight, const std::string& what);
    Result<void> checkBook(const TensorInfo& book, const std::string& what);
    /// The part of that name and shape. ST-42, ST-41.
    Result<const TensorInfo*> part(const std::string& name, DType dtype,
                                   const std::vector<std::int64_t>& shape, const std::string& what) const;
    /// Where a part lies: in the source's map, else read to the end of `owned`.
    Result<const std::byte*> bytesOf(const TensorInfo& stored, std::vector<std::vector<std::byte>>& owned);

    std::unique_ptr<TensorSource> m_stored;
    std::vector<TensorInfo> m_tensors;
    std::map<std::string, Stored, std::less<>> m_quantised; ///< by the name of the weight
};

} // namespace llamahome::formats
