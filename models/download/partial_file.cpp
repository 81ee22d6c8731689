#include "download/partial_file.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "core/error_codes.h"

namespace llamahome::download {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBlockBytes = 1U << 20;

} // namespace

PartialFile::PartialFile(fs::path target, FileLayer& files)
    : m_target(std::move(target))
    , m_path(m_target)
    , m_files(&files) {
    m_path += ".part";
}

Result<PartialFile> PartialFile::open(const fs::path& target, std::uint64_t limitBytes, FileLayer& files,
                                      const CancelToken& cancel) {
    PartialFile part(target, files);
    if (isThere(part.m_path)) {
        const auto size = fileSize(part.m_path);
        if (!size) return size.error();
        const auto taken = *size > limitBytes ? part.restart() : part.takeUp(*size, cancel);
        if (!taken) return taken.error();
        return part;
    }
    if (auto begun = part.restart(); !begun) return begun.error();
    return part;
}

Result<void> PartialFile::takeUp(std::uint64_t sizeBytes, const CancelToken& cancel) {
    std::ifstream stream(m_path, std::ios::binary);
    std::vector<char> block(static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, sizeBytes)));
    while (m_sizeBytes < sizeBytes) {
        if (cancel.isCancelled())
            return Error{codes::kCancelled, displayPath(m_path) + ": checking was stopped"};
        const auto wanted =
            static_cast<std::streamsize>(std::min<std::uint64_t>(block.size(), sizeBytes - m_sizeBytes));
        stream.read(block.data(), wanted);
        if (stream.gcount() != wanted)
            return Error{codes::kFileRead,
                         displayPath(m_path) + ": could not be read to its end; check the disk"};
        m_hash.update(std::as_bytes(std::span(block).first(static_cast<std::size_t>(wanted))));
        m_sizeBytes += static_cast<std::uint64_t>(wanted);
    }
    auto file = m_files->openAppend(m_path);
    if (!file) return file.error();
    m_file = std::move(*file);
    return {};
}

Result<void> PartialFile::append(std::span<const std::byte> bytes) {
    if (auto written = m_file->write(bytes); !written) return written;
    m_hash.update(bytes);
    m_sizeBytes += bytes.size();
    return {};
}

Result<void> PartialFile::restart() {
    m_file.reset();
    m_hash = Sha256();
    m_sizeBytes = 0;
    if (auto removed = m_files->remove(m_path); !removed) return removed;
    auto file = m_files->createNew(m_path);
    if (!file) return file.error();
    m_file = std::move(*file);
    return {};
}

Result<bool> PartialFile::finish(const std::string& sha256) {
    if (m_hash.hexDigest() != sha256) return false;
    if (auto synced = m_file->sync(); !synced) return synced.error();
    if (auto closed = m_file->close(); !closed) return closed.error();
    if (auto renamed = m_files->rename(m_path, m_target); !renamed) return renamed.error();
    if (auto synced = m_files->syncDirectory(m_target.parent_path()); !synced) return synced.error();
    return true;
}

} // namespace llamahome::download
