#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/forecast_report.h"
#include "app/commands/model_words.h"
#include "app/commands/stop_option.h"
#include "app/commands/train_printer.h"
#include "app/setting_options.h"
#include "core/error_codes.h"
#include "jobs/system/keep_awake.h"
#include "jobs/train/run_training.h"

namespace llamahome::app {
namespace {

struct TrainOptions {
    std::vector<std::string> model;
    std::vector<std::string> data;
    std::optional<std::string> validation;
    std::optional<std::string> initAdapter;
    std::optional<std::string> name;
    std::optional<std::string> keep;
    bool dryRun = false;
};

/// A word behind --data that is no file may be the model, typed too late.
Result<void> checkDataFiles(const TrainOptions& options) {
    for (const std::string& file : options.data) {
        std::error_code ignored;
        if (std::filesystem::exists(file, ignored)) continue;
        const std::string hint =
            options.model.empty() && options.data.size() > 1 ? "put MODEL before --data" : "check the path";
        return Error{codes::kFileNotFound, "train --data: no file " + file + "; " + hint};
    }
    return {};
}

Result<jobs::TrainPlan> planOf(CommandContext& context, const TrainOptions& options,
                               const jobs::ModelEntry& entry) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const auto memory = context.usableMemory();
    if (!memory) return memory.error();
    jobs::TrainPlan plan;
    plan.settings = (*settings)->values;
    plan.modelFolder = entry.path;
    plan.family = entry.family;
    plan.version = entry.version;
    plan.hubId = entry.hubId;
    plan.dataFiles.assign(options.data.begin(), options.data.end());
    if (options.validation) plan.validationFile = *options.validation;
    plan.runName = options.name.value_or("");
    plan.commandLine = context.options().commandLine;
    plan.programVersion = LLAMAHOME_VERSION;
    plan.memoryBytes = *memory;
    if (options.initAdapter) {
        const auto library = context.library();
        if (!library) return library.error();
        const auto adapter = jobs::resolveAdapter(**library, *options.initAdapter);
        if (!adapter) return adapter.error();
        plan.initAdapter = adapter->path;
    }
    return plan;
}

Result<void> train(CommandContext& context, const TrainOptions& options) {
    if (auto present = checkDataFiles(options); !present) return present;
    const auto keeps = keptWhenStopped(options.keep);
    if (!keeps) return keeps.error();
    if (const auto settings = context.settings(); !settings) return settings.error();
    const auto entry = context.model(options.model, jobs::ModelUse::Train, options.initAdapter.value_or(""));
    if (!entry) return entry.error();
    const auto plan = planOf(context, options, *entry);
    if (!plan) return plan.error();
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    if (options.dryRun) return showForecast(context, *plan, *dataRoot);
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    const auto engine = context.engine(plan->settings.training.device);
    if (!engine) return engine.error();
    const jobs::KeepAwake awake("training " + typedName(*entry));
    TrainPrinter printer(context);
    const jobs::RunControls controls;
    controls.stop.set(*keeps);
    const auto summary = jobs::runTraining(*plan, **engine, *lock, context.files(), context.clock(), printer,
                                           context.cancel(), controls);
    if (!summary) return summary.error();
    return printer.finish(*summary, typedName(*entry));
}

} // namespace

CommandSpec trainCommand(GlobalOptions& global) {
    const auto options = std::make_shared<TrainOptions>();
    CommandSpec command{"train", "Fine-tune a model on your own data",
                        "llamahome train smollm2 135m-instruct --data questions.jsonl --preset quick_look"};
    command.description =
        "Writes a LoRA adapter and a run that can be continued. Ctrl-C once stops in order, with a "
        "checkpoint. Data may be chat messages, ShareGPT, Alpaca, prompt and completion, question "
        "and answer, or plain text, as JSONL, JSON, CSV or TXT.";
    addModelWords(command, options->model);
    command.values("--data", "FILE", "data files", options->data, ValueKind::File).required();
    command.value("--validation", "FILE", "rows to measure on, instead of a share of the data",
                  options->validation, ValueKind::File);
    auto& take = command.arguments.back().take;
    take = [&global, inner = take](const std::vector<std::string>& given) {
        global.hasValidationFile = true;
        inner(given);
    };
    command.value("--preset", "NAME", "settings for a purpose: quick_look, style, small_data, longer_context",
                  global.preset);
    command.value("--name", "NAME", "name of the run", options->name);
    command.value("--init-adapter", "ADAPTER", "adapter to start from: a name from 'models', or a folder",
                  options->initAdapter, ValueKind::Folder);
    addKeepOption(command, options->keep);
    command.flag("--dry-run", "print what the run will need (memory, disk, time) and stop", options->dryRun);
    addSettingOptions(command, trainingOptions(), global);
    addSettingOptions(command, dataOptions(), global);
    command.run = [options](CommandContext& context) { return train(context, *options); };
    return command;
}

} // namespace llamahome::app
