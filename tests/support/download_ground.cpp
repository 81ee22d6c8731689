#include "support/download_ground.h"

#include <algorithm>

#include "core/error_codes.h"
#include "download/http_get.h"
#include "download/partial_file.h"
#include "network/transport_loader.h"
#include "support/checked.h"
#include "support/noise.h"

namespace llamahome::testing {
namespace fs = std::filesystem;
namespace {

constexpr const char* kName = "org/name";
constexpr int kMostRequests = 200;
constexpr std::size_t kMostListBytes = 1U << 20;

HubModel someModel() {
    return {{{kSmallFile, noise(700, 1)},
             {kLargeFile, noise(200'000, 2)},
             {"weights/tokenizer.json", noise(5'000, 3)}}};
}

std::map<std::string, std::string> filesBelow(const fs::path& folder, const fs::path& but) {
    std::map<std::string, std::string> found;
    for (fs::recursive_directory_iterator entry(folder), end; entry != end; ++entry) {
        if (entry->path() == but) entry.disable_recursion_pending();
        if (entry->is_regular_file()) found[entry->path().string()] = checked(readFile(entry->path()));
    }
    return found;
}

bool hasSecret(const std::string& text) {
    return text.find(HubServer::kLicensedToken) != std::string::npos ||
           text.find(HubServer::kSignature) != std::string::npos;
}

} // namespace

/// The program's log.
class DownloadGround::KeptLines final : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view message) override {
        const std::lock_guard guard(m_mutex);
        m_lines += std::string(message) + "\n";
    }
    std::string lines() const {
        const std::lock_guard guard(m_mutex);
        return m_lines;
    }

private:
    mutable std::mutex m_mutex;
    std::string m_lines;
};

DownloadGround::DownloadGround(HubServer::Reach reach, const std::optional<TlsIdentity>& identity)
    : hub(identity, reach)
    , m_reach(reach)
    , m_log(std::make_shared<KeptLines>()) {
    hub.models[kName] = someModel();
    set = hub.set(kName);
    setLogSink(m_log);
    fs::create_directories(root() / "another");
    checked(writeFileAtomically(systemFiles(), root() / "another/model.safetensors", noise(3000, 9)));
    checked(writeFileAtomically(systemFiles(), root() / "settings.yaml", "mine: 1\n"));
    m_othersBefore = others();
}

DownloadGround::~DownloadGround() {
    setLogSink(nullptr);
}

std::map<std::string, std::string> DownloadGround::others() const {
    return filesBelow(root(), folder());
}

bool DownloadGround::areOthersUntouched() const {
    return others() == m_othersBefore;
}

Result<std::unique_ptr<network::Transport>> DownloadGround::openTransport() {
    if (m_reach == HubServer::Reach::Direct)
        return watchedTransport(hub.directTransport(kDirectBlockBytes), counts, faults);
    auto transport = network::openTransport(transportOptions);
    if (!transport) return transport.error();
    return watchedTransport(std::move(*transport), counts, faults);
}

DownloadRun DownloadGround::fetch(FileLayer& files) {
    DownloadRun run;
    std::mutex mutex;
    download::SetTools tools{[this] { return openTransport(); }, files,
                             [&](double seconds, const CancelToken&) {
                                 const std::lock_guard guard(mutex);
                                 pauses.push_back(seconds);
                                 if (onPause) onPause(pauses.size());
                             }};
    tools.patience = patience;
    tools.flush.bytes = kGroundFlushBytes;
    tools.connections = 1; // file calls in the same order each time
    run.result = download::fetchSet(set, folder(), tools, {}, [&](const download::SetStatus& status) {
        run.last = status;
        for (const download::FileStatus& file : status.files)
            if (file.state == download::TransferState::Waiting) run.reasons.push_back(file.reason);
    });
    return run;
}

Result<std::string> DownloadGround::list() {
    const auto transport = openTransport();
    if (!transport) return transport.error();
    auto text = download::getText(
        **transport, {hub.endpoint() + "/api/models/" + kName + "/tree/main?recursive=true", set.headers},
        kMostListBytes,
        [this](double seconds, const CancelToken&) {
            pauses.push_back(seconds);
            if (onPause) onPause(pauses.size());
        },
        {});
    if (!text) return text.error();
    return std::move(text->text);
}

std::vector<std::string> DownloadGround::broken(const DownloadRun& run) const {
    std::vector<std::string> findings;
    addFiles(run, findings);
    addSecrets(run, findings);
    if (!areOthersUntouched()) findings.emplace_back("V2, V6: files beside the set have changed");
    if (hub.requests() > kMostRequests)
        findings.push_back("V7: " + std::to_string(hub.requests()) + " requests");
    if (run.result) return findings;
    const Error& error = run.result.error();
    if (error.message.empty() || error.code.text.empty()) findings.emplace_back("V8: an error without words");
    if (error.code == codes::kCancelled || error.code == codes::kInternal)
        findings.push_back("V8: not the cause: " + error.message);
    return findings;
}

void DownloadGround::addFiles(const DownloadRun& run, std::vector<std::string>& findings) const {
    std::vector<fs::path> known;
    std::size_t whole = 0;
    for (const auto& [path, content] : files()) {
        const fs::path target = fileOf(path);
        const fs::path part = download::partPath(target);
        const fs::path record = download::partRecordPath(part);
        known.insert(known.end(), {target, part, record, record.string() + ".new"});
        if (!isThere(target)) continue;
        if (checked(readFile(target)) == content)
            ++whole;
        else
            findings.push_back("V1: " + path + " has its name and is not what was promised");
    }
    if (run.result && whole != files().size()) findings.emplace_back("V1: success, and files are missing");
    if (run.last.countOf(download::TransferState::Done) > whole)
        findings.emplace_back("V1: more files are shown as done than are there");
    if (!isThere(folder())) return;
    for (const auto& entry : fs::recursive_directory_iterator(folder()))
        if (!entry.is_directory() && std::find(known.begin(), known.end(), entry.path()) == known.end())
            findings.push_back("V4: nobody knows " + entry.path().filename().string());
}

void DownloadGround::addSecrets(const DownloadRun& run, std::vector<std::string>& findings) const {
    bool isTold = hasSecret(m_log->lines());
    if (!run.result)
        isTold = isTold || hasSecret(run.result.error().message) || hasSecret(run.result.error().detail);
    for (const std::string& reason : run.reasons)
        isTold = isTold || hasSecret(reason);
    for (const download::FileStatus& file : run.last.files)
        isTold = isTold || hasSecret(file.reason) ||
                 (file.error && (hasSecret(file.error->message) || hasSecret(file.error->detail)));
    for (const auto& [path, bytes] : filesBelow(root(), {}))
        isTold = isTold || hasSecret(bytes) || hasSecret(path);
    if (isTold) findings.emplace_back("V5: a secret was written or told");
    if (hub.leaks() > 0) findings.emplace_back("V5: a secret went to the wrong host");
}

std::vector<std::string> DownloadGround::notWhole(const DownloadRun& run) const {
    std::vector<std::string> findings = broken(run);
    if (!run.result) {
        findings.push_back("V9: no recovery: " + run.result.error().message);
        return findings;
    }
    const auto found = filesBelow(folder(), {});
    if (found.size() != files().size()) findings.emplace_back("V4: something is left beside the files");
    return findings;
}

std::uint64_t DownloadGround::bytesTwice() const {
    std::uint64_t size = 0;
    for (const auto& [path, content] : files())
        size += content.size();
    return counts.bodyBytes > size ? counts.bodyBytes - size : 0;
}

int DownloadGround::leaks() const {
    return hub.leaks();
}

} // namespace llamahome::testing
