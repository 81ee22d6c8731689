#include <utility>

#include "core/file_layer.h"
#include "core/machine.h"
#include "formats/hub/model_weights.h"
#include "jobs/open_model.h"
#include "jobs/system/anonymous_peak.h"
#include "jobs/system/bench.h"
#include "jobs/system/bench_model.h"

namespace llamahome::jobs {
namespace {

constexpr int kPromptTokens = 16;
constexpr double kBytesPerMib = 1024.0 * 1024.0;

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

/// Seconds of each round, from the start of loading.
struct LoadTimes {
    std::vector<double> loaded;
    std::vector<double> firstToken;
};

} // namespace

Result<std::vector<BenchResult>> benchLoad(engine::Engine& engine, const std::filesystem::path& folder,
                                           const BenchOptions& options, const Clock& clock,
                                           const CancelToken& cancel, const ProgressSink& progress) {
    AnonymousPeak anonymous;
    const auto bytes = weightBytes(folder);
    if (!bytes) return bytes.error();
    engine::GenerationOptions oneToken;
    oneToken.maxNewTokens = 1;
    BenchOptions ofFolder = options;
    ofFolder.folder = folder;
    const auto timedLoad = [&](LoadTimes& times) -> Result<void> {
        const double begin = clock.monotonicSeconds();
        const auto model = benchModel(engine, ofFolder, cancel, progress);
        if (!model) return model.error();
        times.loaded.push_back(clock.monotonicSeconds() - begin);
        const auto prompt = randomTokens((*model)->config().vocab_size, kPromptTokens, options.seed, 0);
        const auto generated = (*model)->generate(prompt, oneToken, nullptr, cancel);
        if (!generated) return generated.error();
        if (generated->finish == engine::FinishReason::Cancelled) return benchStopped();
        times.firstToken.push_back(clock.monotonicSeconds() - begin);
        return {};
    };
    LoadTimes cold;
    LoadTimes warm;
    std::string whyNotCold;
    for (int round = 0; round < kBenchRounds; ++round) {
        if (whyNotCold.empty()) whyNotCold = dropFolder(folder, options);
        if (whyNotCold.empty())
            if (auto timed = timedLoad(cold); !timed) return timed.error();
        if (auto timed = timedLoad(warm); !timed) return timed.error();
    }
    std::vector<BenchResult> results;
    for (const auto& [name, times] : {std::pair{"load cold", &cold}, {"load warm", &warm}}) {
        BenchResult result;
        result.name = name;
        result.precision = precisionName(settledPrecision(options.precision, engine));
        if (times->loaded.empty()) {
            result.note = "not measured: " + whyNotCold;
        } else {
            result.seconds = median(times->loaded);
            result.secondsToFirstToken = median(times->firstToken);
            if (*result.seconds > 0.0)
                result.mibPerSecond = static_cast<double>(*bytes) / kBytesPerMib / *result.seconds;
            result.peakRssMib = peakMemoryMib();
            result.peakAnonymousMib = anonymous.peakMib();
        }
        results.push_back(std::move(result));
    }
    return results;
}

} // namespace llamahome::jobs
