// A hub, a folder and what fetchSet() needs, for the tests that spoil them; and what has to hold after every
// run, whatever happened in it. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/log.h"
#include "download/fetch_set.h"
#include "support/hub_server.h"
#include "support/temporary_folder.h"
#include "support/watched_transport.h"

namespace llamahome::testing {

inline constexpr const char* kSmallFile = "config.json";
inline constexpr const char* kLargeFile = "weights/model.safetensors";
inline constexpr std::uint64_t kGroundFlushBytes = 32U << 10;
inline constexpr std::size_t kDirectBlockBytes = 8U << 10;

/// What a run gave and told.
struct DownloadRun {
    Result<std::vector<download::FetchedFile>> result = std::vector<download::FetchedFile>();
    download::SetStatus last;
    std::vector<std::string> reasons; ///< of every Waiting
};

class DownloadGround {
public:
    explicit DownloadGround(HubServer::Reach reach, const std::optional<TlsIdentity>& identity = {});
    ~DownloadGround();
    DownloadGround(const DownloadGround&) = delete;
    DownloadGround& operator=(const DownloadGround&) = delete;

    std::filesystem::path root() const { return m_root.path(); }
    std::filesystem::path folder() const { return root() / "model"; }
    std::filesystem::path fileOf(const std::string& path) const { return folder() / path; }
    /// What the hub has, bytes by path.
    const std::map<std::string, std::string>& files() const { return hub.models.begin()->second.files; }

    DownloadRun fetch(FileLayer& files = systemFiles());
    /// The listing as getText() gives it.
    Result<std::string> list();

    /// What does not hold after a run, one line each, by the invariants' numbers: V1 no false success, V2
    /// nothing lost, V3 progress kept, V4 every file accounted for, V5 no secret told, V6 nothing outside,
    /// V7 bounded, V8 errors that name the cause, V9 the same bytes in the end.
    std::vector<std::string> broken(const DownloadRun& run) const;
    /// What a run without faults has to leave: every file, and nothing else.
    std::vector<std::string> notWhole(const DownloadRun& run) const;
    /// Bytes that arrived, and were there before.
    std::uint64_t bytesTwice() const;
    int leaks() const;

    HubServer hub;
    download::RemoteSet set;
    TransportFaults faults;
    network::TransportOptions transportOptions;
    download::Patience patience;
    TransportCounts counts;
    std::vector<double> pauses; ///< asked for and not waited for
    std::function<void(std::size_t pause)> onPause;
    bool areOthersUntouched() const;

private:
    Result<std::unique_ptr<network::Transport>> openTransport();
    std::map<std::string, std::string> others() const;
    void addSecrets(const DownloadRun& run, std::vector<std::string>& findings) const;
    void addFiles(const DownloadRun& run, std::vector<std::string>& findings) const;

    class KeptLines;
    HubServer::Reach m_reach;
    TemporaryFolder m_root;
    std::shared_ptr<KeptLines> m_log;
    std::map<std::string, std::string> m_othersBefore;
};

} // namespace llamahome::testing
