#include "formats/zip/zip_archive.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "formats/file_text.h"
#include "formats/impostor.h"
#include "formats/zip/zip_fields.h"

namespace llamahome::formats {
namespace {

constexpr std::uint32_t kLocalSignature = 0x04034B50;

/// What of a local header contradicts the directory's entry, in words; empty where nothing does. `variable`
/// is the name and the extra fields. Sizes and CRC-32 do not count where a data descriptor holds them.
std::string contradiction(const ZipEntry& entry, std::span<const std::byte> fixed,
                          std::span<const std::byte> variable) {
    const auto nameBytes = zipNumber<std::uint16_t>(fixed, 26);
    const auto flags = zipNumber<std::uint16_t>(fixed, 6);
    const std::string_view name(reinterpret_cast<const char*>(variable.data()), nameBytes);
    if (name != entry.name) return "the name " + quotedText(name);
    if ((flags & kZipFlagsEncrypted) != 0) return "the mark of encryption";
    const auto method = zipNumber<std::uint16_t>(fixed, 8);
    if (method != (entry.method == ZipMethod::Stored ? kZipMethodStored : kZipMethodDeflate))
        return "the method " + std::to_string(method);
    if ((flags & kZipFlagDescriptor) != 0) return {};
    std::uint64_t sizeBytes = zipNumber<std::uint32_t>(fixed, 22);
    std::uint64_t compressedBytes = zipNumber<std::uint32_t>(fixed, 18);
    if (std::string fault = expandZip64(variable.subspan(nameBytes), {&sizeBytes, &compressedBytes});
        !fault.empty())
        return fault;
    if (sizeBytes != entry.sizeBytes) return "the size " + std::to_string(sizeBytes);
    if (compressedBytes != entry.compressedBytes) return "the packed size " + std::to_string(compressedBytes);
    if (zipNumber<std::uint32_t>(fixed, 14) != entry.crc32) return "another CRC-32";
    return {};
}

} // namespace

Result<std::unique_ptr<ZipArchive>> ZipArchive::open(const std::filesystem::path& path) {
    auto opened = InputFile::open(path);
    if (!opened) return opened.error();
    std::unique_ptr<InputFile> file = std::move(*opened);
    if (auto genuine = refuseImpostor(*file, "zip or PyTorch"); !genuine) return genuine.error();
    auto directory = readZipDirectory(*file);
    if (!directory) return directory.error();
    return std::unique_ptr<ZipArchive>(new ZipArchive(std::move(file), std::move(*directory)));
}

ZipArchive::ZipArchive(std::unique_ptr<InputFile> file, ZipDirectory directory)
    : m_file(std::move(file))
    , m_directory(std::move(directory)) {}

const ZipEntry* ZipArchive::find(std::string_view name) const {
    const auto& entries = m_directory.entries;
    const auto place = std::lower_bound(
        m_directory.byName.begin(), m_directory.byName.end(), name,
        [&](std::uint32_t index, std::string_view wanted) { return entries[index].name < wanted; });
    if (place == m_directory.byName.end() || entries[*place].name != name) return nullptr;
    return &entries[*place];
}

Result<std::uint64_t> ZipArchive::dataOffset(const ZipEntry& entry) const {
    const std::string place = "the local header of member " + quotedText(entry.name) + " at byte " +
                              std::to_string(entry.localHeaderOffset);
    std::array<std::byte, kZipLocalHeaderBytes> fixed{};
    if (auto read = m_file->readAt(entry.localHeaderOffset, fixed); !read) return read.error();
    if (zipNumber<std::uint32_t>(fixed, 0) != kLocalSignature)
        return zipDamaged(*m_file, place + " does not begin with the signature of one");
    const std::size_t variableBytes =
        std::size_t{zipNumber<std::uint16_t>(fixed, 26)} + zipNumber<std::uint16_t>(fixed, 28);
    // open() saw that header, name and data fit before the directory, so nothing wraps here.
    const std::uint64_t headerEnd = entry.localHeaderOffset + kZipLocalHeaderBytes;
    if (variableBytes > m_directory.offset - entry.compressedBytes - headerEnd)
        return zipDamaged(*m_file, place + " and its data reach into the central directory at byte " +
                                       std::to_string(m_directory.offset));
    std::vector<std::byte> variable(variableBytes);
    if (auto read = m_file->readAt(headerEnd, variable); !read) return read.error();
    if (const std::string found = contradiction(entry, fixed, variable); !found.empty())
        return zipDamaged(*m_file, place + " has " + found + ", expected what the central directory says");
    return headerEnd + variableBytes;
}

Result<void> ZipArchive::extract(const ZipEntry& entry, const ZipSink& sink, const CancelToken& cancel,
                                 const ProgressSink& progress) const {
    const auto begin = dataOffset(entry);
    if (!begin) return begin.error();
    return unpackZipEntry(*m_file, entry, *begin, sink, cancel, progress);
}

} // namespace llamahome::formats
