#include <algorithm>

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

Table withoutEmptyColumns(const Table& all) {
    Table kept;
    for (std::size_t column = 0; column < all.heading.size(); ++column) {
        const bool isEmpty = std::all_of(all.rows.begin(), all.rows.end(),
                                         [&](const auto& row) { return row[column].empty(); });
        if (isEmpty) continue;
        if (std::count(all.numberColumns.begin(), all.numberColumns.end(), column) > 0)
            kept.numberColumns.push_back(kept.heading.size());
        kept.heading.push_back(all.heading[column]);
        kept.rows.resize(all.rows.size());
        for (std::size_t row = 0; row < all.rows.size(); ++row)
            kept.rows[row].push_back(all.rows[row][column]);
    }
    return kept;
}

void showResults(CommandContext& context, const engine::EngineInfo& info,
                 const std::vector<jobs::BenchResult>& results) {
    Table all{{"name", "precision", "tokens/s", "of bound", "GFLOP/s", "GB/s", "MiB/s", "seconds",
               "to first step", "to first token", "peak MiB", "of it anonymous"},
              {},
              {2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
    for (const jobs::BenchResult& result : results)
        all.rows.push_back({result.name, result.precision, numberOrBlank(result.tokensPerSecond),
                            numberOrBlank(result.boundShare), numberOrBlank(result.gflops),
                            numberOrBlank(result.readGbPerSecond), numberOrBlank(result.mibPerSecond),
                            numberOrBlank(result.seconds), numberOrBlank(result.secondsToFirstStep),
                            numberOrBlank(result.secondsToFirstToken), numberOrBlank(result.peakRssMib),
                            numberOrBlank(result.peakAnonymousMib)});
    context.output().table(withoutEmptyColumns(all));
    for (const jobs::BenchResult& result : results)
        if (!result.note.empty()) context.output().line(result.name + ": " + result.note);
    context.output().line("libtorch " + info.libtorchVersion + ", " + info.cpuCapability + ", " +
                          std::to_string(info.threads) + " threads");
    context.output().document(jobs::benchJson(info, results));
}

using Results = Result<std::vector<jobs::BenchResult>>;

Results measure(CommandContext& context, const std::string& what, engine::Engine& engine,
                const jobs::BenchOptions& options, const ProgressSink& progress) {
    if (what == "train")
        return jobs::benchTrain(engine, options, context.clock(), context.cancel(), progress);
    if (what == "gemm") return jobs::benchGemm(engine, options, context.cancel(), progress);
    if (what == "infer") return jobs::benchInfer(engine, options, context.cancel(), progress);
    return jobs::benchLoad(engine, *options.folder, options, context.clock(), context.cancel(), progress);
}

Error notQuantised(const std::string& what) {
    return Error{codes::kUsage,
                 "bench " + what +
                     ": found random weights to quantise, expected a model; name one, or leave "
                     "--quantize out"};
}

Result<void> bench(CommandContext& context, const BenchWords& words, const std::vector<std::string>& what) {
    auto options = readBenchOptions(context, words);
    if (!options) return options.error();
    if (!words.model.empty() || what.front() == "load") {
        const auto entry = context.model(words.model, jobs::ModelUse::Chat);
        if (!entry) return entry.error();
        options->folder = entry->path;
        options->files = &context.files();
    }
    if (!options->folder && options->quantisation) { // it may come from the environment, too
        if (what.size() == 1 && what.front() != "gemm") return notQuantised(what.front());
        options->quantisation.reset();
        options->int8Products = false;
    }
    const auto engine = context.engine();
    if (!engine) return engine.error();
    std::vector<jobs::BenchResult> all;
    {
        ProgressPrinter progress(context.output(), context.clock());
        for (const std::string& each : what) {
            const auto results = measure(context, each, **engine, *options, progress.sink());
            if (!results) return results.error();
            all.insert(all.end(), results->begin(), results->end());
        }
    }
    showResults(context, (*engine)->info(), all);
    return {};
}

using Words = std::shared_ptr<BenchWords>;

CommandSpec benchPart(const Words& words, const std::string& name, std::string summary) {
    CommandSpec command{name, std::move(summary), "llamahome bench " + name + " --json"};
    command.run = [words, name](CommandContext& context) { return bench(context, *words, {name}); };
    return command;
}

void addShape(CommandSpec& command, const Words& words) {
    std::vector<std::string> names;
    for (const jobs::BenchShape& shape : jobs::benchShapes())
        names.emplace_back(shape.name);
    command.value("--shape", "NAME", "a model of that shape with random weights (" + names.front() + ")",
                  words->shape);
    command.choices(names);
}

void addModelOrShape(CommandSpec& command, const Words& words) {
    command.words(
        "MODEL", "MODEL", 2,
        "FAMILY VERSION, FAMILY/VERSION, a Hub id or the path of a model folder; without it --shape",
        words->model);
    addShape(command, words);
}

/// The step that `train` makes and whose products `gemm` measures.
void addStep(CommandSpec& command, const Words& words) {
    command.value("--rows", "N", "rows a step (4)", words->rows);
    command.value("--length", "N", "tokens a row (512)", words->length);
    command.value("--tokens", "N", "tokens a step, instead of --rows: as many rows of --length",
                  words->tokens);
    command.value("--supervised", "PERCENT", "of a row's tokens that are trained on, its last ones (100)",
                  words->supervised);
    command.value("--lora-r", "N", "rank of the adapter, on all seven linears (8)", words->rank);
}

} // namespace

CommandSpec benchCommand(GlobalOptions& global) {
    const auto words = std::make_shared<BenchWords>();
    CommandSpec train =
        benchPart(words, "train", "Training steps of a model, else of a shape with random weights");
    addModelOrShape(train, words);
    train.value("--steps", "N", "steps that are timed, after one to warm up (5)", words->steps);
    addStep(train, words);
    train.value("--token-rows", "FILE",
                "rows to train on, each once: one object a line with the lists token_ids and supervised of "
                "`tokenize --chat --json`",
                words->tokenRows, ValueKind::File);
    addSettingOptions(train, benchOptions(), global);
    addSettingOptions(train, quantizeOptions(), global);
    CommandSpec gemm = benchPart(words, "gemm", "Matrix products of the shapes that a training step has");
    addShape(gemm, words);
    addStep(gemm, words);
    addSettingOptions(gemm, benchOptions(), global);
    CommandSpec infer = benchPart(
        words, "infer", "Reading a prompt and writing an answer, its matrices as they are and quantised");
    addModelOrShape(infer, words);
    infer.value("--prompt-tokens", "N", "tokens of the prompt (512)", words->promptTokens);
    infer.value("--new-tokens", "N", "tokens generated (64)", words->newTokens);
    addSettingOptions(infer, benchOptions(), global);
    addSettingOptions(infer, quantizeOptions(), global);
    CommandSpec load = benchPart(words, "load", "Loading an installed model, from the disk and from memory");
    addModelWords(load, words->model);
    addSettingOptions(load, benchOptions(), global);
    addSettingOptions(load, quantizeOptions(), global);

    CommandSpec command{"bench", "Measured rates beside the machine's own limits", "llamahome bench train"};
    command.description = "Without a sub-command it measures train, gemm and infer.";
    command.run = [words](CommandContext& context) {
        return bench(context, *words, {"train", "gemm", "infer"});
    };
    command.commands = {train, gemm, infer, load};
    return command;
}

} // namespace llamahome::app
