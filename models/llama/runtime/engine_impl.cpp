#include "llama/runtime/engine_impl.h"

#include <algorithm>
#include <chrono>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/version.h>

#include "core/machine.h"
#include "llama/load/load_decoder.h"
#include "llama/runtime/guard.h"
#include "llama/runtime/language_model.h"
#include "llama/runtime/read_bandwidth.h"

namespace llamahome::engine {
namespace {

/// On every processor that the engine runs on there are vectors to widen bf16 with (decision 0006).
constexpr Precision kAutoPrecision = Precision::Bf16;

at::ScalarType scalarType(Precision precision) {
    const Precision chosen = precision == Precision::Auto ? kAutoPrecision : precision;
    return chosen == Precision::Bf16 ? at::kBFloat16 : at::kFloat;
}

class TorchEngine final : public Engine {
public:
    TorchEngine() { at::init_num_threads(); }

    EngineInfo info() const override {
        return {TORCH_VERSION, at::get_cpu_capability(), kAutoPrecision, at::get_num_threads(),
                at::hasCUDA()};
    }

    Result<void> setThreads(int threads) override {
        return guard([&]() -> Result<void> {
            at::set_num_threads(threads > 0 ? threads : static_cast<int>(cpuFeatures().cores));
            return {};
        });
    }

    Result<std::unique_ptr<LanguageModel>> loadModel(const std::filesystem::path& folder,
                                                     const LoadOptions& options) override {
        return guard([&]() -> Result<std::unique_ptr<LanguageModel>> {
            auto decoder = loadDecoder(folder, scalarType(options.precision), options.cancel,
                                       options.progress, LayerPath::Fast,
                                       {options.quantisation, options.quantisedFile, options.int8Products});
            if (!decoder) return decoder.error();
            return std::unique_ptr<LanguageModel>(
                std::make_unique<DecoderLanguageModel>(std::move(*decoder)));
        });
    }

    Result<std::unique_ptr<LanguageModel>> randomModel(const formats::ModelConfig& config,
                                                       Precision precision, std::uint64_t seed) override {
        return guard([&]() -> Result<std::unique_ptr<LanguageModel>> {
            return std::unique_ptr<LanguageModel>(
                std::make_unique<DecoderLanguageModel>(randomDecoder(config, scalarType(precision), seed)));
        });
    }

    Result<double> measureGemm(Precision precision, int m, int n, int k) override {
        return guard([&]() -> Result<double> { return gemmRate(precision, m, n, k); });
    }

    Result<double> measureReadBandwidth() override {
        return guard([]() -> Result<double> { return engine::measureReadBandwidth(); });
    }

private:
    static double gemmRate(Precision precision, int m, int n, int k) {
        const at::Tensor a = at::zeros({m, k}, scalarType(precision)).fill_(0.5);
        const at::Tensor b = at::zeros({n, k}, scalarType(precision)).fill_(0.25);
        at::Tensor out = at::mm(a, b.t());
        const auto now = [] { return std::chrono::steady_clock::now(); };
        const auto begin = now();
        int rounds = 0;
        do {
            at::mm_out(out, a, b.t());
            ++rounds;
        } while (now() - begin < std::chrono::milliseconds(300));
        const double seconds = std::chrono::duration<double>(now() - begin).count();
        return 2.0 * m * n * k * rounds / seconds / 1e9;
    }
};

} // namespace

Result<std::unique_ptr<Engine>> createEngine() {
    return guard([]() -> Result<std::unique_ptr<Engine>> {
        return std::unique_ptr<Engine>(std::make_unique<TorchEngine>());
    });
}

} // namespace llamahome::engine
