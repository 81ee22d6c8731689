#include "support/training_ground.h"

#include <algorithm>
#include <stdexcept>

#include "core/json.h"
#include "jobs/train/metric_log.h"
#include "support/tiny_model.h"

namespace llamahome::testing {

bool RememberingSink::wasNoticed(std::string_view text) const {
    return std::any_of(notices.begin(), notices.end(),
                       [&](const std::string& notice) { return notice.find(text) != std::string::npos; });
}

TrainingGround::TrainingGround() {
    controls.pause = [this](double seconds, const CancelToken&) { clock.advance(seconds); };
    writeTinyModel(model);
    std::string lines;
    for (int i = 1; i <= 12; ++i) {
        const std::string number = std::to_string(i);
        lines += R"({"question":"What is )" + number + R"( and 1?","answer":"One more. #### )" +
                 std::to_string(i + 1) + "\"}\n";
    }
    if (!writeFileAtomically(systemFiles(), data, lines)) throw std::runtime_error("cannot write test data");
}

jobs::TrainPlan TrainingGround::plan() const {
    jobs::TrainPlan plan;
    config::TrainingSettings& training = plan.settings.training;
    training.batch_size = 2;
    training.gradient_accumulation = 1;
    training.max_steps = 6;
    training.validation_split = 0.2;
    training.max_workers = 2;
    training.lora.r = 2;
    training.evaluation.every_steps = 2;
    training.evaluation.answers = "ends";
    training.checkpoint.every_steps = 1;
    plan.modelFolder = model;
    plan.family = "tiny";
    plan.version = "v1";
    plan.dataFiles = {data};
    plan.commandLine = "llamahome train tiny v1";
    plan.programVersion = "0.1.0";
    return plan;
}

Result<jobs::TrainSummary> TrainingGround::train(const jobs::TrainPlan& plan, FileLayer& files) {
    const auto lock = jobs::RootLock::acquire(root);
    if (!lock) return lock.error();
    return jobs::runTraining(plan, engine, *lock, files, clock, sink, cancel, controls);
}

Result<jobs::TrainSummary> TrainingGround::resume(const std::string& run, FileLayer& files) {
    return resumeWith(run, {}, files);
}

Result<jobs::TrainSummary>
TrainingGround::resumeWith(const std::string& run, std::vector<jobs::RunSetting> changes, FileLayer& files) {
    const auto lock = jobs::RootLock::acquire(root);
    if (!lock) return lock.error();
    return jobs::resumeTraining({run, "llamahome resume", "0.1.0", 0, std::move(changes)}, engine, *lock,
                                files, clock, sink, cancel, controls);
}

std::string said(const Result<jobs::TrainSummary>& result) {
    return result ? std::string("success")
                  : std::string(result.error().code.text) + " " + result.error().message;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> comparableMetrics(const std::filesystem::path& run) {
    std::vector<std::string> lines;
    const auto read = jobs::readMetrics(run / "metrics.jsonl");
    for (const jobs::MetricLine& line : *read) {
        const engine::MetricPoint& point = line.point;
        lines.push_back(writeJsonLine(Json{{"eval", point.evalLoss.value_or(0.0)},
                                           {"step", point.step},
                                           {"epoch", point.epoch},
                                           {"loss", point.trainLoss},
                                           {"rate", point.learningRate},
                                           {"tokens", point.tokens},
                                           {"targets", point.supervisedTokens}}));
    }
    return lines;
}

std::vector<std::string> namesIn(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::string adapterBytes(const jobs::TrainSummary& summary) {
    return *readFile(summary.adapterFolder / "adapter_model.safetensors");
}

} // namespace llamahome::testing
