#include "formats/zip/zip_entry_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include <zlib.h>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/zip/zip_fields.h"

namespace llamahome::formats {
namespace {

constexpr std::uint64_t kBlockBytes = 1U << 20;
constexpr std::uint64_t kInputBytes = 256U << 10;

std::string hex(std::uint32_t value) {
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    const auto length = static_cast<std::size_t>(end - digits.data());
    return std::string(digits.size() - length, '0') + std::string(digits.data(), length);
}

/// zlib's state for raw deflate data.
class InflateState {
public:
    InflateState()
        : m_isReady(inflateInit2(&m_stream, -MAX_WBITS) == Z_OK) {}
    ~InflateState() {
        if (m_isReady) inflateEnd(&m_stream);
    }
    InflateState(const InflateState&) = delete;
    InflateState& operator=(const InflateState&) = delete;

    bool isReady() const { return m_isReady; }
    z_stream& stream() { return m_stream; }

private:
    z_stream m_stream{};
    bool m_isReady;
};

class Unpacking {
public:
    Unpacking(const InputFile& file, const ZipEntry& entry, std::uint64_t dataOffset, const ZipSink& sink,
              const CancelToken& cancel, const ProgressSink& progress)
        : m_file(file)
        , m_entry(entry)
        , m_offset(dataOffset)
        , m_left(entry.compressedBytes)
        , m_sink(sink)
        , m_cancel(cancel)
        , m_progress(progress) {}

    Result<void> run() {
        auto unpacked = m_entry.method == ZipMethod::Stored ? copyStored() : inflateAll();
        return unpacked ? checkWhole() : unpacked;
    }

private:
    Result<void> copyStored();
    Result<void> inflateAll();
    Result<void> readInput(std::span<std::byte> out);
    Result<void> give(std::span<const std::byte> block);
    Result<void> checkWhole() const;
    Error damaged(const std::string& text) const {
        return zipDamaged(m_file, "member " + quotedText(m_entry.name) + " " + text);
    }
    Error cancelled() const {
        return Error{codes::kCancelled,
                     "unpacking " + quotedText(m_entry.name) + " of " + m_file.shownPath() + " was stopped"};
    }
    Error inflateError(int status) const;

    const InputFile& m_file;
    const ZipEntry& m_entry;
    std::uint64_t m_offset; ///< of the next packed byte in the file
    std::uint64_t m_left;   ///< packed bytes that were not read yet
    const ZipSink& m_sink;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    std::uint64_t m_given = 0;
    uLong m_crc = 0;
};

/// Fills `out`, which is not longer than what is left.
Result<void> Unpacking::readInput(std::span<std::byte> out) {
    if (auto read = m_file.readAt(m_offset, out); !read) return read;
    m_offset += out.size();
    m_left -= out.size();
    return {};
}

Result<void> Unpacking::give(std::span<const std::byte> block) {
    if (block.size() > m_entry.sizeBytes - m_given)
        return damaged("unpacks to more than the " + std::to_string(m_entry.sizeBytes) +
                       " bytes that are expected");
    m_crc = crc32_z(m_crc, reinterpret_cast<const Bytef*>(block.data()), block.size());
    if (auto taken = m_sink(block); !taken) return taken;
    m_given += block.size();
    if (m_progress) m_progress({.phase = "unpacking", .done = m_given, .total = m_entry.sizeBytes});
    return {};
}

Result<void> Unpacking::copyStored() {
    std::vector<std::byte> block(static_cast<std::size_t>(std::min(kBlockBytes, m_left)));
    while (m_left > 0) {
        if (m_cancel.isCancelled()) return cancelled();
        const auto part = std::span(block).first(static_cast<std::size_t>(std::min(kBlockBytes, m_left)));
        if (auto read = readInput(part); !read) return read;
        if (auto given = give(part); !given) return given;
    }
    return {};
}

Error Unpacking::inflateError(int status) const {
    if (status == Z_MEM_ERROR)
        return Error{codes::kOutOfMemory, "no memory left for unpacking " + quotedText(m_entry.name) +
                                              " of " + m_file.shownPath() +
                                              "; close other programs and try again"};
    if (status == Z_BUF_ERROR)
        return damaged("ends after " + std::to_string(m_given) + " of " + std::to_string(m_entry.sizeBytes) +
                       " bytes: its packed data are cut short");
    return damaged("does not unpack after byte " + std::to_string(m_given) + ", expected deflate data");
}

Result<void> Unpacking::inflateAll() {
    InflateState state;
    if (!state.isReady()) return inflateError(Z_MEM_ERROR);
    z_stream& stream = state.stream();
    std::vector<std::byte> input(static_cast<std::size_t>(std::min(kInputBytes, m_left)));
    // One byte more than expected shows a member that is too long.
    std::vector<std::byte> output(static_cast<std::size_t>(std::min(kBlockBytes - 1, m_entry.sizeBytes) + 1));
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        if (m_cancel.isCancelled()) return cancelled();
        if (stream.avail_in == 0 && m_left > 0) {
            const auto part = std::span(input).first(static_cast<std::size_t>(std::min(kInputBytes, m_left)));
            if (auto read = readInput(part); !read) return read;
            stream.next_in = reinterpret_cast<Bytef*>(part.data());
            stream.avail_in = static_cast<uInt>(part.size());
        }
        stream.next_out = reinterpret_cast<Bytef*>(output.data());
        stream.avail_out = static_cast<uInt>(output.size());
        status = inflate(&stream, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END) return inflateError(status);
        const auto block = std::span(output).first(output.size() - stream.avail_out);
        if (block.empty()) continue;
        if (auto given = give(block); !given) return given;
    }
    const std::uint64_t unused = m_left + stream.avail_in;
    if (unused > 0) return damaged("has " + std::to_string(unused) + " bytes behind its data, expected none");
    return {};
}

Result<void> Unpacking::checkWhole() const {
    if (m_given != m_entry.sizeBytes)
        return damaged("unpacks to " + std::to_string(m_given) + " bytes, expected " +
                       std::to_string(m_entry.sizeBytes));
    if (m_crc != m_entry.crc32)
        return damaged("has the CRC-32 " + hex(static_cast<std::uint32_t>(m_crc)) + ", expected " +
                       hex(m_entry.crc32));
    return {};
}

} // namespace

Result<void> unpackZipEntry(const InputFile& file, const ZipEntry& entry, std::uint64_t dataOffset,
                            const ZipSink& sink, const CancelToken& cancel, const ProgressSink& progress) {
    return Unpacking(file, entry, dataOffset, sink, cancel, progress).run();
}

} // namespace llamahome::formats
