#include "jobs/download/download_model.h"

#include <utility>

#include "core/error_codes.h"
#include "download/hub_listing.h"
#include "jobs/download/download_offer.h"
#include "jobs/download/download_place.h"
#include "jobs/download/present_model.h"
#include "jobs/import/import_model.h"
#include "jobs/verify/model_checks.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// One download of a model that is not there yet.
class Downloading {
public:
    Downloading(const DownloadRequest& request, const Library& library, const DownloadTools& tools,
                const CancelToken& cancel, const ProgressSink& progress)
        : m_request(request)
        , m_library(library)
        , m_tools(tools)
        , m_cancel(cancel)
        , m_progress(progress)
        , m_target(request.target) {}

    Result<DownloadResult> run() {
        const std::string pinned = pinnedCommit(m_request, m_library.root());
        auto model = findRemoteModel(m_request, pinned, m_tools, m_cancel);
        if (!model) return model.error();
        if (auto renamed = followName(*model); renamed) return *renamed;
        auto place = DownloadPlace::claim(m_library.root(), m_target.family, m_target.version, m_tools.files);
        if (!place) return place.error();
        const auto fetched = fetch(*model, *place);
        if (!fetched) return fetched.error();
        const auto kept = isConverted(model->form) ? convert(*model, *place) : keep(*model, *fetched, *place);
        if (!kept) return kept.error();
        auto entry = m_library.find(m_target.family, m_target.version);
        if (!entry || !entry->isUsable())
            return Error{codes::kInternal, m_target.name() + " is not there after its download"};
        if (m_request.source == DownloadSource::Hub && pinned == model->set.commit) noteNewerCommit(*model);
        return DownloadResult{std::move(*entry), false, {}, std::move(m_notes)};
    }

private:
    /// A download that goes on keeps to its commit; what the branch has got since is offered.
    void noteNewerCommit(const RemoteModel& model) {
        const std::string branch = m_request.revision.empty() ? "main" : m_request.revision;
        const auto commit = download::resolveHubRevision(
            m_tools.transport, {m_request.hub, model.set.name, branch}, m_tools.pause, m_cancel);
        if (!commit || *commit == model.set.commit) return;
        m_notes.push_back(m_target.name() + " is at the commit that its download began with, " +
                          model.set.commit.substr(0, 12) + "; " + branch + " has moved on to " +
                          commit->substr(0, 12) + ". `llamahome remove " + m_target.words() +
                          "` and a new download get that");
    }

    /// Takes the name that the Hub has for the repository now. A result where that model is there already.
    std::optional<Result<DownloadResult>> followName(const RemoteModel& model) {
        if (m_request.source != DownloadSource::Hub || m_target.catalog || model.set.name == m_target.hubId)
            return std::nullopt;
        m_notes.push_back(m_target.hubId + " is called " + model.set.name + " now");
        m_target = targetOfHubId(m_library.catalog(), model.set.name);
        const auto entry = m_library.find(m_target.family, m_target.version);
        if (!entry || !isPresent(*entry)) return std::nullopt;
        DownloadRequest there = m_request;
        there.target = m_target;
        auto result = presentModel(there, m_library, *entry, m_tools, m_cancel, m_progress);
        if (result) result->notes.insert(result->notes.begin(), m_notes.begin(), m_notes.end());
        return result;
    }

    Result<std::vector<download::FetchedFile>> fetch(const RemoteModel& model, DownloadPlace& place) {
        std::vector<std::string> names;
        for (const download::RemoteFile& file : model.set.files)
            names.push_back(file.path);
        if (auto cleared = place.keepOnly(names); !cleared) return cleared.error();
        const std::uint64_t room = roomFor(model, place.files());
        if (auto fits = checkRoomFor(m_target, place.files(), room); !fits) return fits.error();
        const DownloadRecord record{model.set.source, model.set.name, m_request.revision, model.set.commit,
                                    model.totalBytes()};
        if (auto written = place.writeRecord(record); !written) return written.error();
        return fetchModel(m_request, model.set, place.files(), m_tools, m_cancel, m_progress);
    }

    /// The files as they are become the model.
    Result<void> keep(const RemoteModel& model, const std::vector<download::FetchedFile>& fetched,
                      DownloadPlace& place) {
        if (auto checked = checkModelFolder(place.files()); !checked)
            return Error{checked.error().code,
                         m_target.name() +
                             " was fetched whole, but cannot be used: " + checked.error().message +
                             "; `llamahome remove " + m_target.words() + "` deletes it",
                         checked.error().detail};
        const Manifest manifest = manifestOf(model, fetched, m_target);
        if (auto written = writeManifest(m_tools.files, place.files(), manifest); !written) return written;
        return place.publish(modelFolder(m_library.root(), m_target.family, m_target.version));
    }

    /// What is in another form than the Hub's goes the way of an import.
    Result<void> convert(const RemoteModel& model, DownloadPlace& place) {
        const auto lock = m_tools.lockRoot();
        if (!lock) return lock.error();
        ImportRequest import;
        import.source = model.gguf.empty() ? place.files() : place.files() / model.gguf;
        if (m_target.catalog || model.set.commit.empty()) { // else by the Hub's name
            import.family = m_target.family;
            import.version = m_target.version;
        }
        import.sourceName = model.set.name;
        import.commit = model.set.commit;
        auto imported = importModel(import, **lock, m_library.catalog(), m_tools.files, m_cancel, m_progress);
        if (!imported) return imported.error();
        m_notes.insert(m_notes.end(), imported->notes.begin(), imported->notes.end());
        return place.discard();
    }

    const DownloadRequest& m_request;
    const Library& m_library;
    const DownloadTools& m_tools;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    DownloadTarget m_target;
    std::vector<std::string> m_notes;
};

} // namespace

Result<DownloadResult> downloadModel(const DownloadRequest& request, const Library& library,
                                     const DownloadTools& tools, const CancelToken& cancel,
                                     const ProgressSink& progress) {
    const auto entry = library.find(request.target.family, request.target.version);
    if (entry && isPresent(*entry)) return presentModel(request, library, *entry, tools, cancel, progress);
    return Downloading(request, library, tools, cancel, progress).run();
}

} // namespace llamahome::jobs
