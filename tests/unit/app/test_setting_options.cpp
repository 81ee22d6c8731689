#include <algorithm>
#include <map>
#include <set>

#include <QTest>

#include "app/command_line.h"
#include "app/program.h"
#include "app/setting_options.h"
#include "config/setting_descriptor.h"

using namespace llamahome;
using namespace llamahome::app;

namespace {

std::vector<SettingOption> allRows() {
    std::vector<SettingOption> rows;
    for (const auto table : {dataOptions(), trainingOptions(), modelOptions(), samplingOptions(),
                             benchOptions(), evaluationOptions(), templateOptions(), batchOptions()})
        rows.insert(rows.end(), table.begin(), table.end());
    return rows;
}

/// The setting that `words` give, as key → value.
std::map<std::string, std::string> settingsGivenBy(const std::vector<std::string>& words) {
    GlobalOptions options;
    const CommandSpec program = programSpec(options);
    const auto parsed = parseCommandLine(program, words);
    std::map<std::string, std::string> given;
    if (!parsed) return {{"failure", parsed.error().message}};
    for (const config::OptionValue& value : options.settings)
        given[value.key] = value.value;
    return given;
}

void forEachCommand(const CommandSpec& spec, const std::function<void(const CommandSpec&)>& visit) {
    visit(spec);
    for (const CommandSpec& child : spec.commands)
        forEachCommand(child, visit);
}

} // namespace

class TestSettingOptions final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyOptionStandsForADescribedSetting() {
        for (const SettingOption& row : allRows())
            QVERIFY2(config::findSetting(row.key) != nullptr, std::string(row.key).c_str());
    }

    // What decides a training run can be said on the command line; the rest is named here on purpose.
    void everyTrainingSettingHasAnOption() {
        const std::set<std::string> onlyInFiles{"training.max_workers",
                                                "training.lora.bias",
                                                "training.evaluation.answers",
                                                "training.evaluation.prompts",
                                                "training.checkpoint.every_steps",
                                                "training.checkpoint.every_minutes",
                                                "training.checkpoint.keep",
                                                "data.batch_rows",
                                                "data.date"};
        std::set<std::string> covered;
        for (const auto table : {dataOptions(), trainingOptions()})
            for (const SettingOption& row : table)
                covered.insert(std::string(row.key));
        for (const config::SettingDescriptor& setting : config::allSettings()) {
            if (!setting.key.starts_with("training.") && !setting.key.starts_with("data.")) continue;
            QVERIFY2(covered.contains(setting.key) != onlyInFiles.contains(setting.key), setting.key.c_str());
        }
    }

    void everySamplingSettingHasAnOption() {
        const std::set<std::string> fromEnvironmentOnly{"model.generation.max_seq_len"};
        for (const config::SettingDescriptor& setting : config::allSettings()) {
            if (!setting.key.starts_with("model.generation.")) continue;
            const auto rows = allRows();
            const bool isCovered = std::any_of(rows.begin(), rows.end(),
                                               [&](const auto& row) { return row.key == setting.key; });
            QVERIFY2(isCovered != fromEnvironmentOnly.contains(setting.key), setting.key.c_str());
        }
    }

    void helpTellsWhatTheDescriptorTells() {
        GlobalOptions options;
        const CommandSpec program = programSpec(options);
        const CommandSpec* train = program.find("train");
        QVERIFY(train != nullptr);
        for (const ArgumentSpec& argument : train->arguments) {
            if (argument.name != "--lora-r") continue;
            const config::SettingDescriptor* setting = config::findSetting("training.lora.r");
            QVERIFY(argument.help.find(setting->expected()) != std::string::npos);
            QVERIFY(argument.help.find("training.lora.r") != std::string::npos);
            return;
        }
        QFAIL("train has no --lora-r");
    }

    void trainOptionsReachTheirKeys() {
        const auto given =
            settingsGivenBy({"train", "smollm2", "--data", "x", "--epochs", "2", "--learning-rate", "1e-4",
                             "--early-stopping", "off", "--target-modules", "q_proj,v_proj",
                             "--skip-bad-rows", "--device", "cpu", "--precision", "fp32"});
        const std::map<std::string, std::string> expected{{"training.num_epochs", "2"},
                                                          {"training.learning_rate", "1e-4"},
                                                          {"training.early_stopping.enabled", "off"},
                                                          {"training.lora.target_modules", "q_proj,v_proj"},
                                                          {"data.skip_bad_rows", "true"},
                                                          {"training.device", "cpu"},
                                                          {"training.precision", "fp32"}};
        QCOMPARE(given, expected);
    }

    void chatOptionsReachTheSettingsOfModelsInUse() {
        const auto given = settingsGivenBy(
            {"chat", "smollm2", "--precision", "fp32", "--greedy", "--system", "Be brief.", "--top-k", "0"});
        const std::map<std::string, std::string> expected{{"model.precision", "fp32"},
                                                          {"model.generation.temperature", "0"},
                                                          {"model.chat.system", "Be brief."},
                                                          {"model.generation.top_k", "0"}};
        QCOMPARE(given, expected);
    }

    void everyOptionOfTheReferenceIsThere() {
        GlobalOptions options;
        const CommandSpec program = programSpec(options);
        const std::map<std::string, std::vector<std::string>> expected{
            {"train",
             {"--data",
              "--validation",
              "--validation-split",
              "--epochs",
              "--max-steps",
              "--batch-size",
              "--gradient-accumulation",
              "--learning-rate",
              "--lr-schedule",
              "--warmup-ratio",
              "--weight-decay",
              "--max-grad-norm",
              "--max-length",
              "--lora-r",
              "--lora-alpha",
              "--lora-dropout",
              "--target-modules",
              "--seed",
              "--precision",
              "--quantize",
              "--gradient-checkpointing",
              "--device",
              "--gpu-layers",
              "--threads",
              "--template",
              "--system",
              "--map",
              "--supervise",
              "--skip-bad-rows",
              "--eval-steps",
              "--early-stopping",
              "--patience",
              "--min-delta",
              "--init-adapter",
              "--name",
              "--dry-run"}},
            {"generate",
             {"--adapter", "--prompt", "--prompts", "--raw", "--max-new-tokens", "--temperature", "--top-k",
              "--top-p", "--min-p", "--repetition-penalty", "--seed", "--stop", "--batch-size", "--precision",
              "--quantize", "--device", "--gpu-layers", "--threads", "--template"}},
            {"chat",
             {"--adapter", "--system", "--precision", "--quantize", "--device", "--gpu-layers", "--threads"}},
            {"evaluate",
             {"--adapter", "--data", "--precision", "--quantize", "--device", "--threads", "--template"}},
            {"tokenize", {"--chat", "--lines", "--add-special"}},
            {"data", {"--model"}},
            {"import", {"--as", "--link"}},
            {"verify", {"--deep", "--repair"}},
            {"remove", {"--yes"}},
            {"download", {"--revision", "--source"}},
            {"merge", {"--adapter", "--out"}},
            {"export", {"--adapter", "--format", "--type", "--out"}}};
        for (const auto& [name, names] : expected) {
            const CommandSpec* command = program.find(name);
            QVERIFY2(command != nullptr, name.c_str());
            for (const std::string& option : names) {
                const bool isThere =
                    std::any_of(command->arguments.begin(), command->arguments.end(),
                                [&](const auto& argument) { return argument.name == option; });
                QVERIFY2(isThere, (name + " " + option).c_str());
            }
        }
    }

    void noCommandHasAnOptionTwice() {
        GlobalOptions options;
        const CommandSpec program = programSpec(options);
        forEachCommand(program, [](const CommandSpec& spec) {
            std::set<std::string> names;
            for (const ArgumentSpec& argument : spec.arguments)
                QVERIFY2(names.insert(argument.name).second, (spec.name + " " + argument.name).c_str());
            QVERIFY2(!spec.example.empty() && !spec.summary.empty(), spec.name.c_str());
        });
    }
};

QTEST_GUILESS_MAIN(TestSettingOptions)
#include "test_setting_options.moc"
