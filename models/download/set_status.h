// How far a set of transfers is, file by file, for whoever shows it. Values; SetBoard: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "download/remote_set.h"
#include "download/transfer_watch.h"

namespace llamahome::download {

struct FileStatus {
    std::string path; ///< as the set has it
    HashKind provedBy = HashKind::None;
    TransferState state = TransferState::Waiting;
    std::string reason = "its turn"; ///< of Waiting
    std::uint64_t doneBytes = 0;
    std::optional<std::uint64_t> totalBytes = {};
    double bytesPerSecond = 0.0;     ///< of the last seconds; 0 where nothing arrives
    std::optional<Error> error = {}; ///< of Failed
};

struct SetStatus {
    std::vector<FileStatus> files; ///< in the order of the set
    std::uint64_t doneBytes = 0;
    std::uint64_t totalBytes = 0; ///< 0: not known
    double bytesPerSecond = 0.0;

    std::size_t countOf(TransferState state) const;
};

/// Called at most ten times a second, and once at the end, by the thread that called fetchSet().
using SetSink = std::function<void(const SetStatus&)>;

/// Where the workers write, and the one who shows reads.
class SetBoard {
public:
    SetBoard(const RemoteSet& set, const Clock& clock);

    void setState(std::size_t file, TransferState state, const std::string& reason);
    void setBytes(std::size_t file, std::uint64_t doneBytes, std::optional<std::uint64_t> totalBytes);
    void setFailed(std::size_t file, const Error& error);

    /// With rates since the last call.
    SetStatus look();

private:
    /// What the last look saw of a file.
    struct Seen {
        std::uint64_t doneBytes = 0;
        bool wasReceiving = false;
    };

    const Clock& m_clock;
    std::mutex m_mutex;
    std::vector<FileStatus> m_files;
    std::vector<Seen> m_seen;
    double m_seenAt;
};

} // namespace llamahome::download
