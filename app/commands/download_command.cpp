#include <memory>
#include <utility>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/download_printer.h"
#include "app/commands/run_download.h"
#include "core/error_codes.h"
#include "jobs/system/keep_awake.h"

namespace llamahome::app {
namespace {

struct DownloadOptions {
    std::vector<std::string> model;
    std::optional<std::string> revision;
    std::optional<std::string> source;
    std::optional<std::string> file;
    bool repair = false;
};

/// hub, meta, or a mirror's address or folder.
Result<void> takeSource(const DownloadOptions& options, jobs::DownloadRequest& request) {
    const std::string source = options.source.value_or("hub");
    if (source == "hub") return {};
    if (options.revision)
        return Error{codes::kUsage, "--revision: found with --source " + source +
                                        ", expected the Hub as source: only that knows revisions"};
    if (source == "meta") {
        request.source = jobs::DownloadSource::Meta;
        return {};
    }
    request.source = jobs::DownloadSource::Mirror;
    request.place = source;
    return {};
}

Result<jobs::DownloadRequest> requestOf(CommandContext& context, const DownloadOptions& options) {
    const auto library = context.library();
    if (!library) return library.error();
    auto target = jobs::downloadTarget(**library, options.model, context.environment());
    if (!target) return target.error();
    jobs::DownloadRequest request;
    request.target = std::move(*target);
    request.revision = options.revision.value_or("");
    request.file = options.file.value_or("");
    request.everyByte = options.repair;
    if (auto taken = takeSource(options, request); !taken) return taken.error();
    return request;
}

Result<void> download(CommandContext& context, const DownloadOptions& options) {
    auto request = requestOf(context, options);
    if (!request) return request.error();
    const jobs::KeepAwake awake("getting a model");
    const auto result = runDownload(context, std::move(*request));
    if (!result) return result.error();
    showDownloaded(context.output(), *result);
    return {};
}

} // namespace

CommandSpec downloadCommand() {
    const auto options = std::make_shared<DownloadOptions>();
    CommandSpec command{"download", "Get a model from the Hub, from Meta or from a mirror",
                        "llamahome download smollm2 135m-instruct"};
    command.description =
        "Only the files that the program needs are fetched, and each is proved by its hash before it has its "
        "name. What was stopped goes on when the same is typed again; `llamahome models` shows it as cut "
        "off. Of a model that is there already the damaged files are fetched anew.\n"
        "A model that needs a token: HF_TOKEN, or the token file of the Hub's own client, or typed when "
        "asked for. The link from Meta's e-mail is asked for too, and never kept.";
    command.words("MODEL", "MODEL", 2,
                  "FAMILY VERSION, FAMILY/VERSION, or the id of any model on the Hub (org/name)",
                  options->model);
    command.value("--revision", "R", "branch, tag or commit on the Hub", options->revision);
    command.value("--source", "SOURCE", "hub, meta, or the address or folder of a mirror with SHA256SUMS",
                  options->source);
    command.value("--file", "FILE", "a GGUF file of the repository, which is converted", options->file);
    command.flag("--repair", "of a model that is there: hash every byte and fetch anew what is damaged",
                 options->repair);
    command.run = [options](CommandContext& context) { return download(context, *options); };
    return command;
}

} // namespace llamahome::app
