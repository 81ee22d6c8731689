#include "jobs/download/meta_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "download/http_get.h"
#include "download/remote_size.h"
#include "formats/hub/hub_names.h"
#include "formats/meta/meta_checklist.h"

namespace llamahome::jobs {
namespace {

constexpr const char* kChecklist = "checklist.chk";
constexpr const char* kParams = "params.json";
constexpr std::size_t kMaxChecklistBytes = 1U << 20;

using Sums = std::vector<std::pair<std::string, std::string>>;

std::string without(std::string text, std::string_view ending) {
    if (text.ends_with(ending)) text.resize(text.size() - ending.size());
    return text;
}

/// The folder of a repository's name, which differs by generation.
std::vector<MetaFolder> foldersOf(const std::string& repository) {
    const std::string lower = lowerAscii(repository);
    if (lower.starts_with("llama-2-")) return {{without(lower, "-hf"), false}};
    if (lower.starts_with("codellama-")) return {{without(repository, "-hf")}};
    if (lower == "meta-llama-3-8b") return {{"8b_pre_trained"}};
    if (lower == "meta-llama-3-8b-instruct") return {{"8b_instruction_tuned"}};
    if (lower == "meta-llama-3-70b") return {{"70b_pre_trained"}};
    if (lower == "meta-llama-3-70b-instruct") return {{"70b_instruction_tuned"}};
    if (lower.find("-405b") != std::string::npos) return {{repository + "-MP8"}, {repository + "-MP16"}};
    return {{repository}};
}

/// "00" of "consolidated.00.pth"; empty for other names.
std::string shardNumber(std::string_view name) {
    constexpr std::string_view kStem = "consolidated.";
    constexpr std::string_view kEnding = ".pth";
    if (name.size() != kStem.size() + 2 + kEnding.size() || !name.starts_with(kStem) ||
        !name.ends_with(kEnding))
        return {};
    return std::string(name.substr(kStem.size(), 2));
}

/// A list that names no shards, or not all, is an error page or half a file.
Result<void> checkProves(const Sums& sums, const std::string& what) {
    std::vector<std::string> numbers;
    bool isOne = false;
    for (const auto& [name, sum] : sums) {
        isOne = isOne || name == "consolidated.pth";
        if (const std::string number = shardNumber(name); !number.empty()) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    bool isWhole = isOne != !numbers.empty();
    for (std::size_t i = 0; i < numbers.size(); ++i)
        isWhole = isWhole && numbers[i] == (i < 10 ? "0" : "") + std::to_string(i);
    if (isWhole) return {};
    return Error{codes::kMetaChecklist, what +
                                            ": it does not name all parts of the weights, so it proves "
                                            "nothing: it looks like an error page; try again, or with a new "
                                            "link"};
}

/// The search for a target behind one link.
class Search {
public:
    Search(network::Transport& transport, const download::MetaLink& link, const DownloadTarget& target,
           const download::Pause& pause, const CancelToken& cancel)
        : m_transport(transport)
        , m_link(link)
        , m_target(target)
        , m_pause(pause)
        , m_cancel(cancel) {}

    Result<RemoteModel> run() {
        const std::vector<MetaFolder> folders = metaFolders(m_target);
        if (folders.empty())
            return Error{codes::kNothingUsable, m_target.name() +
                                                    ": is no model of Meta's; get it from the Hub, without "
                                                    "--source meta"};
        std::optional<Error> refusal;
        for (const MetaFolder& folder : folders) {
            const auto list =
                download::getText(m_transport, {m_link.urlOf(folder.path + "/" + kChecklist), {}},
                                  kMaxChecklistBytes, m_pause, m_cancel);
            if (list) return modelIn(folder, list->text);
            if (list.error().code != codes::kHttpStatus) return withoutLink(list.error());
            refusal = list.error();
        }
        return Error{codes::kMetaLinkExpired,
                     "Meta's link: " + m_link.origin() + " does not give " + folders.front().path +
                         " for it: it holds for a day and for a number of downloads, and for the models that "
                         "were asked for; ask for a new one at https://www.llama.com/llama-downloads/: what "
                         "has been fetched is kept and goes on with that",
                     refusal->detail};
    }

private:
    /// An answer that was refused is told with the address, which is the link.
    Error withoutLink(const Error& error) const {
        if (error.code != codes::kHttpBody) return error;
        return {error.code, m_link.origin() + ": " + kChecklist + ": the answer is longer than such a list"};
    }

    Result<RemoteModel> modelIn(const MetaFolder& folder, const std::string& list) {
        const std::string what = folder.path + "/" + kChecklist;
        const auto sums = formats::parseMetaChecklist(list, what);
        if (!sums)
            return Error{sums.error().code,
                         sums.error().message + "; this list proves nothing: it looks like an error page",
                         sums.error().detail};
        if (auto proves = checkProves(*sums, what); !proves) return proves.error();
        RemoteModel model;
        model.form = SourceForm::Meta;
        model.origin = "Meta's list";
        model.set.source = kMetaSource;
        model.set.name = "Meta: " + folder.path;
        for (const auto& [name, sum] : *sums)
            add(model, folder.path + "/", name, {download::HashKind::Md5, sum});
        add(model, folder.path + "/", kParams, {});
        add(model, folder.hasTokenizer ? folder.path + "/" : "", std::string(formats::kTokenizerModel), {});
        add(model, folder.path + "/", kChecklist, {});
        for (download::RemoteFile& file : model.set.files) {
            const auto size = download::remoteSize(m_transport, file.url, m_pause, m_cancel);
            if (!size) return size.error().within(file.path);
            file.sizeBytes = *size;
        }
        return model;
    }

    /// Where the list has named it already, nothing.
    void add(RemoteModel& model, const std::string& folder, const std::string& name,
             download::ExpectedHash hash) const {
        const auto& files = model.set.files;
        if (std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.path == name; }))
            return;
        model.set.files.push_back({name, m_link.urlOf(folder + name), {}, std::move(hash)});
    }

    network::Transport& m_transport;
    const download::MetaLink& m_link;
    const DownloadTarget& m_target;
    const download::Pause& m_pause;
    const CancelToken& m_cancel;
};

} // namespace

std::vector<MetaFolder> metaFolders(const DownloadTarget& target) {
    std::vector<std::string> ids{target.hubId};
    if (target.catalog)
        ids.insert(ids.end(), target.catalog->formerHubIds.begin(), target.catalog->formerHubIds.end());
    std::vector<MetaFolder> folders;
    for (const std::string& id : ids) {
        const std::size_t slash = id.find('/');
        const std::string organisation = lowerAscii(id.substr(0, slash));
        if (slash == std::string::npos || (organisation != "meta-llama" && organisation != "codellama"))
            continue;
        for (MetaFolder& folder : foldersOf(id.substr(slash + 1)))
            folders.push_back(std::move(folder));
    }
    return folders;
}

Result<RemoteModel> findMetaModel(network::Transport& transport, const download::MetaLink& link,
                                  const DownloadTarget& target, const download::Pause& pause,
                                  const CancelToken& cancel) {
    return Search(transport, link, target, pause, cancel).run();
}

} // namespace llamahome::jobs
