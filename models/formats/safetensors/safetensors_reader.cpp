#include "formats/safetensors/safetensors_reader.h"

#include <array>
#include <bit>
#include <cassert>
#include <cstring>

#include "core/error_codes.h"
#include "formats/impostor.h"

namespace llamahome::formats {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor bytes are used as they are in the file");

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

Error damaged(ErrorCode code, const InputFile& file, const std::string& text) {
    return Error{code, file.shownPath() + ": " + text + "; get the file again"};
}

/// The header's length, checked against the format's limit and the file.
Result<std::uint64_t> headerLength(const InputFile& file) {
    if (file.size() < kLengthBytes)
        return damaged(codes::kStTooShort, file,
                       "too short for a safetensors file: " + std::to_string(file.size()) +
                           " bytes, at least 10 needed");
    std::uint64_t length = 0;
    if (auto read = file.readAt(0, std::as_writable_bytes(std::span(&length, 1))); !read) return read.error();
    const std::string found = "the header length is " + std::to_string(length);
    if (length < 2)
        return damaged(codes::kStHeaderLengthSmall, file, found + "; the smallest valid header is {}");
    if (length > kMaxHeaderBytes)
        return damaged(length >> 62 != 0 ? codes::kStHeaderLengthWraps : codes::kStHeaderLengthLarge, file,
                       found + ", above the limit of " + std::to_string(kMaxHeaderBytes) +
                           ": not a safetensors file, or hostile");
    if (length > file.size() - kLengthBytes)
        return damaged(codes::kStHeaderCut, file,
                       "the header needs " + std::to_string(length) + " bytes, only " +
                           std::to_string(file.size() - kLengthBytes) + " are there: file cut short");
    return length;
}

} // namespace

Result<std::unique_ptr<SafetensorsReader>> SafetensorsReader::open(const std::filesystem::path& path) {
    auto opened = InputFile::open(path);
    if (!opened) return opened.error();
    std::unique_ptr<InputFile> file = std::move(*opened);
    if (auto genuine = refuseImpostor(*file, "safetensors"); !genuine) return genuine.error();
    const auto length = headerLength(*file);
    if (!length) return length.error();
    std::string text(static_cast<std::size_t>(*length), '\0');
    if (auto read = file->readAt(kLengthBytes, std::as_writable_bytes(std::span(text))); !read)
        return read.error();
    auto header = parseSafetensorsHeader(text, file->shownPath());
    if (!header) return header.error();
    const std::uint64_t dataStart = kLengthBytes + *length;
    auto placed = placeTensors(std::move(header->entries), file->size() - dataStart, file->shownPath());
    if (!placed) return placed.error();
    return std::unique_ptr<SafetensorsReader>(
        new SafetensorsReader(std::move(file), dataStart, std::move(*placed), std::move(header->metadata)));
}

SafetensorsReader::SafetensorsReader(std::unique_ptr<InputFile> file, std::uint64_t dataStart,
                                     std::vector<PlacedTensor> placed,
                                     std::map<std::string, std::string> metadata)
    : m_file(std::move(file))
    , m_metadata(std::move(metadata))
    , m_map(m_file->map()) {
    m_tensors.reserve(placed.size());
    for (PlacedTensor& tensor : placed) {
        m_places.emplace(tensor.info.name, dataStart + tensor.begin);
        m_tensors.push_back(std::move(tensor.info));
    }
}

Result<void> SafetensorsReader::read(const TensorInfo& tensor, std::span<std::byte> out) {
    const auto place = m_places.find(tensor.name);
    assert(place != m_places.end() && out.size() == tensor.byteSize());
    if (auto read = m_file->readAt(place->second, out); !read) return read;
    if (m_file->isUnchanged()) return {};
    return Error{codes::kFileChanged,
                 m_file->shownPath() + ": the file changed while it was read; nothing was loaded, try again"};
}

std::span<const std::byte> SafetensorsReader::mapped(const TensorInfo& tensor) const {
    const auto place = m_places.find(tensor.name);
    if (m_map.empty() || place == m_places.end() || !m_file->isUnchanged()) return {};
    const auto bytes = m_map.subspan(static_cast<std::size_t>(place->second), tensor.byteSize());
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    return address % elementBytes(tensor.dtype) == 0 ? bytes : std::span<const std::byte>{};
}

} // namespace llamahome::formats
