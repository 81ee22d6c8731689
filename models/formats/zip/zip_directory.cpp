#include "formats/zip/zip_directory.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "core/ascii.h"
#include "formats/checked_math.h"
#include "formats/file_text.h"
#include "formats/zip/zip_end.h"
#include "formats/zip/zip_fields.h"

namespace llamahome::formats {
namespace {

constexpr std::uint32_t kEntrySignature = 0x02014B50;
constexpr std::uint16_t kFlagPatch = 1U << 5;
constexpr std::uint16_t kMethodEncrypted = 99; ///< WinZip's AES

/// Goes through a stretch of the file, a window at a time.
class Cursor {
public:
    Cursor(const InputFile& file, std::uint64_t begin, std::uint64_t bytes)
        : m_file(file)
        , m_offset(begin)
        , m_left(bytes) {}

    std::uint64_t left() const { return m_left; }

    /// The next `count` bytes, at most left() and 3 · 65535; good until the next call.
    Result<std::span<const std::byte>> take(std::size_t count) {
        if (count > m_window.size() - m_used) {
            m_window.resize(static_cast<std::size_t>(std::min(kWindowBytes, m_left)));
            m_used = 0;
            if (auto read = m_file.readAt(m_offset, m_window); !read) return read.error();
        }
        const auto taken = std::span<const std::byte>(m_window).subspan(m_used, count);
        m_used += count;
        m_offset += count;
        m_left -= count;
        return taken;
    }

private:
    static constexpr std::uint64_t kWindowBytes = 256U << 10;

    const InputFile& m_file;
    std::uint64_t m_offset;
    std::uint64_t m_left;
    std::vector<std::byte> m_window;
    std::size_t m_used = 0;
};

/// What is wrong with a member's name, in words; empty where nothing is.
std::string_view nameFault(std::string_view name) {
    if (name.empty()) return "is empty";
    if (name.find('\0') != std::string_view::npos) return "holds a zero byte";
    if (name.find('\\') != std::string_view::npos) return "holds a backslash";
    const bool hasDrive = name.size() > 1 && name[1] == ':' && lowerAscii(name.substr(0, 1)) >= "a" &&
                          lowerAscii(name.substr(0, 1)) <= "z";
    if (name[0] == '/' || hasDrive) return "is absolute";
    while (!name.empty()) {
        const std::size_t slash = std::min(name.find('/'), name.size());
        if (name.substr(0, slash) == "..") return "leads out of its folder";
        name.remove_prefix(std::min(slash + 1, name.size()));
    }
    return {};
}

std::string methodName(std::uint16_t method) {
    constexpr std::pair<std::uint16_t, const char*> kNames[] = {
        {1, "shrink"}, {6, "implode"}, {9, "deflate64"}, {12, "bzip2"},
        {14, "LZMA"},  {93, "zstd"},   {95, "XZ"}};
    const std::string number = "method " + std::to_string(method);
    for (const auto& [known, name] : kNames)
        if (known == method) return number + " (" + name + ")";
    return number;
}

/// What of an entry's fixed part only the checks need.
struct RawEntry {
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint16_t disk = 0;
    std::uint16_t nameBytes = 0;
    std::uint16_t extraBytes = 0;
    std::uint16_t commentBytes = 0;
};

Result<void> checkKind(const InputFile& file, const RawEntry& raw, const std::string& shownName) {
    if ((raw.flags & kZipFlagsEncrypted) != 0 || raw.method == kMethodEncrypted)
        return zipUnsupported(file, shownName + " is encrypted, expected one that is not");
    if ((raw.flags & kFlagPatch) != 0)
        return zipUnsupported(file, shownName + " is a patch of another file, expected a whole one");
    if (raw.method != kZipMethodStored && raw.method != kZipMethodDeflate)
        return zipUnsupported(file, shownName + " is packed by " + methodName(raw.method) +
                                        ", expected stored or deflate");
    if (raw.disk != 0)
        return zipUnsupported(file, shownName + " is in part " + std::to_string(raw.disk + 1) +
                                        " of an archive, expected a whole one");
    return {};
}

/// Takes name, sizes and place from what follows an entry's fixed part.
Result<void> readVariablePart(const InputFile& file, std::span<const std::byte> bytes, const RawEntry& raw,
                              ZipEntry& entry) {
    entry.name.assign(reinterpret_cast<const char*>(bytes.data()), raw.nameBytes);
    const std::string shownName = "member " + quotedText(entry.name);
    if (const std::string_view fault = nameFault(entry.name); !fault.empty())
        return zipUnsupported(file, "the name of " + shownName + " " + std::string(fault) +
                                        ", expected one inside the archive's folder");
    if (auto checked = checkKind(file, raw, shownName); !checked) return checked;
    entry.method = raw.method == kZipMethodStored ? ZipMethod::Stored : ZipMethod::Deflate;
    const std::string fault =
        expandZip64(bytes.subspan(raw.nameBytes, raw.extraBytes),
                    {&entry.sizeBytes, &entry.compressedBytes, &entry.localHeaderOffset});
    if (!fault.empty()) return zipDamaged(file, shownName + " has " + fault);
    if (entry.method == ZipMethod::Stored && entry.sizeBytes != entry.compressedBytes)
        return zipDamaged(file, shownName + " is stored in " + std::to_string(entry.compressedBytes) +
                                    " bytes, expected its size of " + std::to_string(entry.sizeBytes));
    return {};
}

Result<ZipEntry> readEntry(const InputFile& file, Cursor& cursor, std::size_t number) {
    const Error cut = zipDamaged(file, "the central directory ends within entry " + std::to_string(number));
    if (cursor.left() < kZipDirectoryEntryBytes) return cut;
    const auto fixed = cursor.take(kZipDirectoryEntryBytes);
    if (!fixed) return fixed.error();
    if (zipNumber<std::uint32_t>(*fixed, 0) != kEntrySignature)
        return zipDamaged(file, "entry " + std::to_string(number) +
                                    " of the central directory does not begin with the signature of one");
    const RawEntry raw{.flags = zipNumber<std::uint16_t>(*fixed, 8),
                       .method = zipNumber<std::uint16_t>(*fixed, 10),
                       .disk = zipNumber<std::uint16_t>(*fixed, 34),
                       .nameBytes = zipNumber<std::uint16_t>(*fixed, 28),
                       .extraBytes = zipNumber<std::uint16_t>(*fixed, 30),
                       .commentBytes = zipNumber<std::uint16_t>(*fixed, 32)};
    ZipEntry entry{.compressedBytes = zipNumber<std::uint32_t>(*fixed, 20),
                   .sizeBytes = zipNumber<std::uint32_t>(*fixed, 24),
                   .crc32 = zipNumber<std::uint32_t>(*fixed, 16),
                   .localHeaderOffset = zipNumber<std::uint32_t>(*fixed, 42)};
    const std::size_t variableBytes = std::size_t{raw.nameBytes} + raw.extraBytes + raw.commentBytes;
    if (cursor.left() < variableBytes) return cut;
    const auto variable = cursor.take(variableBytes);
    if (!variable) return variable.error();
    if (auto read = readVariablePart(file, *variable, raw, entry); !read) return read.error();
    return entry;
}

/// The first byte after the member, where its local header has no extra fields; nothing where it overflows.
std::optional<std::uint64_t> earliestEnd(const ZipEntry& entry) {
    const auto headerEnd = checkedAdd(entry.localHeaderOffset, kZipLocalHeaderBytes + entry.name.size());
    return headerEnd ? checkedAdd(*headerEnd, entry.compressedBytes) : std::nullopt;
}

/// No member may reach into the next one or into the directory.
Result<void> checkPlaces(const InputFile& file, const ZipDirectory& directory) {
    std::vector<std::uint32_t> byPlace(directory.byName);
    const auto& entries = directory.entries;
    std::sort(byPlace.begin(), byPlace.end(), [&](std::uint32_t a, std::uint32_t b) {
        return entries[a].localHeaderOffset < entries[b].localHeaderOffset;
    });
    for (std::size_t i = 0; i < byPlace.size(); ++i) {
        const ZipEntry& entry = entries[byPlace[i]];
        const bool isLast = i + 1 == byPlace.size();
        const std::uint64_t limit = isLast ? directory.offset : entries[byPlace[i + 1]].localHeaderOffset;
        const auto end = earliestEnd(entry);
        if (end && *end <= limit && *end <= directory.offset) continue;
        return zipDamaged(file, "member " + quotedText(entry.name) + " of " +
                                    std::to_string(entry.compressedBytes) + " bytes at byte " +
                                    std::to_string(entry.localHeaderOffset) +
                                    " reaches into what follows it, expected it to end before byte " +
                                    std::to_string(std::min(limit, directory.offset)));
    }
    return {};
}

/// Fills byName.
Result<void> orderByName(const InputFile& file, ZipDirectory& directory) {
    const auto& entries = directory.entries;
    auto& byName = directory.byName;
    byName.resize(entries.size());
    std::iota(byName.begin(), byName.end(), 0U);
    std::sort(byName.begin(), byName.end(),
              [&](std::uint32_t a, std::uint32_t b) { return entries[a].name < entries[b].name; });
    const auto twin = std::adjacent_find(byName.begin(), byName.end(), [&](std::uint32_t a, std::uint32_t b) {
        return entries[a].name == entries[b].name;
    });
    if (twin == byName.end()) return {};
    return zipUnsupported(file,
                          "member " + quotedText(entries[*twin].name) + " is there twice, expected once");
}

} // namespace

Result<ZipDirectory> readZipDirectory(const InputFile& file) {
    const auto end = findZipEnd(file);
    if (!end) return end.error();
    ZipDirectory directory{.offset = end->directoryOffset};
    directory.entries.reserve(static_cast<std::size_t>(end->entryCount));
    Cursor cursor(file, end->directoryOffset, end->directoryBytes);
    while (directory.entries.size() < end->entryCount) {
        auto entry = readEntry(file, cursor, directory.entries.size() + 1);
        if (!entry) return entry.error();
        directory.entries.push_back(std::move(*entry));
    }
    if (cursor.left() != 0)
        return zipDamaged(file, "the central directory has " + std::to_string(cursor.left()) +
                                    " bytes behind its " + std::to_string(end->entryCount) +
                                    " entries, expected none");
    if (auto ordered = orderByName(file, directory); !ordered) return ordered.error();
    if (auto checked = checkPlaces(file, directory); !checked) return checked.error();
    return directory;
}

} // namespace llamahome::formats
