#include <filesystem>

#include <QTest>

#include "config/nearest_name.h"
#include "config/settings_loader.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::config;
using namespace llamahome::testing;

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
    QVERIFY(writeFileAtomically(systemFiles(), path, text));
}

SettingsSources withOptions(std::vector<OptionValue> options) {
    SettingsSources sources;
    sources.options = std::move(options);
    return sources;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

class TestSettingsProblems final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void allProblemsOfAllPlacesComeAtOnce() {
        const TemporaryFolder folder;
        write(folder / "training_config.yaml", "training:\n  learning_rat: 1\n  batch_size: 0\n  lora: "
                                               "{dropout: 1.5, bias: all}\n  seed: 1\n  seed: 2\n");
        write(folder / "model_config.yaml", "model: [\n");
        SettingsSources sources;
        sources.userFolder = folder.path();
        sources.environment = {{"LLAMA_MAX_SEQ_LEN", "many"}};
        sources.options = {{"training.epochs", "3"}};
        const auto loaded = loadSettings(sources);
        QVERIFY(!loaded);
        const Error& error = loaded.error();
        QVERIFY(error.code.errorClass == ErrorClass::Usage);
        QVERIFY(contains(error.message, "8 problems in all"));
        QVERIFY(error.message.find('\n') == std::string::npos);
        const std::string file = (folder / "training_config.yaml").string();
        for (const std::string& line :
             {file + ":2: training.learning_rat: no such setting; nearest is training.learning_rate",
              file + ":3: training.batch_size: found `0`, expected `auto` or a whole number from 1 to 65536",
              file + ":4: training.lora.dropout: found `1.5`, expected a number from 0.0 and below 1.0",
              file + ":4: training.lora.bias: found `all`, which this version cannot do yet; use none",
              file + ":6: found `seed` twice, first in line 5; remove one",
              (folder / "model_config.yaml").string() + ":2: not YAML",
              std::string("LLAMA_MAX_SEQ_LEN: model.generation.max_seq_len: found `many`"),
              std::string("--set: training.epochs: no such setting; nearest is training.num_epochs")})
            QVERIFY2(contains(error.detail, line), (line + "\nnot in\n" + error.detail).c_str());
    }

    void whatIsRightStandsBesideWhatIsWrong() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", "training: {batch_size: 0, num_epochs: 7}\n");
        SettingsSources sources;
        sources.configFile = folder / "c.yaml";
        const SettingsReport report = checkSettings(sources);
        QCOMPARE(report.problems.size(), std::size_t(1));
        QCOMPARE(report.problems[0].key, std::string("training.batch_size"));
        QCOMPARE(report.resolved.values.training.num_epochs, 7);
        QCOMPARE(report.resolved.values.training.batch_size, 4);
        QCOMPARE(report.resolved.origins.at("training.batch_size").text(), std::string("built-in"));
    }

    void unknownKeysCarryTheNearestAsField() {
        const SettingsReport report = checkSettings(withOptions({{"training.lerning_rate", "1"}}));
        QCOMPARE(report.problems.at(0).nearestKey, std::string("training.learning_rate"));
        QVERIFY(report.problems.at(0).code == codes::kSettingUnknown);
    }

    void aSectionIsNoSetting() {
        const SettingsReport report = checkSettings(withOptions({{"training.lora", "8"}}));
        QVERIFY(contains(report.problems.at(0).message, "is a section"));
    }

    void theSameKeyInTwoFilesOfOneFolderIsToldWithBothPlaces() {
        const TemporaryFolder folder;
        write(folder / "model_config.yaml", "training: {seed: 1}\n");
        write(folder / "training_config.yaml", "# x\ntraining: {seed: 2}\n");
        SettingsSources sources;
        sources.userFolder = folder.path();
        const SettingsReport report = checkSettings(sources);
        QCOMPARE(report.problems.size(), std::size_t(1));
        QVERIFY(contains(report.problems[0].text(), "training_config.yaml:2"));
        QVERIFY(contains(report.problems[0].message, "model_config.yaml:1"));
    }

    void aMissingConfigFileIsNotFound() {
        SettingsSources sources;
        sources.configFile = "/nowhere/c.yaml";
        QVERIFY(loadSettings(sources).error().code.errorClass == ErrorClass::NotFound);
        QVERIFY(contains(loadSettings(sources).error().message, "/nowhere/c.yaml"));
    }

    void wrongVariablesAreNamed_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("value");
        for (const auto& [name, value] :
             std::initializer_list<std::pair<const char*, const char*>>{{"LLAMAHOME_ENV", "prod"},
                                                                        {"LLAMAHOME_ROOT", "/etc/passwd"},
                                                                        {"LLAMAHOME_BATCH_SIZE", "0"},
                                                                        {"LLAMAHOME_MAX_WORKERS", "-1"},
                                                                        {"LLAMAHOME_CACHE_SIZE", "10GB"},
                                                                        {"LLAMA_MODEL_QUANT", "q4"},
                                                                        {"LLAMA_NUM_GPU_LAYERS", "all"},
                                                                        {"LLAMA_MAX_SEQ_LEN", "32k"},
                                                                        {"LLAMA_MAX_BATCH_SIZE", "1.5"},
                                                                        {"HF_ENDPOINT", "http://example.com"},
                                                                        {"HF_HUB_OFFLINE", "perhaps"},
                                                                        {"HF_TOKEN", "two words"},
                                                                        {"HF_TOKEN_PATH", "token"},
                                                                        {"HF_HOME", "cache"},
                                                                        {"HF_HUB_CACHE", "cache"},
                                                                        {"HUGGINGFACE_HUB_CACHE", "cache"},
                                                                        {"https_proxy", "my proxy"}})
            QTest::newRow(name) << name << value;
    }
    void wrongVariablesAreNamed() {
        QFETCH(const QString, name);
        QFETCH(const QString, value);
        SettingsSources sources;
        sources.workingFolder = "/";
        sources.environment = {{name.toStdString(), value.toStdString()}};
        const SettingsReport report = checkSettings(sources);
        QCOMPARE(report.problems.size(), std::size_t(1));
        QVERIFY2(report.problems[0].text().starts_with(name.toStdString() + ": "),
                 report.problems[0].text().c_str());
        QVERIFY(contains(report.problems[0].message, "expected") ||
                contains(report.problems[0].message, "name a"));
        QVERIFY(report.problems[0].code == codes::kEnvironmentValue);
    }

    void aQuantisationThatIsNotKnownIsRefusedByName() {
        SettingsSources sources;
        sources.environment = {{"LLAMA_MODEL_QUANT", "fp4"}};
        const auto loaded = loadSettings(sources);
        QVERIFY(!loaded);
        QVERIFY(contains(loaded.error().message, "LLAMA_MODEL_QUANT"));
        QVERIFY(contains(loaded.error().message, "fp4"));
    }

    void patienceWithoutValidationRowsContradicts() {
        SettingsSources sources = withOptions({{"training.validation_split", "0", "--validation-split"},
                                               {"training.early_stopping.patience", "5"}});
        const SettingsReport report = checkSettings(sources);
        QCOMPARE(report.problems.size(), std::size_t(1));
        QVERIFY(report.problems[0].code == codes::kSettingsContradict);
        QVERIFY(contains(report.problems[0].text(), "training.early_stopping.patience"));
        QVERIFY(contains(report.problems[0].text(), "--validation-split"));
        sources.hasValidationFile = true;
        QVERIFY(checkSettings(sources).problems.empty());
    }

    void earlyStoppingByDefaultOnlyEarnsANotice() {
        const SettingsReport report = checkSettings(withOptions({{"training.validation_split", "0"}}));
        QVERIFY(report.problems.empty());
        QCOMPARE(report.resolved.notices.size(), std::size_t(1));
        QVERIFY(contains(report.resolved.notices[0], "early stopping is off"));
    }

    void contradictionsOfTheModel() {
        for (const auto& options : std::vector<std::vector<OptionValue>>{
                 {{"model.device", "cpu"}, {"model.gpu_layers", "4"}},
                 {{"model.generation.max_new_tokens", "100"}, {"model.generation.max_seq_len", "64"}},
                 {{"model.memory.limit_mib", "1000"}}}) {
            const SettingsReport report = checkSettings(withOptions(options));
            QCOMPARE(report.problems.size(), std::size_t(1));
            QVERIFY(report.problems[0].code == codes::kSettingsContradict);
        }
    }

    void valuesThatThisVersionCannotActOnAreTold() {
        for (const auto& [key, value] :
             std::vector<std::pair<std::string, std::string>>{{"model.cache.size_mib", "512"},
                                                              {"model.generation.max_batch_size", "2"},
                                                              {"model.gpu_layers", "4"}}) {
            const SettingsReport report = checkSettings(withOptions({{key, value}}));
            QVERIFY(report.problems.empty());
            QCOMPARE(report.resolved.notices.size(), std::size_t(1));
            QVERIFY(contains(report.resolved.notices[0], key));
            QVERIFY(contains(report.resolved.notices[0], "no effect in this version"));
        }
        for (const char* key : {"model.gpu_layers", "model.cache.size_mib"})
            QVERIFY(checkSettings(withOptions({{key, "0"}})).resolved.notices.empty());
        QVERIFY(checkSettings(withOptions({})).resolved.notices.empty());
    }

    void stepsBeyondTheRunAreNoticed() {
        const SettingsReport report = checkSettings(withOptions({{"training.max_steps", "10"},
                                                                 {"training.evaluation.every_steps", "20"},
                                                                 {"training.checkpoint.every_steps", "20"}}));
        QVERIFY(report.problems.empty());
        QCOMPARE(report.resolved.notices.size(), std::size_t(2));
    }

    void longValuesAreQuotedShortlyAndOnOneLine() {
        const SettingsReport report =
            checkSettings(withOptions({{"training.seed", std::string(5000, 'x') + "\n"}}));
        QVERIFY(report.problems.at(0).message.size() < 300);
        QVERIFY(!contains(report.problems.at(0).message, "\n"));
    }

    void editDistances() {
        QCOMPARE(editDistance("", "abc"), std::size_t(3));
        QCOMPARE(editDistance("kitten", "sitting"), std::size_t(3));
        QCOMPARE(editDistance("abdc", "abcd"), std::size_t(1));
        QCOMPARE(nearestName("trian", {"resume", "train"}), std::string("train"));
        QCOMPARE(nearestName("x", {"train"}), std::string());
        QCOMPARE(nearestName("ab", {"cd"}), std::string());
        QCOMPARE(nearestName("x", {}), std::string());
    }
};

QTEST_GUILESS_MAIN(TestSettingsProblems)
#include "test_settings_problems.moc"
