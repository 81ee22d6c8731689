#include "formats/safetensors/safetensors_writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <tuple>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/checked_math.h"
#include "formats/file_text.h"
#include "formats/safetensors/safetensors_header.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kAlignment = 8;

/// Place of a type in the reference library's ranking (safetensors/src/tensor.rs, enum Dtype), highest first.
std::size_t storageRank(DType type) {
    constexpr std::array kRanking{DType::U64, DType::I64,  DType::F64, DType::F32, DType::U32,
                                  DType::I32, DType::BF16, DType::F16, DType::U16, DType::I16,
                                  DType::I8,  DType::U8,   DType::Bool};
    return static_cast<std::size_t>(std::find(kRanking.begin(), kRanking.end(), type) - kRanking.begin());
}

std::optional<std::uint64_t> checkedByteSize(const TensorInfo& tensor) {
    std::optional<std::uint64_t> bytes = elementBytes(tensor.dtype);
    for (const std::int64_t size : tensor.shape) {
        if (size < 0) return std::nullopt;
        if (bytes) bytes = checkedMultiply(*bytes, static_cast<std::uint64_t>(size));
    }
    return bytes;
}

/// The header of `plan` with its length before it and its padding behind.
Result<std::string> headerText(const std::vector<TensorInfo>& plan,
                               const std::map<std::string, std::string>& metadata, const std::string& what) {
    Json header = Json::object();
    if (!metadata.empty()) header[std::string(kSafetensorsMetadataKey)] = metadata;
    std::set<std::string_view> names;
    std::uint64_t offset = 0;
    std::string text = writeJsonLine(header);
    text.pop_back();
    for (const TensorInfo& tensor : plan) {
        if (auto named = checkTensorName(tensor.name, what); !named) return named.error();
        const auto size = checkedByteSize(tensor);
        const auto end = size ? checkedAdd(offset, *size) : std::nullopt;
        if (!end || !names.insert(tensor.name).second)
            return Error{codes::kWriterPlan, what + ": tensor " + quotedText(tensor.name) + " of shape " +
                                                 shapeText(tensor.shape) + " is planned twice or too large"};
        const Json entry{
            {"dtype", dtypeName(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, *end}}};
        text += (text.size() > 1 ? "," : "") + writeJsonLine(Json(tensor.name)) + ":" + writeJsonLine(entry);
        offset = *end;
    }
    text += '}';
    text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
    const std::uint64_t length = text.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

} // namespace

std::vector<TensorInfo> safetensorsOrder(std::vector<TensorInfo> plan) {
    std::sort(plan.begin(), plan.end(), [](const TensorInfo& a, const TensorInfo& b) {
        return std::make_tuple(storageRank(a.dtype), std::string_view(a.name)) <
               std::make_tuple(storageRank(b.dtype), std::string_view(b.name));
    });
    return plan;
}

Result<std::unique_ptr<SafetensorsWriter>>
SafetensorsWriter::create(FileLayer& files, const std::filesystem::path& path, std::vector<TensorInfo> plan,
                          std::map<std::string, std::string> metadata) {
    const auto header = headerText(plan, metadata, displayPath(path));
    if (!header) return header.error();
    auto file = PendingFile::create(files, path);
    if (!file) return file.error();
    if (auto begun = (*file)->write(std::as_bytes(std::span(*header))); !begun) return begun.error();
    return std::unique_ptr<SafetensorsWriter>(new SafetensorsWriter(std::move(*file), std::move(plan)));
}

Result<void> SafetensorsWriter::write(const TensorInfo& tensor, std::span<const std::byte> bytes) {
    if (m_next == m_plan.size())
        return Error{codes::kWriterPlan, shownPath() + ": found tensor " + quotedText(tensor.name) +
                                             ", expected none after the last planned one"};
    const TensorInfo& planned = m_plan[m_next];
    if (planned.name != tensor.name || planned.dtype != tensor.dtype || planned.shape != tensor.shape ||
        bytes.size() != planned.byteSize())
        return Error{codes::kWriterPlan, shownPath() + ": found tensor " + quotedText(tensor.name) + " of " +
                                             std::to_string(bytes.size()) + " bytes, expected " +
                                             quotedText(planned.name) + " of " +
                                             std::to_string(planned.byteSize())};
    ++m_next;
    return m_file->write(bytes);
}

Result<void> SafetensorsWriter::finish() {
    if (m_next != m_plan.size())
        return Error{codes::kWriterPlan, shownPath() + ": found " + std::to_string(m_next) +
                                             " tensors, expected " + std::to_string(m_plan.size())};
    return m_file->finish();
}

} // namespace llamahome::formats
