// Managers as the program has them, over the fake engine, with a model, data and settings for a run of six
// steps: what tests of training need. GUI thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <QTest>

#include "managers/model_manager.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/training_manager.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"

namespace llamahome::testing {

struct RunGround {
    ManagerGround ground;
    StepGate gate;
    std::filesystem::path data; ///< 12 questions with answers, then bad rows
    std::unique_ptr<managers::ManagerContext> context;
    std::unique_ptr<managers::SettingsManager> settings;
    std::unique_ptr<managers::ModelManager> models;
    std::unique_ptr<managers::TrainingManager> training;
    std::vector<std::filesystem::path> runLogs; ///< written on the engine thread, read after the run

    explicit RunGround(int badRows = 0) {
        ground.install();
        ground.engine.script().beforeStep = [this](std::int64_t step) { gate.pass(step); };
        data = ground.folder() / "questions.jsonl";
        std::ofstream file(data);
        for (int i = 1; i <= 12; ++i)
            file << R"({"question":"What is )" << i << R"( and 1?","answer":"It is )" << i + 1 << "\"}\n";
        for (int i = 0; i < badRows; ++i)
            file << "{\"question\":\n";
        file.close();
        managers::Workspace workspace = ground.workspace();
        workspace.openRunLog = [this](const std::filesystem::path& log) {
            runLogs.push_back(log);
            return std::make_shared<int>(0);
        };
        context = std::make_unique<managers::ManagerContext>(std::move(workspace));
        settings = std::make_unique<managers::SettingsManager>(*context);
        models = std::make_unique<managers::ModelManager>(*context);
        training = std::make_unique<managers::TrainingManager>(*context, *models, *settings);
    }
    ~RunGround() {
        gate.open();
        training.reset();
        models.reset();
        settings.reset();
        context.reset();
    }

    managers::TrainingSetup& setup() { return training->setup(); }
    void set(const char* key, const char* value) {
        const auto problem = setup().setSetting(QString::fromLatin1(key), QString::fromLatin1(value));
        QVERIFY2(!problem, key);
    }
    void chooseShortRun() {
        set("training.max_steps", "6");
        set("training.batch_size", "2");
        set("training.gradient_accumulation", "1");
        set("training.validation_split", "0.2");
        set("training.evaluation.every_steps", "2");
        set("training.evaluation.answers", "ends");
        set("training.checkpoint.every_steps", "1");
        set("training.lora.r", "2");
        setup().chooseModel(QStringLiteral("smollm2/135m-instruct"));
        setup().chooseData({managers::pathToQt(data)});
    }
    /// Limits memory to a little less than the run takes with all its rows at once.
    void makeItNotFit() {
        set("training.batch_size", "16384");
        set("training.gradient_checkpointing", "off");
        set("model.memory.reserve_mib", "0");
        const auto isForecast = [&] {
            return !setup().isLookingAhead() && setup().outlook() &&
                   setup().outlook()->forecast.batchSize == 16384;
        };
        QVERIFY(QTest::qWaitFor(isForecast, kPatienceMs));
        const std::uint64_t mib = setup().outlook()->forecast.memory.total() >> 20;
        set("model.memory.limit_mib", std::to_string(mib).c_str());
    }
    bool isIn(managers::TrainingState state) const { return training->state() == state; }
    /// Waits for a state; false, with the state and problem told, where it does not come.
    bool comesTo(managers::TrainingState state) const {
        if (QTest::qWaitFor([&] { return isIn(state); }, kPatienceMs)) return true;
        qWarning("state %d, problem '%s'", static_cast<int>(training->state()),
                 training->problem() ? training->problem()->message.c_str() : "");
        return false;
    }
    bool holds() const {
        return QTest::qWaitFor([&] { return gate.isReached(); }, kPatienceMs);
    }
    jobs::DataRoot root() const { return context->workspace.root; }
};

} // namespace llamahome::testing
