#include "jobs/download/present_model.h"

#include <algorithm>
#include <utility>

#include "core/clock.h"
#include "core/error_codes.h"
#include "core/log.h"
#include "core/shown_text.h"
#include "download/content_hash.h"
#include "download/hub_client.h"
#include "jobs/download/meta_model.h"
#include "jobs/download/mirror_model.h"
#include "jobs/library/damage_mark.h"
#include "jobs/library/disk_room.h"
#include "jobs/verify/file_checks.h"
#include "jobs/verify/verify_model.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// Who says what a file must be.
std::string originOf(const RemoteModel& model, download::HashKind provedBy) {
    switch (provedBy) {
    case download::HashKind::Sha256:
        return model.origin;
    case download::HashKind::GitBlobSha1:
    case download::HashKind::Md5:
        return model.origin + " (" + download::nameOf(provedBy) + ")";
    case download::HashKind::None:
        break;
    }
    return "first seen";
}

/// The files of a set as a manifest lists them.
std::vector<ManifestFile> listedFiles(const RemoteModel& model,
                                      const std::vector<download::FetchedFile>& fetched) {
    std::vector<ManifestFile> listed;
    for (std::size_t i = 0; i < fetched.size(); ++i)
        listed.push_back({model.set.files[i].path, fetched[i].sizeBytes, fetched[i].sha256,
                          originOf(model, fetched[i].provedBy)});
    return listed;
}

/// A model of the library that is asked for once more.
class Present {
public:
    Present(const DownloadRequest& request, const Library& library, const ModelEntry& entry,
            const DownloadTools& tools, const CancelToken& cancel, const ProgressSink& progress)
        : m_request(request)
        , m_asked(request.target.hubId)
        , m_library(library)
        , m_entry(entry)
        , m_tools(tools)
        , m_cancel(cancel)
        , m_progress(progress)
        , m_manifest(readManifest(entry.path)) {
        // What is there is put right from where it came, under whichever name it was asked for.
        if (m_manifest && hasFilesOfHub(*m_manifest)) m_request.target.hubId = m_manifest->source;
    }

    Result<DownloadResult> run() {
        if (m_entry.state == ModelState::Offline)
            return Error{codes::kModelOffline, m_entry.name + " is offline: " + m_entry.problem};
        if (m_entry.state == ModelState::Foreign)
            return Error{codes::kImportExists, m_entry.name + " is not in the library: " + m_entry.problem};
        if (!m_manifest) return restore(nullptr);
        if (auto same = checkRevision(); !same) return same.error();
        auto damaged = findDamage();
        if (!damaged) return damaged.error();
        if (damaged->empty()) return DownloadResult{m_entry, true, {}, notesOfPresent()};
        if (!canBeFetched()) return cameFromElsewhere(damaged->front());
        return restore(&*damaged);
    }

private:
    /// That it is another one than was asked for is no error: the name is taken by a whole model.
    std::vector<std::string> notesOfPresent() const {
        if (m_request.source != DownloadSource::Hub || m_manifest->source == m_asked) return {};
        return {"the model of this name came from " + quotedText(m_manifest->source)};
    }

    /// Whether the files as they lie there can be had from the request's source.
    bool canBeFetched() const {
        if (m_request.source == DownloadSource::Hub) return hasFilesOfHub(*m_manifest);
        return m_request.source == DownloadSource::Mirror && m_manifest->sourceSha256.empty();
    }

    Error cameFromElsewhere(const FileProblem& problem) const {
        return Error{codes::kModelDamaged, m_entry.name + " is damaged: " + problem.error.message +
                                               "; it came from " + quotedText(m_manifest->source) +
                                               ", so that single files cannot be fetched: `llamahome " +
                                               "remove " + commandWords(m_entry) + "`, and download it anew"};
    }

    /// A revision that is asked for by name must be the one that is there.
    Result<void> checkRevision() {
        if (m_request.revision.empty() || m_request.source != DownloadSource::Hub) return {};
        if (m_request.revision == m_manifest->commit) return {};
        const auto model = findRemoteModel(m_request, {}, m_tools, m_cancel);
        if (!model) return model.error();
        if (model->set.commit == m_manifest->commit) return {};
        return Error{codes::kImportExists,
                     m_entry.name + ": is there at " +
                         (m_manifest->commit.empty() ? "an unknown commit" : "commit " + m_manifest->commit) +
                         ", expected " + model->set.commit + " (" + m_request.revision +
                         "); remove it with `llamahome remove " + commandWords(m_entry) +
                         "` and download again"};
    }

    /// The files that are not as recorded. Sizes and structure; where these are wrong, on request, or where a
    /// check found more, bytes.
    Result<std::vector<FileProblem>> findDamage() {
        std::vector<FileProblem> problems = checkSizes(m_entry.path, *m_manifest);
        std::optional<Error> structure;
        if (problems.empty()) {
            const auto report = verifyModel(m_entry, false, m_cancel, {});
            if (!report) return report.error();
            structure = report->error;
            if (!structure && !m_request.everyByte && m_entry.state != ModelState::Damaged) return problems;
        }
        problems = checkHashes(m_entry.path, *m_manifest, m_cancel, m_progress);
        if (m_cancel.isCancelled())
            return Error{codes::kCancelled, "the check of " + m_entry.name + " was stopped"};
        if (problems.empty() && structure) return *structure; // as published, and of no use
        if (problems.empty() && m_entry.state == ModelState::Damaged) return lookDeep();
        return problems;
    }

    /// A model that is marked as damaged and whose bytes are as recorded: its numbers are no numbers, or
    /// somebody put it right by hand.
    Result<std::vector<FileProblem>> lookDeep() {
        const auto report = verifyModel(m_entry, true, m_cancel, m_progress);
        if (!report) return report.error();
        keepVerdict(m_entry, *report, m_tools.files);
        if (report->error) return *report->error;
        return std::vector<FileProblem>{};
    }

    /// Fetches the files of `damaged`, of an unreadable manifest all that are not as they should be, into the
    /// model's folder: each takes its place when it is proved.
    Result<DownloadResult> restore(const std::vector<FileProblem>* damaged) {
        const auto lock = m_tools.lockRoot();
        if (!lock) return lock.error();
        auto model =
            findRemoteModel(m_request, m_manifest ? m_manifest->commit : std::string(), m_tools, m_cancel);
        if (!model) return model.error();
        if (isConverted(model->form)) return wrongForm();
        RemoteModel wanted = *model;
        if (damaged != nullptr)
            if (auto limited = limitTo(*damaged, wanted.set); !limited) return limited.error();
        if (auto fits = checkDiskRoom(m_entry.path, wanted.totalBytes(), "the repair of " + m_entry.name);
            !fits)
            return fits.error();
        const auto fetched = fetchModel(m_request, wanted.set, m_entry.path, m_tools, m_cancel, m_progress);
        if (!fetched) return fetched.error();
        if (auto recorded = record(wanted, *fetched); !recorded) return recorded.error();
        return finished(wanted);
    }

    Error wrongForm() const {
        return Error{codes::kModelDamaged, m_entry.name +
                                               " is damaged, and its source has it in another form; "
                                               "`llamahome remove " +
                                               commandWords(m_entry) + " --force`, and download it anew"};
    }

    /// Leaves in `set` what is damaged; every such file must be there, and be what was recorded.
    Result<void> limitTo(const std::vector<FileProblem>& damaged, download::RemoteSet& set) const {
        const std::vector<download::RemoteFile> all = std::exchange(set.files, {});
        for (const FileProblem& problem : damaged) {
            const auto remote = std::find_if(all.begin(), all.end(), [&](const download::RemoteFile& file) {
                return file.path == problem.name;
            });
            const auto listed =
                std::find_if(m_manifest->files.begin(), m_manifest->files.end(),
                             [&](const ManifestFile& file) { return file.path == problem.name; });
            const bool isOther = remote != all.end() && listed != m_manifest->files.end() &&
                                 remote->hash.kind == download::HashKind::Sha256 &&
                                 remote->hash.hex != listed->sha256;
            if (remote == all.end() || isOther)
                return Error{codes::kModelDamaged,
                             m_entry.name + " is damaged: " + problem.error.message + "; " + set.source +
                                 (isOther ? " has another file of that name" : " has no file of that name") +
                                 ": `llamahome remove " + commandWords(m_entry) + "`, and download it anew"};
            set.files.push_back(*remote);
        }
        return {};
    }

    /// The manifest with the files as they are now.
    Result<void> record(const RemoteModel& model, const std::vector<download::FetchedFile>& fetched) {
        Manifest manifest = m_manifest ? *m_manifest : manifestOf(model, fetched, m_request.target);
        for (const ManifestFile& file : listedFiles(model, fetched))
            for (ManifestFile& known : manifest.files)
                if (known.path == file.path) known = file;
        manifest.digest = manifestDigest(manifest.files);
        return writeManifest(m_tools.files, m_entry.path, manifest);
    }

    Result<DownloadResult> finished(const RemoteModel& fetched) {
        if (auto cleared = clearDamage(m_tools.files, m_entry.path); !cleared) return cleared.error();
        auto entry = m_library.find(m_request.target.family, m_request.target.version);
        if (!entry) return Error{codes::kInternal, m_entry.name + " is not there after its repair"};
        const auto report = verifyModel(*entry, false, m_cancel, {});
        if (!report) return report.error();
        if (report->error) return *report->error;
        DownloadResult result{std::move(*entry), false, {}, {}};
        for (const download::RemoteFile& file : fetched.set.files)
            result.repaired.push_back(file.path);
        return result;
    }

    DownloadRequest m_request;
    std::string m_asked; ///< the Hub id that was asked for
    const Library& m_library;
    const ModelEntry& m_entry;
    const DownloadTools& m_tools;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    Result<Manifest> m_manifest;
};

/// The Hub, and where that does not answer its mirror.
Result<RemoteModel> findAtHub(const DownloadRequest& request, const std::string& commit,
                              const DownloadTools& tools, const CancelToken& cancel) {
    if (request.target.hubId.empty())
        return Error{codes::kDownloadSource,
                     request.target.name() + ": the catalogue knows no place on the Hub for it; name its Hub "
                                             "id (org/name), or another place with --source"};
    HubModelRequest wanted{request.hub, request.target.hubId, request.revision, commit, request.file};
    auto model = findHubModel(tools.transport, wanted, tools.pause, cancel);
    const bool isSilent = !model && (model.error().code == codes::kNetworkFailure ||
                                     model.error().code == codes::kNetworkStalled);
    if (!isSilent) return model;
    if (request.hubMirror.empty()) {
        Error error = model.error();
        error.message += "; is this machine online? Another address of the Hub is set by HF_ENDPOINT";
        return error;
    }
    const auto mirror = download::hubEndpoint(request.hubMirror, tools.transport.allowsPlain());
    if (!mirror) return mirror.error();
    logLine(LogLevel::Warning, "jobs", model.error().message + "; asking " + *mirror);
    wanted.access = {*mirror, {}};
    return findHubModel(tools.transport, wanted, tools.pause, cancel);
}

} // namespace

bool isPresent(const ModelEntry& entry) {
    return entry.state != ModelState::Absent && entry.state != ModelState::Partial;
}

Result<DownloadResult> presentModel(const DownloadRequest& request, const Library& library,
                                    const ModelEntry& entry, const DownloadTools& tools,
                                    const CancelToken& cancel, const ProgressSink& progress) {
    return Present(request, library, entry, tools, cancel, progress).run();
}

Result<RemoteModel> findRemoteModel(const DownloadRequest& request, const std::string& commit,
                                    const DownloadTools& tools, const CancelToken& cancel) {
    switch (request.source) {
    case DownloadSource::Meta: {
        const auto link = download::MetaLink::parse(request.place, systemClock().now());
        if (!link) return link.error();
        return findMetaModel(tools.transport, *link, request.target, tools.pause, cancel);
    }
    case DownloadSource::Mirror:
        return findMirrorModel(tools.transport, request.place, request.file, tools.pause, cancel);
    case DownloadSource::Hub:
        break;
    }
    return findAtHub(request, commit, tools, cancel);
}

Result<std::vector<download::FetchedFile>> fetchModel(const DownloadRequest& request,
                                                      const download::RemoteSet& set, const fs::path& folder,
                                                      const DownloadTools& tools, const CancelToken& cancel,
                                                      const ProgressSink& progress) {
    const bool isHere = request.source == DownloadSource::Mirror && !isAddress(request.place);
    return isHere ? copySet(set, folder, tools.files, cancel, progress)
                  : tools.fetch(set, folder, cancel, progress);
}

Manifest manifestOf(const RemoteModel& model, const std::vector<download::FetchedFile>& fetched,
                    const DownloadTarget& target) {
    Manifest manifest;
    manifest.family = target.family;
    manifest.version = target.version;
    manifest.source = model.set.name;
    manifest.commit = model.set.commit;
    manifest.files = listedFiles(model, fetched);
    std::sort(manifest.files.begin(), manifest.files.end(),
              [](const ManifestFile& a, const ManifestFile& b) { return a.path < b.path; });
    manifest.digest = manifestDigest(manifest.files);
    return manifest;
}

} // namespace llamahome::jobs
