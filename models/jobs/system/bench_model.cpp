#include "jobs/system/bench_model.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/philox.h"
#include "jobs/quantised_cache.h"

namespace llamahome::jobs {

Result<std::unique_ptr<engine::LanguageModel>> benchModel(engine::Engine& engine, const BenchOptions& options,
                                                          const CancelToken& cancel,
                                                          const ProgressSink& progress) {
    if (options.folder) {
        engine::LoadOptions load{options.precision, cancel, progress};
        load.quantisation = options.quantisation;
        load.int8Products = options.int8Products;
        if (load.quantisation && options.files != nullptr) {
            auto kept = quantisedCache(*options.files, *options.folder, *load.quantisation, cancel, progress);
            if (!kept) return kept.error();
            load.quantisedFile = std::move(*kept);
        }
        return engine.loadModel(*options.folder, load);
    }
    if (progress) progress({"making random weights", 0, 1, "models"});
    auto model = engine.randomModel(options.shape, options.precision, options.seed);
    if (cancel.isCancelled()) return benchStopped();
    if (model && progress) progress({"making random weights", 1, 1, "models"});
    return model;
}

engine::Precision settledPrecision(engine::Precision precision, const engine::Engine& engine) {
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

double median(std::vector<double> values) {
    if (values.empty()) return 0.0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

Error benchStopped() {
    return Error{codes::kCancelled, "the benchmark was stopped"};
}

} // namespace llamahome::jobs
