#include "jobs/system/bench.h"

#include <set>
#include <tuple>

#include "core/machine.h"
#include "jobs/open_model.h"
#include "jobs/system/bench_model.h"

namespace llamahome::jobs {
namespace {

Json stepsJson(const std::vector<BenchStep>& steps) {
    Json json = Json::array();
    for (const BenchStep& step : steps)
        json.push_back({{"loss", step.loss}, {"tokens", step.tokens}, {"seconds", step.seconds}});
    return json;
}

Json boundJson(const std::vector<PartBound>& parts) {
    Json json = Json::object();
    for (const PartBound& part : parts)
        json[std::string(partName(part.part))] = {{"gflop", part.gflop}, {"seconds", part.seconds}};
    return json;
}

Json resultJson(const BenchResult& result) {
    Json json{{"name", result.name}, {"precision", result.precision}};
    const auto add = [&json](const char* key, const std::optional<double>& value) {
        if (value) json[key] = *value;
    };
    add("tokens_per_second", result.tokensPerSecond);
    add("bound_share", result.boundShare);
    add("bound_tokens_per_second", result.boundTokensPerSecond);
    add("peak_rss_mib", result.peakRssMib);
    add("peak_anonymous_mib", result.peakAnonymousMib);
    add("seconds_to_first_step", result.secondsToFirstStep);
    add("seconds_to_first_token", result.secondsToFirstToken);
    add("gflops", result.gflops);
    add("read_gb_per_second", result.readGbPerSecond);
    add("seconds", result.seconds);
    add("mib_per_second", result.mibPerSecond);
    if (!result.bound.empty()) json["bound"] = boundJson(result.bound);
    if (!result.steps.empty()) json["steps"] = stepsJson(result.steps);
    if (!result.note.empty()) json["note"] = result.note;
    return json;
}

/// The step that the options describe, of rows of one length.
StepShape stepOf(const BenchOptions& options) {
    const double length = options.length;
    const double targets = std::min(length - 1.0, length * options.supervisedPercent / 100.0);
    return {options.rows * length, options.rows * targets, options.rows * length * (length + 1.0) / 2.0};
}

} // namespace

Result<std::vector<BenchResult>> benchGemm(engine::Engine& engine, const BenchOptions& options,
                                           const CancelToken& cancel, const ProgressSink& progress) {
    const engine::Precision precision = settledPrecision(options.precision, engine);
    const auto products = trainingProducts(options.shape, options.r, stepOf(options));
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> measured;
    std::vector<BenchResult> results;
    std::size_t done = 0;
    for (const StepProduct& product : products) {
        if (cancel.isCancelled()) return benchStopped();
        ++done;
        if (!measured.insert({product.m, product.k, product.n}).second) continue;
        BenchResult result;
        result.name = "gemm " + std::to_string(product.m) + "x" + std::to_string(product.k) + "x" +
                      std::to_string(product.n);
        result.precision = precisionName(precision);
        const auto rate = engine.measureGemm(precision, static_cast<int>(product.m),
                                             static_cast<int>(product.n), static_cast<int>(product.k));
        if (!rate) return rate.error();
        result.gflops = *rate;
        results.push_back(std::move(result));
        if (progress) progress({"measuring products", done, products.size(), "products"});
    }
    return results;
}

Json benchJson(const engine::EngineInfo& info, const std::vector<BenchResult>& results) {
    const CpuFeatures cpu = cpuFeatures();
    Json json{{"machine",
               {{"processor", cpu.name},
                {"cores", cpu.cores},
                {"threads", info.threads},
                {"memory_mib", static_cast<std::uint64_t>(memoryState().totalBytes >> 20)},
                {"libtorch", info.libtorchVersion},
                {"capability", info.cpuCapability}}},
              {"results", Json::array()}};
    for (const BenchResult& result : results)
        json["results"].push_back(resultJson(result));
    return json;
}

} // namespace llamahome::jobs
