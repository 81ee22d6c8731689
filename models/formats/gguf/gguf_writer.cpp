#include "formats/gguf/gguf_writer.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>
#include <set>

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/checked_math.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

constexpr std::uint64_t kAlignment = 32;
constexpr std::size_t kMaxNameBytes = 63;
constexpr std::size_t kMaxDimensions = 4;
constexpr std::size_t kSlice = std::size_t{1} << 22; ///< elements packed at once, a multiple of every block

std::uint64_t padding(std::uint64_t bytes) {
    return (kAlignment - bytes % kAlignment) % kAlignment;
}

/// Bytes of the packed tensor, which is countable as floats too.
Result<std::uint64_t> packedBytes(const GgufPlanned& tensor) {
    const std::string shown =
        "GGUF tensor " + quotedText(tensor.name) + " of shape " + shapeText(tensor.shape);
    std::optional<std::uint64_t> bytes = sizeof(float);
    for (const std::int64_t size : tensor.shape)
        bytes = bytes && size > 0 ? checkedMultiply(*bytes, static_cast<std::uint64_t>(size)) : std::nullopt;
    if (!bytes || tensor.shape.empty() || tensor.shape.size() > kMaxDimensions)
        return Error{codes::kGgufDimensions, shown + ": expected 1 to 4 dimensions above 0"};
    if (tensor.shape.back() % tensor.type->blockElements != 0)
        return Error{codes::kGgufRow,
                     shown + ": its rows are not whole " + std::string(tensor.type->name) + " blocks"};
    return *bytes / sizeof(float) / tensor.type->blockElements * tensor.type->blockBytes;
}

template <typename T>
void append(std::string& text, T value) {
    text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

struct Head {
    std::string text;            ///< padded to the alignment
    std::uint64_t dataBytes = 0; ///< of all tensors, each padded
};

Result<Head> headOf(const GgufPairs& pairs, const std::vector<GgufPlanned>& plan) {
    constexpr std::uint32_t kVersion = 3;
    if (pairs.problem()) return *pairs.problem();
    Head head{"GGUF"};
    append(head.text, kVersion);
    append(head.text, static_cast<std::uint64_t>(plan.size()));
    append(head.text, pairs.count());
    head.text += pairs.bytes();
    std::set<std::string_view> names;
    for (const GgufPlanned& tensor : plan) {
        assert(tensor.type != nullptr && tensor.type->encode != nullptr);
        if (tensor.name.empty() || tensor.name.size() > kMaxNameBytes || !isUtf8(tensor.name) ||
            !isPlainText(tensor.name) || !names.insert(tensor.name).second)
            return Error{codes::kGgufTensorName, "GGUF tensor " + quotedText(tensor.name) +
                                                     ": expected a name of its own, of 1 to 63 bytes"};
        const auto bytes = packedBytes(tensor);
        if (!bytes) return bytes.error();
        append(head.text, static_cast<std::uint64_t>(tensor.name.size()));
        head.text += tensor.name;
        append(head.text, static_cast<std::uint32_t>(tensor.shape.size()));
        for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size)
            append(head.text, *size);
        append(head.text, tensor.type->id);
        append(head.text, head.dataBytes);
        head.dataBytes += *bytes + padding(*bytes);
    }
    head.text.append(padding(head.text.size()), '\0');
    return head;
}

} // namespace

Result<std::uint64_t> ggufFileBytes(const GgufPairs& pairs, const std::vector<GgufPlanned>& plan) {
    const auto head = headOf(pairs, plan);
    if (!head) return head.error();
    return head->text.size() + head->dataBytes;
}

Result<std::unique_ptr<GgufWriter>> GgufWriter::create(FileLayer& files, const std::filesystem::path& path,
                                                       const GgufPairs& pairs, std::vector<GgufPlanned> plan,
                                                       ParallelFor parallel) {
    const auto head = headOf(pairs, plan);
    if (!head) return head.error();
    auto file = PendingFile::create(files, path);
    if (!file) return file.error();
    if (auto begun = (*file)->write(std::as_bytes(std::span(head->text))); !begun) return begun.error();
    return std::unique_ptr<GgufWriter>(
        new GgufWriter(std::move(*file), std::move(plan), std::move(parallel)));
}

Result<void> GgufWriter::write(const TensorInfo& tensor, std::span<const std::byte> bytes) {
    if (m_next == m_plan.size() || m_plan[m_next].name != tensor.name ||
        m_plan[m_next].shape != tensor.shape || tensor.dtype != DType::F32 ||
        bytes.size() != tensor.byteSize())
        return Error{codes::kWriterPlan, shownPath() + ": found tensor " + quotedText(tensor.name) + " of " +
                                             std::to_string(bytes.size()) +
                                             " bytes, expected the next one of the plan as F32"};
    const BlockType& type = *m_plan[m_next++].type;
    std::uint64_t written = 0;
    while (!bytes.empty()) {
        const auto slice = bytes.first(std::min(bytes.size(), kSlice * sizeof(float)));
        m_values.resize(slice.size() / sizeof(float));
        std::memcpy(m_values.data(), slice.data(), slice.size());
        m_packed.resize(m_values.size() / type.blockElements * type.blockBytes);
        const std::string what = shownPath() + ": tensor " + quotedText(tensor.name);
        if (auto packed = packBlocks(type, m_values, m_packed, m_parallel, what); !packed) return packed;
        if (auto done = m_file->write(m_packed); !done) return done;
        written += m_packed.size();
        bytes = bytes.subspan(slice.size());
    }
    const std::vector<std::byte> zeros(padding(written));
    return m_file->write(zeros);
}

Result<void> GgufWriter::finish() {
    if (m_next == m_plan.size()) return m_file->finish();
    return Error{codes::kWriterPlan, shownPath() + ": found " + std::to_string(m_next) +
                                         " tensors, expected " + std::to_string(m_plan.size())};
}

} // namespace llamahome::formats
