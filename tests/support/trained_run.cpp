#include "support/trained_run.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/fixed_clock.h"
#include "support/training_ground.h"

namespace llamahome::testing {

void writeQuestions(const std::filesystem::path& file) {
    std::string lines;
    for (int i = 1; i <= 12; ++i)
        lines += R"({"question":"What is )" + std::to_string(i) + R"( and 1?","answer":"It is )" +
                 std::to_string(i + 1) + "\"}\n";
    if (auto written = writeFileAtomically(systemFiles(), file, lines); !written)
        throw std::runtime_error(written.error().message);
}

jobs::TrainSummary trainRun(ManagerGround& ground, const TrainedRun& wanted) {
    const MayBlock here;
    const std::filesystem::path data = ground.folder() / "questions.jsonl";
    writeQuestions(data);
    jobs::TrainPlan plan;
    config::TrainingSettings& training = plan.settings.training;
    training.learning_rate = wanted.learningRate;
    training.batch_size = 2;
    training.gradient_accumulation = 1;
    training.max_steps = 6;
    training.validation_split = 0.2;
    training.lora.r = 2;
    training.evaluation.every_steps = 2;
    training.evaluation.answers = "ends";
    training.checkpoint.every_steps = 1;
    plan.runName = wanted.name;
    plan.modelFolder = ground.installed();
    plan.family = "smollm2";
    plan.version = "135m-instruct";
    plan.dataFiles = {data};
    plan.commandLine = "llamahome train smollm2 135m-instruct";
    plan.programVersion = "0.1.0";
    const CancelToken cancel;
    ground.engine.script().beforeStep = [&](std::int64_t step) {
        if (step == wanted.stopBefore) cancel.cancel();
    };
    RememberingSink sink;
    const FixedClock clock;
    const jobs::DataRoot root{ground.root()};
    const auto lock = jobs::RootLock::acquire(root);
    if (!lock) throw std::runtime_error(lock.error().message);
    auto summary = jobs::runTraining(plan, ground.engine, *lock, systemFiles(), clock, sink, cancel);
    ground.engine.script().beforeStep = {};
    if (!summary) throw std::runtime_error(summary.error().message);
    return std::move(*summary);
}

std::string loseBase(const std::filesystem::path& adapter) {
    const MayBlock here;
    const std::string bell = R"(\u0007)";
    const std::string key = R"("base_model_name_or_path": ")";
    std::ifstream file(adapter / "adapter_config.json");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::size_t begin = text.find(key) + key.size();
    const std::size_t end = text.find('"', begin);
    const std::string name = text.substr(begin, end - begin - bell.size());
    text.replace(end - bell.size(), bell.size(), bell);
    std::ofstream(adapter / "adapter_config.json") << text;
    // Its manifest names the base too.
    const std::string version = R"("version": ")";
    std::ifstream manifestFile(adapter / "llamahome.json");
    std::string manifest((std::istreambuf_iterator<char>(manifestFile)), {});
    manifest.insert(manifest.find(version) + version.size(), "gone-");
    std::ofstream(adapter / "llamahome.json") << manifest;
    return name;
}

} // namespace llamahome::testing
