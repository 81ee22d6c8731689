// QuantisedWeight: a frozen matrix in int8 or NF4, whose values are made again for each product. Engine
// thread.
#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "formats/bitsandbytes/quantised_matrix.h"

namespace llamahome::engine {

/// Memory for the values of one matrix at a time, which all matrices of a model share; as large as the
/// largest that it was asked for. The fast path does without: it unpacks what it packs (fast/product_work.h).
class UnpackBuffer {
public:
    explicit UnpackBuffer(at::ScalarType type)
        : m_type(type) {}

    at::ScalarType type() const { return m_type; }
    /// [rows, columns], uninitialised, in the buffer's memory.
    at::Tensor take(std::int64_t rows, std::int64_t columns);

private:
    at::ScalarType m_type;
    at::Tensor m_memory; ///< [elements]
};

class QuantisedWeight {
public:
    /// The buffer is that of the model, and float or bfloat16. `inInt8`: see FrozenLinear; of int8 alone.
    QuantisedWeight(formats::QuantisedMatrix matrix, std::shared_ptr<UnpackBuffer> buffer, bool inInt8);

    bool isMultipliedInInt8() const { return m_inInt8; }
    /// The matrix as it is stored.
    const formats::QuantisedView& view() const { return m_matrix.view; }
    /// [rows, columns] in the buffer, as they are until the next values() of any matrix of the model. While
    /// autograd records, which keeps them for its backward pass, in memory of their own.
    at::Tensor values() const;

private:
    formats::QuantisedMatrix m_matrix;
    std::shared_ptr<UnpackBuffer> m_buffer;
    bool m_inInt8;
};

} // namespace llamahome::engine
