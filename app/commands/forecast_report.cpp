#include "app/commands/forecast_report.h"

#include "app/progress_printer.h"
#include "core/count_with_noun.h"
#include "core/quantity.h"
#include "jobs/train/forecast.h"
#include "jobs/train/rate_trial.h"
#include "jobs/train/train_rate.h"

namespace llamahome::app {
namespace {

using jobs::TrainRate;

/// Nothing, and a word why, where it cannot be measured.
std::optional<TrainRate> measuredRate(CommandContext& context, const jobs::TrainPlan& plan,
                                      const jobs::TrainForecast& forecast) {
    const auto engine = context.engine(plan.settings.training.device);
    const auto rate = [&]() -> Result<TrainRate> {
        if (!engine) return engine.error();
        context.output().message("Measuring a step …");
        ProgressPrinter progress(context.output(), context.clock());
        return jobs::measureRate(plan, forecast, **engine, context.files(), context.cancel(),
                                 progress.sink());
    }();
    if (rate) return *rate;
    context.output().message("note: no time is told: " + rate.error().message);
    return std::nullopt;
}

Json forecastJson(const jobs::TrainForecast& forecast) {
    const jobs::MemoryEstimate& memory = forecast.memory;
    return Json{{"memory",
                 {{"weights_bytes", memory.weights},
                  {"activations_bytes", memory.activations},
                  {"adapter_bytes", memory.adapter},
                  {"program_bytes", memory.program},
                  {"total_bytes", memory.total()},
                  {"allowed_bytes", forecast.memoryAllowed},
                  {"fits", forecast.fitsMemory()}}},
                {"disk",
                 {{"checkpoints_bytes", forecast.disk.checkpoints},
                  {"adapter_bytes", forecast.disk.adapter},
                  {"total_bytes", forecast.disk.total()},
                  {"free_bytes", forecast.disk.freeBytes},
                  {"fits", forecast.fitsDisk()}}},
                {"train_rows", forecast.data.trainRows},
                {"validation_rows", forecast.data.validationRows},
                {"cut_rows", forecast.data.cutRows},
                {"longest_row", forecast.data.longestRow},
                {"batch_size", forecast.batchSize},
                {"gradient_accumulation", forecast.gradientAccumulation},
                {"recomputed_layers", forecast.recomputedLayers},
                {"steps_per_epoch", forecast.stepsPerEpoch},
                {"total_steps", forecast.totalSteps},
                {"evaluations", forecast.evaluations},
                {"train_tokens", forecast.trainTokens},
                {"lora_parameters", forecast.loraParameters},
                {"notices", forecast.notices},
                {"seconds", forecast.seconds ? Json(*forecast.seconds) : Json()}};
}

void showText(Output& output, const jobs::TrainForecast& forecast, const config::TrainingSettings& settings,
              const std::optional<TrainRate>& rate) {
    const jobs::MemoryEstimate& memory = forecast.memory;
    output.line(
        "Memory: " + formatBytes(memory.total()) + " (weights " + formatBytes(memory.weights) +
        ", activations " + formatBytes(memory.activations) + ", adapter " + formatBytes(memory.adapter) +
        ", program " + formatBytes(memory.program) + ")" +
        (forecast.memoryAllowed > 0 ? ", of " + formatBytes(forecast.memoryAllowed) + " to spare" : ""));
    if (const auto words = jobs::settledInWords(forecast, settings); !words.empty())
        output.line("Settled: " + words);
    output.line("Disk: " + formatBytes(forecast.disk.total()) + ", of " +
                formatBytes(forecast.disk.freeBytes) + " free");
    output.line("Data: " + countWithNoun(forecast.data.trainRows, "row") + " to train on, " +
                std::to_string(forecast.data.validationRows) + " to measure on; longest " +
                countWithNoun(forecast.data.longestRow, "token") + ", " +
                std::to_string(forecast.data.cutRows) + " cut");
    output.line("Steps: " + std::to_string(forecast.totalSteps) + " (" +
                std::to_string(forecast.stepsPerEpoch) + " an epoch), " +
                countWithNoun(static_cast<std::uint64_t>(forecast.evaluations), "evaluation") + ", " +
                countWithNoun(forecast.loraParameters, "parameter") + " trained");
    if (forecast.seconds && rate)
        output.line("Time: about " + formatDuration(*forecast.seconds) + " at " +
                    formatNumber(rate->tokensPerSecond, 3) + " tokens/s (" + rate->from + "), " +
                    formatDuration(*forecast.seconds * static_cast<double>(forecast.stepsPerEpoch) /
                                   static_cast<double>(forecast.totalSteps)) +
                    " an epoch");
    else
        output.line("Time: not known before a first run");
}

} // namespace

Result<void> showForecast(CommandContext& context, const jobs::TrainPlan& plan, const jobs::DataRoot& root) {
    std::optional<TrainRate> rate = jobs::rateOfRuns(plan, root);
    const auto first = [&] {
        ProgressPrinter progress(context.output(), context.clock());
        return jobs::dryRun(plan, root, rate ? std::optional(rate->tokensPerSecond) : std::nullopt,
                            context.cancel(), progress.sink());
    }();
    if (!first) return first.error();
    jobs::TrainForecast forecast = *first;
    if (!rate && forecast.fitsMemory()) {
        rate = measuredRate(context, plan, forecast);
        if (rate) forecast.seconds = jobs::secondsAt(forecast, rate->tokensPerSecond);
    }
    for (const std::string& notice : forecast.notices)
        context.output().message("note: " + notice);
    context.output().document(forecastJson(forecast));
    showText(context.output(), forecast, plan.settings.training, rate);
    return jobs::checkFits(forecast, plan.settings);
}

} // namespace llamahome::app
