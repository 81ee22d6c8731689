#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/export_report.h"
#include "app/commands/model_words.h"
#include "core/error_codes.h"

namespace llamahome::app {
namespace {

struct MergeOptions {
    std::vector<std::string> model;
    std::optional<std::string> adapter;
    std::optional<std::string> out;
};

Result<void> merge(CommandContext& context, const MergeOptions& options) {
    if (!options.adapter || !options.out)
        return Error{codes::kUsage,
                     std::string("merge: found no ") + (options.adapter ? "--out" : "--adapter") +
                         ", expected both: `llamahome merge MODEL --adapter ADAPTER --out DIR`"};
    auto request = exportRequest(context, options.model, options.adapter);
    if (!request) return request.error();
    request->format = jobs::ExportFormat::Hub;
    request->target = *options.out;
    return runExport(context, *request);
}

} // namespace

CommandSpec mergeCommand() {
    const auto options = std::make_shared<MergeOptions>();
    CommandSpec command{
        "merge", "Write a full model with an adapter in it",
        "llamahome merge smollm2 135m-instruct --adapter smollm2_135m-instruct_finetuned --out merged"};
    addModelWords(command, options->model);
    command.value("--adapter", "ADAPTER",
                  "name from 'models' or a folder; ADAPTER:SCALE for less or more of it", options->adapter,
                  ValueKind::Folder);
    command.value("--out", "DIR", "the new folder", options->out, ValueKind::Folder);
    command.run = [options](CommandContext& context) { return merge(context, *options); };
    return command;
}

} // namespace llamahome::app
