#include "jobs/system/bench.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/machine.h"
#include "core/philox.h"
#include "formats/hub/model_weights.h"
#include "jobs/open_model.h"
#include "llama/lora/lora_plan.h"

namespace llamahome::jobs {
namespace {

constexpr int kRounds = 3; // of generation and loading; the median counts
constexpr double kBytesPerMib = 1024.0 * 1024.0;
constexpr double kGiga = 1e9;

double median(std::vector<double> values) {
    if (values.empty()) return 0.0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

/// What Auto stands for on this machine.
engine::Precision settled(engine::Precision precision, const engine::Engine& engine) {
    return precision == engine::Precision::Auto ? engine.info().autoPrecision : precision;
}

std::vector<std::int32_t> randomTokens(std::int64_t vocabulary, int count, std::uint64_t seed,
                                       std::uint64_t stream) {
    PhiloxStream random(seed, stream);
    std::vector<std::int32_t> tokens;
    for (int i = 0; i < count; ++i)
        tokens.push_back(static_cast<std::int32_t>(random.nextBelow(static_cast<std::uint32_t>(vocabulary))));
    return tokens;
}

std::vector<text::TokenRow> randomRows(std::int64_t vocabulary, const BenchOptions& options) {
    std::vector<text::TokenRow> rows;
    for (int row = 0; row < options.rows; ++row) {
        const auto stream = static_cast<std::uint64_t>(row);
        rows.push_back({randomTokens(vocabulary, options.length, options.seed, stream),
                        std::vector<std::uint8_t>(static_cast<std::size_t>(options.length), 1)});
    }
    return rows;
}

config::TrainingSettings benchSettings(const BenchOptions& options) {
    config::TrainingSettings settings;
    settings.batch_size = options.rows;
    settings.gradient_accumulation = 1;
    settings.max_steps = options.steps + 1;
    settings.lr_schedule = "constant";
    settings.warmup_ratio = 0.0;
    settings.seed = static_cast<std::int64_t>(options.seed);
    settings.lora.r = options.r;
    settings.lora.alpha = 2.0 * options.r;
    settings.lora.dropout = 0.0;
    settings.lora.target_modules.clear();
    for (const engine::Projection projection : engine::kProjections)
        settings.lora.target_modules.emplace_back(engine::projectionName(projection));
    settings.early_stopping.enabled = false;
    settings.checkpoint.every_minutes = 0;
    return settings;
}

/// Keeps the rate of each step and the time of the first.
class RateObserver final : public engine::TrainObserver {
public:
    RateObserver(const Clock& clock, const ProgressSink& progress)
        : m_clock(clock)
        , m_progress(progress) {}

    Result<void> onMetric(const engine::MetricPoint& point) override {
        if (m_rates.empty()) m_firstStepEnd = m_clock.monotonicSeconds();
        m_rates.push_back(point.tokensPerSecond);
        return {};
    }
    Result<void> onCheckpoint(const engine::TrainState&, bool) override { return {}; }
    void onProgress(const Progress& progress) override {
        if (m_progress) m_progress(progress);
    }

    double firstStepEnd() const { return m_firstStepEnd; }
    /// Without the warm-up step.
    std::vector<double> timedRates() const {
        return m_rates.empty() ? m_rates : std::vector<double>(m_rates.begin() + 1, m_rates.end());
    }

private:
    const Clock& m_clock;
    const ProgressSink& m_progress;
    std::vector<double> m_rates;
    double m_firstStepEnd = 0.0;
};

Error stopped() {
    return Error{codes::kCancelled, "the benchmark was stopped"};
}

Result<std::uint64_t> weightBytes(const std::filesystem::path& folder) {
    const auto source = formats::openModelWeights(folder);
    if (!source) return source.error();
    std::uint64_t bytes = 0;
    for (const formats::TensorInfo& tensor : (*source)->tensors())
        bytes += tensor.byteSize();
    return bytes;
}

/// Takes the folder's files out of memory; why that was not possible, else nothing.
std::string dropFolder(const std::filesystem::path& folder, const BenchOptions& options) {
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        std::error_code unreadable;
        if (!entry->is_regular_file(unreadable)) continue;
        const auto dropped = options.dropFromCache(entry->path());
        if (!dropped) return dropped.error().message;
        if (!*dropped)
            return displayPath(entry->path()) + " stays in memory (its file system, or another process)";
    }
    return failure ? "cannot read folder " + displayPath(folder) + ": " + failure.message() : std::string();
}

formats::ModelConfig shapeOf(const BenchOptions& options) {
    return options.shape ? *options.shape : benchShape();
}

} // namespace

formats::ModelConfig benchShape() {
    formats::ModelConfig config;
    config.vocab_size = 49152;
    config.hidden_size = 576;
    config.intermediate_size = 1536;
    config.num_hidden_layers = 30;
    config.num_attention_heads = 9;
    config.num_key_value_heads = 3;
    config.head_dim = 64;
    config.max_position_embeddings = 8192;
    config.rms_norm_eps = 1e-5;
    config.rope_theta = 100000.0;
    config.tie_word_embeddings = true;
    return config;
}

std::vector<StepProduct> stepProducts(const formats::ModelConfig& config, std::int64_t tokens) {
    std::map<std::tuple<std::int64_t, std::int64_t>, std::int64_t> counts; // (k, n) → how often
    const auto add = [&](std::int64_t in, std::int64_t out, std::int64_t times) {
        counts[{in, out}] += times; // forward
        counts[{out, in}] += times; // gradient of the input
    };
    for (const engine::Projection projection : engine::kProjections) {
        const engine::ProjectionShape shape = engine::projectionShape(config, projection);
        add(shape.inFeatures, shape.outFeatures, config.num_hidden_layers);
    }
    add(config.hidden_size, config.vocab_size, 1);
    std::vector<StepProduct> products;
    for (const auto& [shape, count] : counts)
        products.push_back({tokens, std::get<0>(shape), std::get<1>(shape), count});
    return products;
}

Result<double> productBound(const formats::ModelConfig& config, std::int64_t tokens, engine::Engine& engine,
                            engine::Precision precision) {
    double seconds = 0.0;
    for (const StepProduct& product : stepProducts(config, tokens)) {
        const double flops = 2.0 * static_cast<double>(product.m) * static_cast<double>(product.k) *
                             static_cast<double>(product.n) * static_cast<double>(product.count);
        const auto rate = engine.measureGemm(precision, static_cast<int>(product.m),
                                             static_cast<int>(product.n), static_cast<int>(product.k));
        if (!rate) return rate;
        if (*rate <= 0.0) return 0.0;
        seconds += flops / (*rate * kGiga);
    }
    return seconds > 0.0 ? static_cast<double>(tokens) / seconds : 0.0;
}

Result<std::vector<BenchResult>> benchTrain(engine::Engine& engine, const BenchOptions& options,
                                            const Clock& clock, const CancelToken& cancel,
                                            const ProgressSink& progress) {
    const double begin = options.startSeconds.value_or(clock.monotonicSeconds());
    const formats::ModelConfig shape = shapeOf(options);
    const engine::Precision precision = settled(options.precision, engine);
    const auto model = engine.randomModel(shape, precision, options.seed);
    if (!model) return model.error();
    engine::TrainRequest request;
    request.settings = benchSettings(options);
    request.trainRows = randomRows(shape.vocab_size, options);
    request.shuffle = false;
    request.cancel = cancel;
    RateObserver observer(clock, progress);
    const auto outcome = (*model)->train(request, observer);
    if (!outcome) return outcome.error();
    if (outcome->cause == engine::StopCause::Cancelled) return stopped();
    BenchResult result;
    result.name = "train";
    result.precision = precisionName(precision);
    result.tokensPerSecond = median(observer.timedRates());
    result.peakRssMib = peakMemoryMib(); // before the bound is measured: its matrices are no part of training
    result.secondsToFirstStep = observer.firstStepEnd() - begin;
    const std::int64_t tokens = std::int64_t{options.rows} * options.length;
    const auto bound = productBound(shape, tokens, engine, precision);
    if (!bound) return bound.error();
    result.boundTokensPerSecond = *bound;
    if (*bound > 0.0) result.boundShare = *result.tokensPerSecond / *bound;
    return std::vector{std::move(result)};
}

Result<std::vector<BenchResult>> benchGemm(engine::Engine& engine, const BenchOptions& options,
                                           const CancelToken& cancel, const ProgressSink& progress) {
    const engine::Precision precision = settled(options.precision, engine);
    const auto products = stepProducts(shapeOf(options), std::int64_t{options.rows} * options.length);
    std::vector<BenchResult> results;
    for (const StepProduct& product : products) {
        if (cancel.isCancelled()) return stopped();
        BenchResult result;
        result.name = "gemm " + std::to_string(product.m) + "x" + std::to_string(product.k) + "x" +
                      std::to_string(product.n);
        result.precision = precisionName(precision);
        const auto rate = engine.measureGemm(precision, static_cast<int>(product.m),
                                             static_cast<int>(product.n), static_cast<int>(product.k));
        if (!rate) return rate.error();
        result.gflops = *rate;
        results.push_back(std::move(result));
        if (progress) progress({"measuring products", results.size(), products.size(), "products"});
    }
    return results;
}

Result<std::vector<BenchResult>> benchInfer(engine::Engine& engine, const BenchOptions& options,
                                            const CancelToken& cancel, const ProgressSink& progress) {
    const formats::ModelConfig shape = shapeOf(options);
    const engine::Precision precision = settled(options.precision, engine);
    const auto model = engine.randomModel(shape, precision, options.seed);
    if (!model) return model.error();
    const auto prompt = randomTokens(shape.vocab_size, options.promptTokens, options.seed, 0);
    engine::GenerationOptions generation;
    generation.maxNewTokens = options.newTokens;
    std::vector<double> prefill;
    std::vector<double> decode;
    for (int round = 0; round <= kRounds; ++round) { // the first one warms up
        const auto generated = (*model)->generate(prompt, generation, nullptr, cancel);
        if (!generated) return generated.error();
        if (generated->finish == engine::FinishReason::Cancelled) return stopped();
        if (progress) progress({"generating", static_cast<std::uint64_t>(round + 1), kRounds + 1, "rounds"});
        if (round == 0) continue;
        prefill.push_back(static_cast<double>(prompt.size()) / generated->promptSeconds);
        decode.push_back(static_cast<double>(generated->tokens.size()) / generated->decodeSeconds);
    }
    std::vector<BenchResult> results;
    for (const auto& [name, rates] : {std::pair{"infer prefill", prefill}, {"infer decode", decode}}) {
        BenchResult result;
        result.name = name;
        result.precision = precisionName(precision);
        result.tokensPerSecond = median(rates);
        result.peakRssMib = peakMemoryMib();
        results.push_back(std::move(result));
    }
    return results;
}

Result<std::vector<BenchResult>> benchLoad(engine::Engine& engine, const std::filesystem::path& folder,
                                           const BenchOptions& options, const Clock& clock,
                                           const CancelToken& cancel, const ProgressSink& progress) {
    const auto bytes = weightBytes(folder);
    if (!bytes) return bytes.error();
    const auto timedLoad = [&]() -> Result<double> {
        const double begin = clock.monotonicSeconds();
        const auto model = engine.loadModel(folder, {options.precision, cancel, progress});
        if (!model) return model.error();
        return clock.monotonicSeconds() - begin;
    };
    std::vector<double> cold;
    std::vector<double> warm;
    std::string whyNotCold;
    for (int round = 0; round < kRounds; ++round) {
        if (whyNotCold.empty()) whyNotCold = dropFolder(folder, options);
        for (std::vector<double>* times : {&cold, &warm}) {
            if (times == &cold && !whyNotCold.empty()) continue;
            const auto seconds = timedLoad();
            if (!seconds) return seconds.error();
            times->push_back(*seconds);
        }
    }
    std::vector<BenchResult> results;
    for (const auto& [name, times] : {std::pair{"load cold", &cold}, {"load warm", &warm}}) {
        BenchResult result;
        result.name = name;
        result.precision = precisionName(settled(options.precision, engine));
        if (times->empty()) {
            result.note = "not measured: " + whyNotCold;
        } else {
            result.seconds = median(*times);
            if (*result.seconds > 0.0)
                result.mibPerSecond = static_cast<double>(*bytes) / kBytesPerMib / *result.seconds;
            result.peakRssMib = peakMemoryMib();
        }
        results.push_back(std::move(result));
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
    for (const BenchResult& result : results) {
        Json entry{{"name", result.name}, {"precision", result.precision}};
        const auto add = [&entry](const char* key, const std::optional<double>& value) {
            if (value) entry[key] = *value;
        };
        add("tokens_per_second", result.tokensPerSecond);
        add("bound_share", result.boundShare);
        add("bound_tokens_per_second", result.boundTokensPerSecond);
        add("peak_rss_mib", result.peakRssMib);
        add("seconds_to_first_step", result.secondsToFirstStep);
        add("gflops", result.gflops);
        add("seconds", result.seconds);
        add("mib_per_second", result.mibPerSecond);
        if (!result.note.empty()) entry["note"] = result.note;
        json["results"].push_back(std::move(entry));
    }
    return json;
}

} // namespace llamahome::jobs
