#include "app/commands/bench_words.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/progress_printer.h"
#include "app/setting_options.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/system/bench.h"

namespace llamahome::app {
namespace {

std::string numberOrBlank(const std::optional<double>& value) {
    return value ? formatNumber(*value) : "";
}

void showResults(CommandContext& context, const engine::EngineInfo& info,
                 const std::vector<jobs::BenchResult>& results) {
    Table table{{"name", "precision", "tokens/s", "of bound", "GFLOP/s", "MiB/s", "seconds", "to first step",
                 "peak MiB"},
                {},
                {2, 3, 4, 5, 6, 7, 8}};
    for (const jobs::BenchResult& result : results)
        table.rows.push_back({result.name, result.precision, numberOrBlank(result.tokensPerSecond),
                              numberOrBlank(result.boundShare), numberOrBlank(result.gflops),
                              numberOrBlank(result.mibPerSecond), numberOrBlank(result.seconds),
                              numberOrBlank(result.secondsToFirstStep), numberOrBlank(result.peakRssMib)});
    context.output().table(table);
    for (const jobs::BenchResult& result : results)
        if (!result.note.empty()) context.output().line(result.name + ": " + result.note);
    context.output().line("libtorch " + info.libtorchVersion + ", " + info.cpuCapability + ", " +
                          std::to_string(info.threads) + " threads");
    context.output().document(jobs::benchJson(info, results));
}

using Results = Result<std::vector<jobs::BenchResult>>;

Results measure(CommandContext& context, const std::string& what, engine::Engine& engine,
                const jobs::BenchOptions& options, const BenchWords& words, const ProgressSink& progress) {
    if (what == "train")
        return jobs::benchTrain(engine, options, context.clock(), context.cancel(), progress);
    if (what == "gemm") return jobs::benchGemm(engine, options, context.cancel(), progress);
    if (what == "infer") return jobs::benchInfer(engine, options, context.cancel(), progress);
    const auto entry = context.model(words.model, jobs::ModelUse::Chat);
    if (!entry) return entry.error();
    return jobs::benchLoad(engine, entry->path, options, context.clock(), context.cancel(), progress);
}

Result<void> bench(CommandContext& context, const BenchWords& words, const std::vector<std::string>& what) {
    const auto options = readBenchOptions(context, words);
    if (!options) return options.error();
    const auto engine = context.engine();
    if (!engine) return engine.error();
    std::vector<jobs::BenchResult> all;
    {
        ProgressPrinter progress(context.output(), context.clock());
        for (const std::string& each : what) {
            const auto results = measure(context, each, **engine, *options, words, progress.sink());
            if (!results) return results.error();
            all.insert(all.end(), results->begin(), results->end());
        }
    }
    showResults(context, (*engine)->info(), all);
    return {};
}

CommandSpec benchPart(const std::shared_ptr<BenchWords>& words, const std::string& name,
                      std::string summary) {
    CommandSpec command{name, std::move(summary), "llamahome bench " + name + " --json"};
    command.run = [words, name](CommandContext& context) { return bench(context, *words, {name}); };
    return command;
}

} // namespace

CommandSpec benchCommand(GlobalOptions& global) {
    const auto words = std::make_shared<BenchWords>();
    CommandSpec train =
        benchPart(words, "train", "Training steps of the starter model's shape, with random weights");
    train.value("--steps", "N", "steps that are timed, after one to warm up (5)", words->steps);
    train.value("--rows", "N", "rows a step (4)", words->rows);
    train.value("--length", "N", "tokens a row (512)", words->length);
    train.value("--lora-r", "N", "rank of the adapter, on all seven linears (8)", words->rank);
    addSettingOptions(train, benchOptions(), global);
    CommandSpec gemm = benchPart(words, "gemm", "Matrix products of the shapes that a training step has");
    gemm.value("--rows", "N", "rows a step (4)", words->rows);
    gemm.value("--length", "N", "tokens a row (512)", words->length);
    addSettingOptions(gemm, benchOptions(), global);
    CommandSpec infer =
        benchPart(words, "infer", "Reading a prompt and generating an answer, with random weights");
    infer.value("--prompt-tokens", "N", "tokens of the prompt (512)", words->promptTokens);
    infer.value("--new-tokens", "N", "tokens generated (64)", words->newTokens);
    addSettingOptions(infer, benchOptions(), global);
    CommandSpec load = benchPart(words, "load", "Loading an installed model, from the disk and from memory");
    addModelWords(load, words->model);
    addSettingOptions(load, benchOptions(), global);

    CommandSpec command{"bench", "Measured rates beside the machine's own limits", "llamahome bench train"};
    command.description = "Without a sub-command it measures train, gemm and infer.";
    command.run = [words](CommandContext& context) {
        return bench(context, *words, {"train", "gemm", "infer"});
    };
    command.commands = {train, gemm, infer, load};
    return command;
}

} // namespace llamahome::app
