#include "download/fetch_set.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <numeric>
#include <thread>

#include <sys/stat.h>

#include "core/error_codes.h"
#include "core/file_lock.h"
#include "core/guarded.h"
#include "core/quantity.h"
#include "download/partial_file.h"
#include "download/rate_limiter.h"
#include "download/remote_names.h"

namespace llamahome::download {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::milliseconds kTellEvery{100};
constexpr std::size_t kFailuresToStop = 3;
constexpr std::uint64_t kStatBlockBytes = 512;

/// What a partial file takes on the disk already, room set aside included.
std::uint64_t takenBytes(const fs::path& part) {
    struct stat status {};
    if (::lstat(part.c_str(), &status) != 0) return 0;
    return static_cast<std::uint64_t>(status.st_blocks) * kStatBlockBytes;
}

/// Whoever made the set folded case and forms; that no path leads out of the folder is seen to here, where
/// files are made.
Result<void> checkPaths(const RemoteSet& set) {
    std::vector<RemoteName> names;
    for (const RemoteFile& file : set.files)
        names.push_back({file.path});
    return checkRemoteNames(
        names, [](std::string_view name) { return std::string(name); }, set.name);
}

/// Makes the folders of a file. A link among them would lead elsewhere, and is not followed.
Result<void> makeFolders(const fs::path& folder, const std::string& path, FileLayer& files) {
    fs::path made = folder;
    for (const fs::path& part : fs::path(path).parent_path()) {
        made /= part;
        std::error_code failure;
        if (fs::is_symlink(fs::symlink_status(made, failure)))
            return Error{codes::kNotAFile,
                         displayPath(made) + ": found a link, expected a folder; remove the link first"};
    }
    return made == folder ? Result<void>() : files.makeDirectories(made);
}

/// Whether the other files would fail alike.
bool concernsAll(const Error& error) {
    return error.code != codes::kHashMismatch && error.code != codes::kHttpStatus &&
           error.code != codes::kHttpBody && error.code != codes::kHttpRedirect;
}

/// What one file's transfer tells and asks, handed on.
class FileWatch final : public TransferWatch {
public:
    FileWatch(SetBoard& board, std::size_t file, TransferControl& control, RateLimiter& limiter)
        : m_board(board)
        , m_file(file)
        , m_control(control)
        , m_limiter(limiter) {}

    void stateChanged(TransferState state, const std::string& reason) override {
        m_board.setState(m_file, state, reason);
    }
    void bytesChanged(std::uint64_t doneBytes, std::optional<std::uint64_t> totalBytes) override {
        m_board.setBytes(m_file, doneBytes, totalBytes);
    }
    void admit(std::size_t bytes, const CancelToken& cancel) override {
        m_limiter.admit(
            bytes, [this] { return m_control.limit(); }, cancel);
    }

private:
    SetBoard& m_board;
    std::size_t m_file;
    TransferControl& m_control;
    RateLimiter& m_limiter;
};

class SetFetch {
public:
    SetFetch(const RemoteSet& set, const fs::path& folder, const SetTools& tools)
        : m_set(set)
        , m_folder(folder)
        , m_tools(tools)
        , m_control(tools.control != nullptr ? *tools.control : m_ownControl)
        , m_limiter(*tools.clock, tools.pause)
        , m_board(set, *tools.clock)
        , m_waiting(set.files.size())
        , m_fetched(set.files.size()) {
        std::iota(m_waiting.begin(), m_waiting.end(), std::size_t{0});
        std::stable_sort(m_waiting.begin(), m_waiting.end(), [&](std::size_t a, std::size_t b) {
            return set.files[a].sizeBytes.value_or(0) > set.files[b].sizeBytes.value_or(0);
        });
    }

    Result<std::vector<FetchedFile>> run(const CancelToken& cancel, const SetSink& sink) {
        const std::size_t wanted = static_cast<std::size_t>(std::max(m_tools.connections, 1));
        m_working = std::min(wanted, m_waiting.size());
        std::vector<std::thread> workers;
        for (std::size_t i = m_working; i > 0; --i)
            workers.emplace_back([this] { work(); });
        tellUntilDone(cancel, sink);
        for (std::thread& worker : workers)
            worker.join();
        if (sink) sink(m_board.look());
        return outcome(cancel);
    }

private:
    void work() {
        const auto done = guarded([this]() -> Result<void> {
            auto transport = m_tools.openTransport();
            if (!transport) return transport.error();
            while (const auto file = next())
                take(*file, fetch(*file, **transport));
            return {};
        });
        const std::lock_guard guard(m_mutex);
        if (!done) noteFailure({}, done.error());
        --m_working;
        m_changed.notify_all();
    }

    std::optional<std::size_t> next() {
        const std::vector<std::string> wishes = m_control.wishes();
        const std::lock_guard guard(m_mutex);
        if (m_stop.isCancelled() || m_waiting.empty()) return std::nullopt;
        auto chosen = m_waiting.begin();
        for (const std::string& wish : wishes) {
            const auto found = std::find_if(m_waiting.begin(), m_waiting.end(),
                                            [&](std::size_t file) { return m_set.files[file].path == wish; });
            if (found == m_waiting.end()) continue;
            chosen = found;
            break;
        }
        const std::size_t file = *chosen;
        m_waiting.erase(chosen);
        return file;
    }

    Result<FetchedFile> fetch(std::size_t index, network::Transport& transport) {
        const RemoteFile& file = m_set.files[index];
        if (auto made = makeFolders(m_folder, file.path, m_tools.files); !made) return made.error();
        const FetchRequest request{file.url,       m_folder / fs::path(file.path),
                                   file.sizeBytes, file.hash,
                                   m_set.source,   m_set.commit,
                                   file.path,      m_set.headers};
        const FetchTools tools{transport,       m_tools.files, m_tools.pause, m_tools.patience,
                               m_tools.refusal, m_tools.clock, m_tools.flush};
        FileWatch watch(m_board, index, m_control, m_limiter);
        return fetchFile(request, tools, m_stop, watch);
    }

    void take(std::size_t index, const Result<FetchedFile>& fetched) {
        const std::lock_guard guard(m_mutex);
        if (fetched) {
            m_fetched[index] = *fetched;
            m_board.setBytes(index, fetched->sizeBytes, fetched->sizeBytes);
            m_board.setState(index, TransferState::Done, {});
        } else {
            noteFailure(index, fetched.error());
        }
    }

    /// Under the lock.
    void noteFailure(std::optional<std::size_t> file, const Error& error) {
        if (error.code == codes::kCancelled) {
            if (file) m_board.setState(*file, TransferState::Waiting, "stopped");
            return;
        }
        if (file) m_board.setFailed(*file, error);
        m_errors.push_back(error);
        if (concernsAll(error) || m_errors.size() >= kFailuresToStop) m_stop.cancel();
    }

    void tellUntilDone(const CancelToken& cancel, const SetSink& sink) {
        std::unique_lock lock(m_mutex);
        while (!m_changed.wait_for(lock, kTellEvery, [this] { return m_working == 0; })) {
            lock.unlock();
            if (cancel.isCancelled()) m_stop.cancel();
            if (sink) sink(m_board.look());
            lock.lock();
        }
    }

    Result<std::vector<FetchedFile>> outcome(const CancelToken& cancel) {
        std::vector<FetchedFile> fetched;
        for (const auto& file : m_fetched)
            if (file) fetched.push_back(*file);
        if (fetched.size() == m_fetched.size()) return fetched;
        const std::string count = std::to_string(fetched.size()) + " of " + std::to_string(m_fetched.size()) +
                                  " files are there; start again to go on";
        if (m_errors.empty() || cancel.isCancelled())
            return Error{codes::kCancelled, m_set.name + ": stopped on request; " + count};
        Error error = m_errors.front();
        error.message += "; " + count;
        for (std::size_t i = 1; i < m_errors.size(); ++i)
            error.detail += (error.detail.empty() ? "" : "\n") + m_errors[i].message;
        return error;
    }

    const RemoteSet& m_set;
    const fs::path& m_folder;
    const SetTools& m_tools;
    TransferControl m_ownControl;
    TransferControl& m_control;
    RateLimiter m_limiter;
    SetBoard m_board;
    CancelToken m_stop;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<std::size_t> m_waiting; ///< in the order of turns
    std::vector<std::optional<FetchedFile>> m_fetched;
    std::vector<Error> m_errors;
    std::size_t m_working = 0;
};

} // namespace

std::uint64_t missingBytes(const RemoteSet& set, const fs::path& folder) {
    std::uint64_t missing = 0;
    for (const RemoteFile& file : set.files) {
        const fs::path target = folder / fs::path(file.path);
        const std::uint64_t size = file.sizeBytes.value_or(0);
        if (const auto there = fileSize(target); there && *there == size) continue;
        missing += size - std::min(size, takenBytes(partPath(target)));
    }
    return missing;
}

Result<std::vector<FetchedFile>> fetchSet(const RemoteSet& set, const fs::path& folder, const SetTools& tools,
                                          const CancelToken& cancel, const SetSink& sink) {
    if (auto checked = checkPaths(set); !checked) return checked.error();
    if (auto made = tools.files.makeDirectories(folder); !made) return made.error();
    const auto lock = FileLock::tryAcquire(folder);
    if (!lock) return lock.error();
    if (!*lock)
        return Error{codes::kDownloadBusy, displayPath(folder) + ": another download to this folder is under "
                                                                 "way; wait until it is done, or stop it"};
    return SetFetch(set, folder, tools).run(cancel, sink);
}

} // namespace llamahome::download
