#include <utility>

#include "core/machine.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "jobs/open_model.h"
#include "jobs/system/anonymous_peak.h"
#include "jobs/system/bench.h"
#include "jobs/system/bench_model.h"

namespace llamahome::jobs {
namespace {

constexpr double kGiga = 1e9;

using Format = std::optional<formats::Quantisation>;

/// Both results of one form of the model, and what their bounds depend on.
struct Measured {
    BenchResult prefill;
    BenchResult decode;
    formats::ModelConfig shape;
    engine::Precision precision = engine::Precision::Auto;
};

double elementBytes(engine::Precision precision) {
    return precision == engine::Precision::Bf16 ? 2.0 : 4.0;
}

/// Sets both rates.
Result<void> measureRounds(engine::LanguageModel& model, const BenchOptions& options,
                           const CancelToken& cancel, const ProgressSink& progress, Measured& measured) {
    const auto prompt = randomTokens(model.config().vocab_size, options.promptTokens, options.seed, 0);
    engine::GenerationOptions generation;
    generation.maxNewTokens = options.newTokens;
    const auto total = static_cast<std::uint64_t>(options.newTokens) * (kBenchRounds + 1);
    std::uint64_t written = 0;
    const auto onToken = [&](std::int32_t) {
        if (progress) progress({"generating", ++written, total, "tokens"});
        return true;
    };
    std::vector<double> prefill;
    std::vector<double> decode;
    for (int round = 0; round <= kBenchRounds; ++round) { // the first one warms up
        model.forgetContext();                            // every round reads the prompt
        const auto generated = model.generate(prompt, generation, onToken, cancel);
        if (!generated) return generated.error();
        if (generated->finish == engine::FinishReason::Cancelled) return benchStopped();
        if (round == 0) continue;
        prefill.push_back(static_cast<double>(prompt.size()) / generated->promptSeconds);
        decode.push_back(static_cast<double>(generated->tokens.size()) / generated->decodeSeconds);
    }
    measured.prefill.tokensPerSecond = median(prefill);
    measured.decode.tokensPerSecond = median(decode);
    return {};
}

std::string nameOfForm(const BenchOptions& options) {
    if (!options.quantisation) return {};
    return options.int8Products ? " w8a8"
                                : " " + std::string(formats::quantisationName(*options.quantisation));
}

/// One form of the model, which is gone afterwards.
Result<Measured> measureForm(engine::Engine& engine, const BenchOptions& options, const CancelToken& cancel,
                             const ProgressSink& progress) {
    const auto model = benchModel(engine, options, cancel, progress);
    if (!model) return model.error();
    Measured measured;
    measured.shape = (*model)->config();
    measured.precision = (*model)->precision();
    if (auto done = measureRounds(**model, options, cancel, progress, measured); !done) return done.error();
    const std::string suffix = nameOfForm(options);
    measured.prefill.name = "infer prefill" + suffix;
    measured.decode.name = "infer decode" + suffix;
    for (BenchResult* result : {&measured.prefill, &measured.decode})
        result->precision = precisionName(measured.precision);
    return measured;
}

/// The bounds of prefill, in which unpacking is free, and the memory's rate: the same for every form.
struct Limits {
    StepBound products;
    double readGbPerSecond = 0.0;
};

void setBounds(Measured& measured, const Limits& limits, const BenchOptions& options, const Format& format) {
    measured.prefill.bound = limits.products.parts;
    measured.prefill.boundTokensPerSecond = options.promptTokens / limits.products.seconds();
    const double bytes = decodeBytes(measured.shape, options.promptTokens + options.newTokens / 2,
                                     elementBytes(measured.precision), format);
    measured.decode.readGbPerSecond = limits.readGbPerSecond;
    measured.decode.boundTokensPerSecond = limits.readGbPerSecond * kGiga / bytes;
    for (BenchResult* result : {&measured.prefill, &measured.decode})
        result->boundShare = *result->tokensPerSecond / *result->boundTokensPerSecond;
}

Result<Limits> measureLimits(engine::Engine& engine, const Measured& measured, const BenchOptions& options,
                             const CancelToken& cancel, const ProgressSink& progress) {
    auto products = measureBound(prefillProducts(measured.shape, options.promptTokens), engine,
                                 measured.precision, cancel, progress);
    if (!products) return products.error();
    const auto bandwidth = engine.measureReadBandwidth();
    if (!bandwidth) return bandwidth.error();
    return Limits{std::move(*products), *bandwidth};
}

} // namespace

Result<std::vector<BenchResult>> benchInfer(engine::Engine& engine, const BenchOptions& options,
                                            const CancelToken& cancel, const ProgressSink& progress) {
    AnonymousPeak anonymous;
    auto first = measureForm(engine, options, cancel, progress);
    if (!first) return first.error();
    for (BenchResult* result : {&first->prefill, &first->decode}) {
        result->peakRssMib = peakMemoryMib();
        result->peakAnonymousMib = anonymous.peakMib();
    }
    const Format stored = first->shape.quantization;
    const Format format = stored ? stored : options.quantisation;
    std::vector<std::pair<Measured, Format>> all{{std::move(*first), format}};
    if (options.folder && !format)
        for (const auto more : {formats::Quantisation::Int8, formats::Quantisation::Nf4}) {
            BenchOptions quantised = options;
            quantised.quantisation = more;
            auto measured = measureForm(engine, quantised, cancel, progress);
            if (!measured) return measured.error();
            all.emplace_back(std::move(*measured), more);
        }
    const auto limits = measureLimits(engine, all.front().first, options, cancel, progress);
    if (!limits) return limits.error();
    std::vector<BenchResult> results;
    for (auto& [measured, kept] : all) {
        setBounds(measured, *limits, options, kept);
        results.push_back(std::move(measured.prefill));
        results.push_back(std::move(measured.decode));
    }
    return results;
}

} // namespace llamahome::jobs
