#include "jobs/download/remote_model.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/json.h"
#include "core/utf8.h"
#include "download/hub_listing.h"
#include "formats/hub/hub_names.h"
#include "formats/hub/model_config.h"
#include "text/tokenizer/unicode_forms.h"

namespace llamahome::jobs {
namespace {

constexpr std::size_t kMaxConfigBytes = 1U << 20;
constexpr const char* kMainBranch = "main";

/// Of the listed files those of the names.
std::vector<download::HubFile> filesNamed(const std::vector<download::HubFile>& files,
                                          const std::vector<std::string>& names) {
    std::vector<download::HubFile> found;
    for (const std::string& name : names)
        for (const download::HubFile& file : files)
            if (file.path == name) found.push_back(file);
    return found;
}

Result<download::HubRepository> listed(network::Transport& transport, const HubModelRequest& request,
                                       const download::Pause& pause, const CancelToken& cancel) {
    const std::string revision = request.revision.empty() ? kMainBranch : request.revision;
    download::HubQuestion question{request.access, request.id, revision};
    if (!request.commit.empty()) {
        question.revision = request.commit;
        auto pinned = download::listHubRepository(transport, question, foldedName, pause, cancel);
        if (pinned || pinned.error().code != codes::kHubRevision) return pinned;
        question.revision = revision;
    }
    return download::listHubRepository(transport, question, foldedName, pause, cancel);
}

Result<void> checkRuns(network::Transport& transport, const HubModelRequest& request,
                       const download::HubRepository& repository, const download::Pause& pause,
                       const CancelToken& cancel) {
    const std::string name(formats::kModelConfigFile);
    const auto answer =
        download::askHub(transport, request.access, download::hubFileUrl(request.access, repository, name),
                         kMaxConfigBytes, {repository.id, repository.commit, name}, pause, cancel);
    if (!answer) return answer.error();
    if (answer->text.starts_with('<')) return download::notTheHub(request.access, "a web page");
    return checkArchitecture(answer->text, repository.id + ": " + name);
}

} // namespace

std::uint64_t RemoteModel::totalBytes() const {
    std::uint64_t total = 0;
    for (const download::RemoteFile& file : set.files)
        total += file.sizeBytes.value_or(0);
    return total;
}

Result<void> checkArchitecture(const std::string& configText, const std::string& what) {
    const auto json = parseJson(configText, what, {16, kMaxConfigBytes});
    if (!json) return json.error();
    const auto config = formats::parseModelConfig(*json, what);
    if (config) return {};
    return Error{config.error().code, config.error().message + "; nothing more of it was fetched",
                 config.error().detail};
}

std::string foldedName(std::string_view name) {
    const std::string valid = replaceInvalidUtf8(name);
    const auto composed = text::normalForm({valid}, text::UnicodeForm::Nfc);
    const auto lower = text::lowerCase(composed.piece());
    return std::string(lower.piece().text);
}

Result<RemoteModel> findHubModel(network::Transport& transport, const HubModelRequest& request,
                                 const download::Pause& pause, const CancelToken& cancel) {
    const auto repository = listed(transport, request, pause, cancel);
    if (!repository) return repository.error();
    std::vector<std::string> names;
    for (const download::HubFile& file : repository->files)
        names.push_back(file.path);
    const auto chosen = chooseModelFiles(names, request.file, repository->id);
    if (!chosen) return chosen.error();
    if (chosen->form == SourceForm::HubFolder || chosen->form == SourceForm::Pickled)
        if (auto runs = checkRuns(transport, request, *repository, pause, cancel); !runs) return runs.error();
    RemoteModel model;
    model.set = download::hubSet(request.access, *repository, filesNamed(repository->files, chosen->names));
    model.form = chosen->form;
    model.gguf = chosen->gguf;
    model.origin = request.access.endpoint == download::kHubSite ? "the Hub" : request.access.endpoint;
    return model;
}

} // namespace llamahome::jobs
