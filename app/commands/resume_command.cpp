#include <filesystem>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/commands/stop_option.h"
#include "app/commands/train_printer.h"
#include "app/setting_options.h"
#include "core/shell_quote.h"
#include "jobs/system/keep_awake.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_training.h"

namespace llamahome::app {
namespace {

struct ResumeOptions {
    std::optional<std::string> run;
    std::optional<std::string> keep;
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

/// The settings of the run that are given anew; those of program and machine are not the run's.
Result<std::vector<jobs::RunSetting>> changesIn(const GlobalOptions& options) {
    std::vector<jobs::RunSetting> changes;
    const auto take = [&changes](const config::OptionValue& given) {
        if (given.key.starts_with("training.") || given.key.starts_with("data."))
            changes.push_back({given.key, given.value});
    };
    for (const std::string& pair : options.sets) {
        const auto given = config::parseOptionPair(pair);
        if (!given) return given.error();
        take(*given);
    }
    for (const config::OptionValue& given : options.settings)
        take(given);
    return changes;
}

/// The engine for the run's own device.
Result<engine::Engine*> engineOf(CommandContext& context, const jobs::RunInfo& run) {
    const auto settings = jobs::readRunSettings(run);
    if (!settings) return settings.error();
    return context.engine(settings->training.device);
}

Result<void> resume(CommandContext& context, const ResumeOptions& options) {
    const auto keeps = keptWhenStopped(options.keep);
    if (!keeps) return keeps.error();
    auto changes = changesIn(context.options());
    if (!changes) return changes.error();
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    const auto run = jobs::findRun(*dataRoot, options.run.value_or(""));
    if (!run) return run.error();
    const auto memory = context.usableMemory();
    if (!memory) return memory.error();
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    const auto engine = engineOf(context, *run);
    if (!engine) return engine.error();
    const jobs::KeepAwake awake("training, run " + run->name);
    TrainPrinter printer(context);
    jobs::ResumeRequest request;
    request.runName = run->name;
    request.commandLine = context.options().commandLine;
    request.programVersion = LLAMAHOME_VERSION;
    request.memoryBytes = *memory;
    request.changes = std::move(*changes);
    const jobs::RunControls controls;
    controls.stop.set(*keeps);
    const auto summary = jobs::resumeTraining(request, **engine, *lock, context.files(), context.clock(),
                                              printer, context.cancel(), controls);
    if (!summary) return summary.error();
    return printer.finish(*summary, baseWords(context, run->record));
}

} // namespace

CommandSpec resumeCommand(GlobalOptions& global) {
    const auto options = std::make_shared<ResumeOptions>();
    CommandSpec command{"resume", "Go on with a run that was stopped",
                        "llamahome resume smollm2_135m-instruct-1"};
    command.description =
        "Model, data and settings are those that the run began with. What is given here is another from here "
        "on: the "
        "run is then not what it would have been, and its record says from which step. Rows at once times "
        "accumulation must stay the same.";
    command.positional("RUN", "name of the run; 'llamahome runs' lists them", options->run).required();
    addKeepOption(command, options->keep);
    addSettingOptions(command, resumeOptions(), global);
    command.run = [options](CommandContext& context) { return resume(context, *options); };
    return command;
}

} // namespace llamahome::app
