// Trains an adapter on a fixture and writes it, with the logits it gives, for check_adapter_with_peft.py.
// usage: write_adapter_for_peft FIXTURE_NAME FOLDER
#include <cstdio>
#include <filesystem>

#include "core/file_layer.h"
#include "formats/safetensors/safetensors_writer.h"
#include "llama/runtime/engine_impl.h"
#include "parity/fixture.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

struct SilentObserver final : TrainObserver {
    Result<void> onMetric(const MetricPoint&) override { return {}; }
    Result<void> onCheckpoint(const TrainState&) override { return {}; }
    void onProgress(const Progress&) override {}
};

Result<void> writeLogits(const std::filesystem::path& path, const std::vector<float>& logits,
                         std::int64_t vocab) {
    const formats::TensorInfo info{
        "logits", formats::DType::F32, {static_cast<std::int64_t>(logits.size()) / vocab, vocab}};
    auto writer = formats::SafetensorsWriter::create(systemFiles(), path, {info}, {{"format", "pt"}});
    if (!writer) return writer.error();
    if (auto written = (*writer)->write(info, std::as_bytes(std::span(logits))); !written) return written;
    return (*writer)->finish();
}

Result<void> run(const std::string& name, const std::filesystem::path& folder) {
    const testing::Fixture fixture(name);
    auto model = (*createEngine())->loadModel(fixture.folder(), {Precision::Fp32, {}, {}});
    if (!model) return model.error();
    TrainRequest request;
    request.trainRows = fixture.rows();
    request.settings.max_steps = 10;
    request.settings.learning_rate = 1e-2;
    request.settings.lora.target_modules = {"all-linear"};
    SilentObserver observer;
    const auto outcome = (*model)->train(request, observer);
    if (!outcome) return outcome.error();
    if (auto made = systemFiles().makeDirectories(folder); !made) return made;
    if (auto written = formats::writePeftAdapter(systemFiles(), folder, outcome->state.adapter); !written)
        return written;
    const auto logits = (*model)->logits(fixture.longRow());
    if (!logits) return logits.error();
    return writeLogits(folder / "logits.safetensors", *logits, (*model)->config().vocab_size);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const auto done = run(argv[1], argv[2]);
    if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
    return done ? 0 : 1;
}
