#include "formats/bitsandbytes/quantised_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "core/error_codes.h"
#include "formats/bitsandbytes/quantised_values.h"
#include "formats/checked_math.h"
#include "formats/file_text.h"
#include "formats/half.h"

namespace llamahome::formats {
namespace {

constexpr std::uint64_t kLargestState = 4096; ///< bytes of text, several times what there ever is

std::int64_t partsOf(std::uint64_t count, std::int64_t size) {
    const auto by = static_cast<std::uint64_t>(size);
    return static_cast<std::int64_t>((count + by - 1) / by);
}

/// The weight that a stored tensor is a part of, by its name; empty for other tensors.
std::string weightOfPart(std::string_view name) {
    for (const std::string_view suffix : {kNf4StateSuffix, kFp4StateSuffix, kNestedAbsmaxSuffix,
                                          kNestedQuantMapSuffix, kQuantMapSuffix, kAbsmaxSuffix})
        if (name.ends_with(suffix)) return std::string(name.substr(0, name.size() - suffix.size()));
    for (const std::string_view suffix : {kInt8ScalesSuffix, kInt8FormatSuffix})
        if (name.ends_with(suffix))
            return std::string(name.substr(0, name.size() - suffix.size())).append(kWeightSuffix);
    return {};
}

} // namespace

Result<std::unique_ptr<TensorSource>> QuantisedWeights::over(std::unique_ptr<TensorSource> stored,
                                                             const std::string& what) {
    std::set<std::string> weights;
    for (const TensorInfo& tensor : stored->tensors())
        if (std::string weight = weightOfPart(tensor.name); !weight.empty())
            weights.insert(std::move(weight));
    if (weights.empty()) return stored;
    std::unique_ptr<QuantisedWeights> view(new QuantisedWeights(std::move(stored)));
    for (const std::string& weight : weights) {
        const bool isInt8 = view->m_stored->find(weight + std::string(kAbsmaxSuffix)) == nullptr &&
                            view->m_stored->find(weight + std::string(kNf4StateSuffix)) == nullptr &&
                            view->m_stored->find(weight + std::string(kFp4StateSuffix)) == nullptr;
        auto found = isInt8 ? view->int8Of(weight, what) : view->nf4Of(weight, what);
        if (!found) return found.error();
        view->m_quantised.emplace(weight, *found);
    }
    for (const TensorInfo& tensor : view->m_stored->tensors()) {
        if (!weightOfPart(tensor.name).empty()) continue;
        const auto found = view->m_quantised.find(tensor.name);
        if (found == view->m_quantised.end())
            view->m_tensors.push_back(tensor);
        else
            view->m_tensors.push_back({tensor.name,
                                       found->second.state.dtype,
                                       {found->second.state.rows, found->second.state.columns}});
    }
    return std::unique_ptr<TensorSource>(std::move(view));
}

Result<const TensorInfo*> QuantisedWeights::part(const std::string& name, DType dtype,
                                                 const std::vector<std::int64_t>& shape,
                                                 const std::string& what) const {
    const TensorInfo* const found = m_stored->find(name);
    if (found == nullptr)
        return Error{codes::kTensorSet, what + ": found no tensor " + quotedText(name) +
                                            ", which the quantised matrix needs; get the model again"};
    if (found->dtype != dtype || found->shape != shape)
        return Error{codes::kTensorShape, what + ": tensor " + quotedText(name) + ": found " +
                                              std::string(dtypeName(found->dtype)) + " " +
                                              shapeText(found->shape) + ", expected " +
                                              std::string(dtypeName(dtype)) + " " + shapeText(shape) +
                                              "; get the model again"};
    return found;
}

Result<void> QuantisedWeights::checkBook(const TensorInfo& book, const std::string& what) {
    std::vector<float> values(static_cast<std::size_t>(book.elementCount()));
    if (auto read = m_stored->read(book, std::as_writable_bytes(std::span(values))); !read) return read;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!(std::abs(values[i] - kNf4Book[i]) <= 1e-6F))
            return Error{codes::kModelUnsupported, what + ": tensor " + quotedText(book.name) +
                                                       ": found values that are not NF4's; get the model "
                                                       "unquantised"};
    return {};
}

Result<QuantisedWeights::Stored> QuantisedWeights::nf4Of(const std::string& weight, const std::string& what) {
    if (m_stored->find(weight + std::string(kFp4StateSuffix)) != nullptr)
        return Error{codes::kModelUnsupported, what + ": tensor " + quotedText(weight) +
                                                   " is quantised as FP4, LlamaHome reads NF4 and int8; get "
                                                   "the model unquantised"};
    const std::string stateName = weight + std::string(kNf4StateSuffix);
    const TensorInfo* const text = m_stored->find(stateName);
    if (text == nullptr || text->byteSize() > kLargestState)
        return Error{codes::kTensorSet, what + ": found no tensor " + quotedText(stateName) + " of at most " +
                                            std::to_string(kLargestState) +
                                            " bytes, which says how the matrix is quantised; get the model "
                                            "again"};
    std::string bytes(static_cast<std::size_t>(text->byteSize()), '\0');
    if (auto read = m_stored->read(*text, std::as_writable_bytes(std::span(bytes))); !read)
        return read.error();
    const auto state = parseNf4State(bytes, what + ": " + quotedText(stateName));
    if (!state) return state.error();
    Stored stored{Quantisation::Nf4, *state, nullptr, nullptr};
    const auto elements =
        static_cast<std::uint64_t>(state->rows) * static_cast<std::uint64_t>(state->columns); // both < 2^31
    const std::int64_t blocks = partsOf(elements, state->block);
    const auto take = [&](const TensorInfo*& place, std::string_view suffix, DType dtype,
                          const std::vector<std::int64_t>& shape) -> Result<void> {
        const auto found = part(weight + std::string(suffix), dtype, shape, what);
        if (!found) return found.error();
        place = *found;
        return {};
    };
    const TensorInfo* book = nullptr;
    if (auto taken = take(stored.codes, "", DType::U8, {partsOf(elements, 2), 1}); !taken)
        return taken.error();
    if (auto taken = take(book, kQuantMapSuffix, DType::F32, {16}); !taken) return taken.error();
    if (auto checked = checkBook(*book, what); !checked) return checked.error();
    const DType scales = state->isNested ? DType::U8 : DType::F32;
    if (auto taken = take(stored.absmax, kAbsmaxSuffix, scales, {blocks}); !taken) return taken.error();
    if (!state->isNested) return stored;
    if (auto taken = take(stored.nestedAbsmax, kNestedAbsmaxSuffix, DType::F32,
                          {partsOf(static_cast<std::uint64_t>(blocks), kNestedBlock)});
        !taken)
        return taken.error();
    if (auto taken = take(stored.nestedBook, kNestedQuantMapSuffix, DType::F32, {256}); !taken)
        return taken.error();
    return stored;
}

Result<QuantisedWeights::Stored> QuantisedWeights::int8Of(const std::string& weight,
                                                          const std::string& what) {
    const std::string module = weight.substr(0, weight.size() - kWeightSuffix.size());
    const TensorInfo* const codes = m_stored->find(weight);
    if (codes == nullptr || codes->dtype != DType::I8 || codes->shape.size() != 2)
        return Error{codes::kTensorShape, what + ": tensor " + quotedText(weight) +
                                              ": found no matrix of type I8 beside the parts of a quantised "
                                              "one; get the model again"};
    Stored stored{Quantisation::Int8, {}, codes, nullptr};
    stored.state.rows = codes->shape[0];
    stored.state.columns = codes->shape[1];
    const auto scales = part(module + std::string(kInt8ScalesSuffix), DType::F32, {stored.state.rows}, what);
    if (!scales) return scales.error();
    stored.absmax = *scales;
    const TensorInfo* const format = m_stored->find(module + std::string(kInt8FormatSuffix));
    if (format == nullptr) return stored; // older files have only the one format
    std::byte value{};
    if (format->byteSize() == 1)
        if (auto read = m_stored->read(*format, {&value, 1}); !read) return read.error();
    if (format->byteSize() != 1 || value != std::byte{0})
        return Error{codes::kModelUnsupported, what + ": tensor " + quotedText(format->name) +
                                                   ": found another order than row by row; get the model "
                                                   "unquantised"};
    return stored;
}

std::optional<Quantisation> QuantisedWeights::formatOf(const TensorInfo& tensor) const {
    const auto found = m_quantised.find(tensor.name);
    return found == m_quantised.end() ? std::nullopt : std::optional(found->second.format);
}

Result<const std::byte*> QuantisedWeights::bytesOf(const TensorInfo& stored,
                                                   std::vector<std::vector<std::byte>>& owned) {
    if (const auto mapped = m_stored->mapped(stored); !mapped.empty()) return mapped.data();
    std::vector<std::byte> bytes(static_cast<std::size_t>(stored.byteSize()));
    if (auto read = m_stored->read(stored, bytes); !read) return read.error();
    owned.push_back(std::move(bytes));
    return owned.back().data();
}

Result<QuantisedMatrix> QuantisedWeights::matrix(const TensorInfo& tensor) {
    const Stored& stored = m_quantised.find(tensor.name)->second;
    const bool isNested = stored.nestedAbsmax != nullptr;
    const auto owned = std::make_shared<std::vector<std::vector<std::byte>>>();
    QuantisedMatrix matrix{};
    QuantisedView& view = matrix.view;
    view.format = stored.format;
    view.rows = stored.state.rows;
    view.columns = stored.state.columns;
    view.block = stored.state.block;
    view.nestedOffset = stored.state.nestedOffset;
    const auto take = [&]<typename T>(const T*& place, const TensorInfo* part) -> Result<void> {
        if (part == nullptr) return {};
        const auto bytes = bytesOf(*part, *owned);
        if (!bytes) return bytes.error();
        place = reinterpret_cast<const T*>(*bytes);
        return {};
    };
    if (auto taken = take(view.codes, stored.codes); !taken) return taken.error();
    auto scales = isNested ? take(view.absmaxCodes, stored.absmax) : take(view.absmax, stored.absmax);
    if (!scales) return scales.error();
    if (auto taken = take(view.nestedAbsmax, stored.nestedAbsmax); !taken) return taken.error();
    if (auto taken = take(view.nestedBook, stored.nestedBook); !taken) return taken.error();
    if (!owned->empty()) matrix.storage = owned;
    return matrix;
}

Result<void> QuantisedWeights::read(const TensorInfo& tensor, std::span<std::byte> out) {
    if (!formatOf(tensor)) return m_stored->read(tensor, out);
    const auto stored = matrix(tensor);
    if (!stored) return stored.error();
    constexpr std::uint64_t kAtOnce = 65536;
    std::vector<float> values;
    const std::size_t width = elementBytes(tensor.dtype);
    for (std::uint64_t first = 0; first < tensor.elementCount(); first += kAtOnce) {
        values.resize(static_cast<std::size_t>(std::min(kAtOnce, tensor.elementCount() - first)));
        dequantise(stored->view, first, values);
        std::byte* to = out.data() + first * width;
        if (tensor.dtype == DType::F32) {
            std::memcpy(to, values.data(), values.size() * width);
            continue;
        }
        const auto narrow = tensor.dtype == DType::F16 ? floatToHalf : floatToBfloat16;
        for (const float value : values) {
            const std::uint16_t bits = narrow(value);
            std::memcpy(to, &bits, sizeof bits);
            to += sizeof bits;
        }
    }
    return {};
}

std::span<const std::byte> QuantisedWeights::mapped(const TensorInfo& tensor) const {
    return formatOf(tensor) ? std::span<const std::byte>{} : m_stored->mapped(tensor);
}

} // namespace llamahome::formats
