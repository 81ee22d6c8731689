#include <utility>

#include "core/machine.h"
#include "jobs/open_model.h"
#include "jobs/system/anonymous_peak.h"
#include "jobs/system/bench.h"
#include "jobs/system/bench_model.h"

namespace llamahome::jobs {
namespace {

constexpr double kGiga = 1e9;

/// Tokens a second of each round.
struct Rates {
    std::vector<double> prefill;
    std::vector<double> decode;
};

double elementBytes(engine::Precision precision) {
    return precision == engine::Precision::Bf16 ? 2.0 : 4.0;
}

Result<Rates> measureRounds(engine::LanguageModel& model, const BenchOptions& options,
                            const CancelToken& cancel, const ProgressSink& progress) {
    const auto prompt = randomTokens(model.config().vocab_size, options.promptTokens, options.seed, 0);
    engine::GenerationOptions generation;
    generation.maxNewTokens = options.newTokens;
    const auto total = static_cast<std::uint64_t>(options.newTokens) * (kBenchRounds + 1);
    std::uint64_t written = 0;
    const auto onToken = [&](std::int32_t) {
        if (progress) progress({"generating", ++written, total, "tokens"});
        return true;
    };
    Rates rates;
    for (int round = 0; round <= kBenchRounds; ++round) { // the first one warms up
        model.forgetContext();                            // every round reads the prompt
        const auto generated = model.generate(prompt, generation, onToken, cancel);
        if (!generated) return generated.error();
        if (generated->finish == engine::FinishReason::Cancelled) return benchStopped();
        if (round == 0) continue;
        rates.prefill.push_back(static_cast<double>(prompt.size()) / generated->promptSeconds);
        rates.decode.push_back(static_cast<double>(generated->tokens.size()) / generated->decodeSeconds);
    }
    return rates;
}

} // namespace

Result<std::vector<BenchResult>> benchInfer(engine::Engine& engine, const BenchOptions& options,
                                            const CancelToken& cancel, const ProgressSink& progress) {
    AnonymousPeak anonymous;
    BenchResult prefill;
    BenchResult decode;
    prefill.name = "infer prefill";
    decode.name = "infer decode";
    formats::ModelConfig shape;
    engine::Precision precision = settledPrecision(options.precision, engine);
    {
        const auto model = benchModel(engine, options, cancel, progress);
        if (!model) return model.error();
        shape = (*model)->config();
        precision = (*model)->precision();
        const auto rates = measureRounds(**model, options, cancel, progress);
        if (!rates) return rates.error();
        prefill.tokensPerSecond = median(rates->prefill);
        decode.tokensPerSecond = median(rates->decode);
    }
    for (BenchResult* result : {&prefill, &decode}) {
        result->precision = precisionName(precision);
        result->peakRssMib = peakMemoryMib();
        result->peakAnonymousMib = anonymous.peakMib();
    }
    const auto bound =
        measureBound(prefillProducts(shape, options.promptTokens), engine, precision, cancel, progress);
    if (!bound) return bound.error();
    prefill.bound = bound->parts;
    prefill.boundTokensPerSecond = options.promptTokens / bound->seconds();
    const auto bandwidth = engine.measureReadBandwidth();
    if (!bandwidth) return bandwidth.error();
    const double bytes =
        decodeBytes(shape, options.promptTokens + options.newTokens / 2, elementBytes(precision));
    decode.readGbPerSecond = *bandwidth;
    decode.boundTokensPerSecond = *bandwidth * kGiga / bytes;
    for (BenchResult* result : {&prefill, &decode})
        result->boundShare = *result->tokensPerSecond / *result->boundTokensPerSecond;
    return std::vector{std::move(prefill), std::move(decode)};
}

} // namespace llamahome::jobs
