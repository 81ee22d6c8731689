#include <filesystem>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/commands/train_printer.h"
#include "core/shell_quote.h"
#include "jobs/system/keep_awake.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_training.h"

namespace llamahome::app {
namespace {

struct ResumeOptions {
    std::optional<std::string> run;
};

/// The run's base as a command takes it: its entry in the library, else its folder.
std::string baseWords(CommandContext& context, const jobs::RunRecord& record) {
    if (const auto library = context.library()) {
        const auto entry = (*library)->find(record.family, record.version);
        std::error_code failure;
        if (entry && std::filesystem::equivalent(entry->path, record.modelFolder, failure))
            return typedName(*entry);
    }
    return shellLine({displayPath(record.modelFolder)});
}

Result<void> resume(CommandContext& context, const ResumeOptions& options) {
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    const auto run = jobs::findRun(*dataRoot, options.run.value_or(""));
    if (!run) return run.error();
    const auto memory = context.usableMemory();
    if (!memory) return memory.error();
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    const auto engine = context.engine();
    if (!engine) return engine.error();
    const jobs::KeepAwake awake("training, run " + run->name);
    TrainPrinter printer(context);
    jobs::ResumeRequest request;
    request.runName = run->name;
    request.commandLine = context.options().commandLine;
    request.programVersion = LLAMAHOME_VERSION;
    request.memoryBytes = *memory;
    const auto summary = jobs::resumeTraining(request, **engine, *lock, context.files(), context.clock(),
                                              printer, context.cancel());
    if (!summary) return summary.error();
    return printer.finish(*summary, baseWords(context, run->record));
}

} // namespace

CommandSpec resumeCommand() {
    const auto options = std::make_shared<ResumeOptions>();
    CommandSpec command{"resume", "Go on with a run that was stopped",
                        "llamahome resume smollm2_135m-instruct-1"};
    command.description = "Model, data and settings are those that the run began with.";
    command.positional("RUN", "name of the run; 'llamahome runs' lists them", options->run).required();
    command.run = [options](CommandContext& context) { return resume(context, *options); };
    return command;
}

} // namespace llamahome::app
