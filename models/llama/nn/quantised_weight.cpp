#include "llama/nn/quantised_weight.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "llama/fast/row_work.h"
#include "llama/kernels/quant_kernels.h"

namespace llamahome::engine {

at::Tensor UnpackBuffer::take(std::int64_t rows, std::int64_t columns) {
    if (!m_memory.defined() || m_memory.numel() < rows * columns)
        m_memory = at::empty({rows * columns}, m_type);
    return m_memory.narrow(0, 0, rows * columns).view({rows, columns});
}

QuantisedWeight::QuantisedWeight(formats::QuantisedMatrix matrix, std::shared_ptr<UnpackBuffer> buffer,
                                 bool inInt8)
    : m_matrix(std::move(matrix))
    , m_buffer(std::move(buffer))
    , m_inInt8(inInt8 && m_matrix.view.format == formats::Quantisation::Int8) {}

at::Tensor QuantisedWeight::values() const {
    const std::int64_t columns = view().columns;
    const at::Tensor out = c10::GradMode::is_enabled() ? at::empty({view().rows, columns}, m_buffer->type())
                                                       : m_buffer->take(view().rows, columns);
    withElements(out, [&](auto type) {
        using T = decltype(type);
        overRows(view().rows, columns, [&](std::int64_t begin, std::int64_t end) {
            quantKernels<T>().unpack(view(), {begin, end, 0, columns}, elements<T>(out) + begin * columns,
                                     columns);
        });
    });
    return out;
}

} // namespace llamahome::engine
