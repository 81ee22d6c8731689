// What has been received of a file so far, with its running hash and a record of how far it is on the disk.
// One thread, and one of its own that hashes; one holder in the whole system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/file_lock.h"
#include "core/progress.h"
#include "download/content_hash.h"
#include "download/hash_lane.h"
#include "download/part_record.h"

namespace llamahome::download {

/// Received bytes are flushed after so many of them, or seconds: a loss of power costs no more.
struct FlushRule {
    std::uint64_t bytes = 64ULL << 20;
    double seconds = 5.0;
};

/// Lies in "<target>.part", its record in "<target>.part.json". Bytes that an earlier run left are hashed
/// anew, so none is trusted unseen: from the first that differs from the record they are dropped, and where
/// there is no record all are kept, for the file's hash to decide.
class PartialFile {
public:
    /// Takes up what is there, or begins empty. DL-02: somebody else is receiving this file. FILE-…, RUN-00.
    static Result<PartialFile> open(const std::filesystem::path& target, PartRecord what, FileLayer& files,
                                    const Clock& clock, const FlushRule& rule, const CancelToken& cancel,
                                    const ProgressSink& checking = {});

    std::uint64_t sizeBytes() const { return m_sizeBytes; }
    const PartRecord& record() const { return m_record; }

    /// Who sends the bytes; recorded with the next flush.
    void setServer(std::string origin, std::string etag);
    /// The whole file's size as the server says, where the listing did not. Without bytes so far also that it
    /// is not known.
    void learnSize(std::optional<std::uint64_t> sizeBytes);

    /// Writes and hashes, and flushes where that is due. After an error rewind() or restart().
    Result<void> append(std::span<const std::byte> bytes);
    /// Makes everything so far durable, and records that.
    Result<void> flush();
    /// Forgets what may not be on the disk after a write or flush that failed: no second one is trusted.
    Result<void> rewind();
    /// Forgets everything received.
    Result<void> restart();
    /// At the end of a run that did not finish: what was received stays, or nothing at all.
    void keep();

    /// Gives the file its name, durably, where it is what was promised; else false, and only restart() helps.
    Result<bool> finish(const CancelToken& cancel);
    /// SHA-256 of what was received.
    std::string sha256();

private:
    PartialFile(std::filesystem::path target, PartRecord what, FileLayer& files, const Clock& clock,
                const FlushRule& rule);
    Result<void> lock();
    Result<void> takeUp(const std::optional<PartRecord>& stored, const CancelToken& cancel,
                        const ProgressSink& checking);
    Result<void> readTo(std::uint64_t bytes, std::ifstream& stream, const CancelToken& cancel,
                        const ProgressSink& checking);
    Result<void> beginLargeFile();
    Result<void> reopen();
    void hash(std::span<const std::byte> bytes);
    /// Afterwards m_hash is of everything received.
    void settleHash();

    std::filesystem::path m_target;
    std::filesystem::path m_path;
    PartRecord m_record;
    FileLayer* m_files;
    const Clock* m_clock;
    FlushRule m_rule;
    std::optional<FileLock> m_lock;
    std::unique_ptr<WritableFile> m_file;
    ContentHash m_hash;               ///< without what the lane has yet to give back
    std::unique_ptr<HashLane> m_lane; ///< of files that are worth a thread
    std::uint64_t m_sizeBytes = 0;
    ContentHash m_durableHash; ///< of the first m_durableBytes
    std::uint64_t m_durableBytes = 0;
    double m_flushedAt = 0.0;
    bool m_hasBegun = false; ///< room and a first record were cared for
};

/// "<target>.part".
std::filesystem::path partPath(const std::filesystem::path& target);
/// Removes what an earlier run left beside a finished target.
Result<void> removePart(FileLayer& files, const std::filesystem::path& target);

} // namespace llamahome::download
