#include "download/partial_file.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "core/error_codes.h"

namespace llamahome::download {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBlockBytes = 1U << 20;
constexpr std::uint64_t kLaneFromBytes = 1U << 20;
constexpr int kLockTries = 3; ///< the file may be finished, and so renamed, between two looks

/// The points that a partial file of `sizeBytes` can have passed.
std::vector<DurablePoint> pointsWithin(const PartRecord& record, std::uint64_t sizeBytes) {
    std::vector<DurablePoint> points;
    for (const DurablePoint& point : record.points)
        if (point.bytes <= sizeBytes) points.push_back(point);
    return points;
}

} // namespace

fs::path partPath(const fs::path& target) {
    fs::path path = target;
    path += ".part";
    return path;
}

Result<void> removePart(FileLayer& files, const fs::path& target) {
    const fs::path part = partPath(target);
    if (isThere(part))
        if (auto removed = files.remove(part); !removed) return removed;
    return removePartRecord(files, part);
}

PartialFile::PartialFile(fs::path target, PartRecord what, FileLayer& files, const Clock& clock,
                         const FlushRule& rule)
    : m_target(std::move(target))
    , m_path(partPath(m_target))
    , m_record(std::move(what))
    , m_files(&files)
    , m_clock(&clock)
    , m_rule(rule)
    , m_hash(m_record.hash, m_record.sizeBytes)
    , m_durableHash(m_hash)
    , m_flushedAt(clock.monotonicSeconds()) {}

Result<PartialFile> PartialFile::open(const fs::path& target, PartRecord what, FileLayer& files,
                                      const Clock& clock, const FlushRule& rule, const CancelToken& cancel,
                                      const ProgressSink& checking) {
    PartialFile part(target, std::move(what), files, clock, rule);
    if (auto locked = part.lock(); !locked) return locked.error();
    const auto stored = readPartRecord(part.m_path);
    const auto taken = stored && !stored->isOfSameFile(part.m_record) ? part.restart()
                                                                      : part.takeUp(stored, cancel, checking);
    if (!taken) return taken.error();
    return part;
}

Result<void> PartialFile::lock() {
    for (int i = 0; i < kLockTries && !m_lock; ++i) {
        if (!isThere(m_path)) {
            auto made = m_files->createNew(m_path);
            if (!made && made.error().code != codes::kFileExists) return made.error();
        }
        auto lock = FileLock::tryAcquire(m_path);
        if (!lock) return lock.error();
        m_lock = std::move(*lock);
    }
    if (m_lock) return {};
    return Error{codes::kDownloadBusy, displayPath(m_target) +
                                           ": another download of this file is under way; wait until it is "
                                           "done, or stop it"};
}

Result<void> PartialFile::takeUp(const std::optional<PartRecord>& stored, const CancelToken& cancel,
                                 const ProgressSink& checking) {
    const auto size = fileSize(m_path);
    if (!size) return size.error();
    if (!stored && m_record.sizeBytes && *size > *m_record.sizeBytes) return restart();
    if (stored) {
        if (!m_record.sizeBytes && stored->sizeBytes) learnSize(*stored->sizeBytes);
        setServer(stored->origin, stored->etag);
    }
    std::ifstream stream(m_path, std::ios::binary);
    for (const DurablePoint& point : stored ? pointsWithin(*stored, *size) : std::vector<DurablePoint>()) {
        if (auto read = readTo(point.bytes, stream, cancel, checking); !read) return read;
        if (m_hash.sha256() != point.sha256) break; // the disk no longer has what was written
        m_record.points.push_back(point);
        m_durableBytes = m_sizeBytes;
        m_durableHash = m_hash;
    }
    if (stored) return rewind();
    if (auto read = readTo(*size, stream, cancel, checking); !read) return read;
    return reopen();
}

Result<void> PartialFile::readTo(std::uint64_t bytes, std::ifstream& stream, const CancelToken& cancel,
                                 const ProgressSink& checking) {
    std::vector<char> block(static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, bytes)));
    while (m_sizeBytes < bytes) {
        if (cancel.isCancelled())
            return Error{codes::kCancelled, displayPath(m_path) + ": checking was stopped"};
        const auto wanted =
            static_cast<std::streamsize>(std::min<std::uint64_t>(block.size(), bytes - m_sizeBytes));
        stream.read(block.data(), wanted);
        if (stream.gcount() != wanted)
            return Error{codes::kFileRead,
                         displayPath(m_path) + ": could not be read to its end; check the disk"};
        m_hash.update(std::as_bytes(std::span(block).first(static_cast<std::size_t>(wanted))));
        m_sizeBytes += static_cast<std::uint64_t>(wanted);
        if (checking) checking({"checking", m_sizeBytes, bytes, "bytes"});
    }
    return {};
}

void PartialFile::setServer(std::string origin, std::string etag) {
    m_record.origin = std::move(origin);
    m_record.etag = std::move(etag);
}

void PartialFile::learnSize(std::optional<std::uint64_t> sizeBytes) {
    m_record.sizeBytes = sizeBytes;
    if (m_sizeBytes > 0) return;
    m_hash = ContentHash(m_record.hash, sizeBytes);
    m_durableHash = m_hash;
}

Result<void> PartialFile::append(std::span<const std::byte> bytes) {
    if (!m_hasBegun)
        if (auto begun = beginLargeFile(); !begun) return begun;
    if (auto written = m_file->write(bytes); !written) return written;
    hash(bytes);
    m_sizeBytes += bytes.size();
    const bool isDue = m_sizeBytes - m_durableBytes >= m_rule.bytes ||
                       m_clock->monotonicSeconds() - m_flushedAt >= m_rule.seconds;
    return isDue ? flush() : Result<void>();
}

void PartialFile::hash(std::span<const std::byte> bytes) {
    if (!m_lane && m_sizeBytes >= kLaneFromBytes) m_lane = HashLane::open(m_hash);
    m_lane ? m_lane->update(bytes) : m_hash.update(bytes);
}

void PartialFile::settleHash() {
    if (m_lane) m_hash = m_lane->settled();
}

std::string PartialFile::sha256() {
    settleHash();
    return m_hash.sha256();
}

/// Room for all of it, so that a full disk is known before the first byte, and a record, so that even a file
/// that breaks off at once is known for what it is. Small files are not worth the writing.
Result<void> PartialFile::beginLargeFile() {
    m_hasBegun = true;
    m_flushedAt = m_clock->monotonicSeconds();
    if (m_record.sizeBytes && *m_record.sizeBytes <= m_rule.bytes) return {};
    if (m_record.sizeBytes)
        if (auto reserved = m_file->reserve(*m_record.sizeBytes); !reserved) return reserved;
    return writePartRecord(*m_files, m_path, m_record);
}

Result<void> PartialFile::flush() {
    if (auto synced = m_file->sync(); !synced) return synced;
    m_flushedAt = m_clock->monotonicSeconds();
    if (m_sizeBytes == m_durableBytes) return {};
    settleHash();
    m_durableBytes = m_sizeBytes;
    m_durableHash = m_hash;
    m_record.addPoint({m_sizeBytes, m_hash.sha256()}, m_rule.bytes);
    return writePartRecord(*m_files, m_path, m_record);
}

Result<void> PartialFile::rewind() {
    m_file.reset();
    m_lane.reset();
    m_hash = m_durableHash;
    m_sizeBytes = m_durableBytes;
    if (auto cut = m_files->truncate(m_path, m_durableBytes); !cut) return cut;
    return reopen();
}

Result<void> PartialFile::restart() {
    m_record.points.clear();
    m_durableBytes = 0;
    m_durableHash = ContentHash(m_record.hash, m_record.sizeBytes);
    m_hasBegun = false;
    return rewind();
}

Result<void> PartialFile::reopen() {
    auto file = m_files->openAppend(m_path);
    if (!file) return file.error();
    m_file = std::move(*file);
    return {};
}

void PartialFile::keep() {
    // What cannot be flushed now is looked at by the next run.
    if (m_file && m_sizeBytes > m_durableBytes) (void)flush();
    m_file.reset();
    if (m_sizeBytes == 0) (void)removePart(*m_files, m_target);
}

Result<bool> PartialFile::finish(const CancelToken& cancel) {
    settleHash();
    std::optional<bool> isRight = m_hash.isAsExpected();
    if (!isRight) {
        const auto reread = contentHashOf(m_path, m_record.hash, cancel);
        if (!reread) return reread.error();
        isRight = reread->isAsExpected();
    }
    if (isRight != true) return false;
    if (auto synced = m_file->sync(); !synced) return synced.error();
    if (auto closed = m_file->close(); !closed) return closed.error();
    if (auto renamed = m_files->rename(m_path, m_target); !renamed) return renamed.error();
    if (auto synced = m_files->syncDirectory(m_target.parent_path()); !synced) return synced.error();
    if (auto removed = removePartRecord(*m_files, m_path); !removed) return removed.error();
    return true;
}

} // namespace llamahome::download
