#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/commands/use_model.h"
#include "app/progress_printer.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/merge_model.h"

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
    const auto parsed = jobs::parseAdapterOption(*options.adapter);
    if (!parsed) return parsed.error();
    const auto library = context.library();
    if (!library) return library.error();
    const auto adapter = jobs::resolveAdapter(**library, parsed->nameOrFolder);
    if (!adapter) return adapter.error();
    const auto base = context.model(options.model, jobs::ModelUse::Files, parsed->nameOrFolder);
    if (!base) return base.error();
    const jobs::MergeRequest request{*base, *adapter, parsed->scale, *options.out};
    Output& output = context.output();
    const auto forecast = jobs::forecastMerge(request);
    if (!forecast) return forecast.error();
    output.message("Merging " + adapter->name + " into " + base->name + ": " + formatBytes(*forecast) + ".");
    const auto merged = [&] {
        ProgressPrinter progress(output, context.clock());
        return jobs::mergeModel(request, context.files(), context.cancel(), progress.sink());
    }();
    if (!merged) return merged.error();
    const std::string path = displayPath(merged->path);
    output.line("Merged model: " + formatBytes(merged->sizeBytes) + " in " + path);
    output.line("Checked: " + merged->turnEnd + ".");
    output.line("Next: llamahome import " + path + " --as local NAME, or take the folder to another program");
    output.document(Json{{"path", path},
                         {"bytes", merged->sizeBytes},
                         {"model", base->name},
                         {"adapter", adapter->name},
                         {"turn_end", merged->turnEnd}});
    return {};
}

} // namespace

CommandSpec mergeCommand() {
    const auto options = std::make_shared<MergeOptions>();
    CommandSpec command{
        "merge", "Write a full model with an adapter in it",
        "llamahome merge smollm2 135m-instruct --adapter smollm2_135m-instruct_finetuned --out "
        "merged"};
    addModelWords(command, options->model);
    command.value("--adapter", "ADAPTER",
                  "name from 'models' or a folder; ADAPTER:SCALE for less or more of it", options->adapter,
                  ValueKind::Folder);
    command.value("--out", "DIR", "the new folder", options->out, ValueKind::Folder);
    command.run = [options](CommandContext& context) { return merge(context, *options); };
    return command;
}

} // namespace llamahome::app
