#include <filesystem>

#include <QTest>

#include "config/presets.h"
#include "config/setting_descriptor.h"
#include "config/settings_loader.h"
#include "config/settings_writer.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::config;
using namespace llamahome::testing;

namespace {

const std::filesystem::path kShipped = std::filesystem::path(LLAMAHOME_SOURCE_DIR) / ".config";

void write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    QVERIFY(writeFileAtomically(systemFiles(), path, text));
}

std::string maxSteps(int number) {
    return "training: {max_steps: " + std::to_string(number) + "}\n";
}

bool hasNotice(const ResolvedSettings& resolved, const std::string& part) {
    for (const std::string& notice : resolved.notices)
        if (notice.find(part) != std::string::npos) return true;
    return false;
}

} // namespace

class TestSettingsLayers final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void withoutSourcesEverythingIsBuiltIn() {
        const auto loaded = loadSettings({});
        QVERIFY(loaded);
        QCOMPARE(loaded->origins.size(), allSettings().size());
        for (const auto& [key, origin] : loaded->origins)
            QCOMPARE(origin.text(), std::string("built-in"));
    }

    // One setting, given by more and more layers: the strongest so far counts, and is named.
    void strongerLayersWin() {
        const TemporaryFolder folder;
        write(folder / "shipped/training_config.yaml", maxSteps(1));
        write(folder / "user/training_config.yaml", "# mine\n" + maxSteps(2));
        write(folder / "user/presets/mine.yaml", "title: Mine\n" + maxSteps(3));
        write(folder / "given.yaml", maxSteps(4));
        SettingsSources sources;
        const auto check = [&](int value, const std::string& origin) {
            const auto loaded = loadSettings(sources);
            QVERIFY2(loaded, loaded ? "" : loaded.error().detail.c_str());
            QCOMPARE(loaded->values.training.max_steps, value);
            QCOMPARE(loaded->origins.at("training.max_steps").text(), origin);
        };
        sources.shippedFolder = folder / "shipped";
        check(1, (folder / "shipped/training_config.yaml").string() + ":1");
        sources.userFolder = folder / "user";
        check(2, (folder / "user/training_config.yaml").string() + ":2");
        sources.preset = "mine";
        check(3, (folder / "user/presets/mine.yaml").string() + ":2");
        sources.configFile = folder / "given.yaml";
        check(4, (folder / "given.yaml").string() + ":1");
        sources.options = {{"training.max_steps", "6", "--max-steps"}};
        check(6, "--max-steps");
        sources.options.push_back({"training.max_steps", "7"});
        check(7, "--set");
    }

    void theEnvironmentIsStrongerThanFilesAndWeakerThanOptions() {
        const TemporaryFolder folder;
        write(folder / "given.yaml", "training: {max_workers: 5}\n");
        SettingsSources sources;
        sources.configFile = folder / "given.yaml";
        sources.environment = {{"LLAMAHOME_MAX_WORKERS", "6"}};
        QCOMPARE(loadSettings(sources)->values.training.max_workers, 6);
        QCOMPARE(loadSettings(sources)->origins.at("training.max_workers").text(),
                 std::string("LLAMAHOME_MAX_WORKERS"));
        sources.options = {{"training.max_workers", "7"}};
        QCOMPARE(loadSettings(sources)->values.training.max_workers, 7);
    }

    void olderFilesHaveLoraAndEarlyStoppingAtTopLevel() {
        SettingsSources sources;
        sources.configFile = std::filesystem::path(LLAMAHOME_TEST_DATA) / "config/older_training_config.yaml";
        const auto loaded = loadSettings(sources);
        QVERIFY(loaded);
        QCOMPARE(loaded->values.training.lora.r, 16);
        QCOMPARE(loaded->values.training.lora.alpha, 64.0);
        QCOMPARE(loaded->values.training.early_stopping.patience, 7);
        QCOMPARE(loaded->values.training.batch_size, 2);
    }

    void mapsOfColumnsMayBeWrittenAsSection() {
        const TemporaryFolder folder;
        write(folder / "given.yaml", "data:\n  map:\n    instruction: question\n    output: answer\n");
        SettingsSources sources;
        sources.configFile = folder / "given.yaml";
        QVERIFY(loadSettings(sources)->values.data.map ==
                (std::vector<std::string>{"instruction=question", "output=answer"}));
    }

    void relativeFoldersStartAtTheirFileOrTheWorkingFolder() {
        const TemporaryFolder folder;
        write(folder / "a/given.yaml", "model: {data_root: models, library_folders: [~/lib]}\n");
        SettingsSources sources;
        sources.configFile = folder / "a/given.yaml";
        sources.environment = {{"HOME", "/home/ann"}};
        sources.workingFolder = "/work";
        QCOMPARE(loadSettings(sources)->values.model.data_root, (folder / "a/models").string());
        QCOMPARE(loadSettings(sources)->values.model.library_folders.at(0), std::string("/home/ann/lib"));
        sources.environment["LLAMAHOME_ROOT"] = "here";
        QCOMPARE(loadSettings(sources)->values.model.data_root, std::string("/work/here"));
    }

    void theEnvironmentBlock() {
        SettingsSources sources;
        sources.workingFolder = "/";
        sources.environment = {{"LLAMAHOME_ENV", "development"},
                               {"LLAMAHOME_ROOT", "/data"},
                               {"LLAMAHOME_BATCH_SIZE", "32"},
                               {"LLAMAHOME_MAX_WORKERS", "2"},
                               {"LLAMAHOME_CACHE_SIZE", "512"},
                               {"LLAMA_MODEL", "llama3.3"},
                               {"LLAMA_MODEL_SIZE", "70b"},
                               {"LLAMA_MODEL_VARIANT", "chat"},
                               {"LLAMA_MODEL_QUANT", "f16"},
                               {"LLAMA_NUM_GPU_LAYERS", "32"},
                               {"LLAMA_MAX_SEQ_LEN", "32768"},
                               {"LLAMA_MAX_BATCH_SIZE", "4"},
                               {"HF_ENDPOINT", "https://hf-mirror.com"},
                               {"HF_TOKEN", " hf_abcdefghijklmnop\n"},
                               {"HF_HOME", "/cache/hf"},
                               {"HF_HUB_OFFLINE", "YES"},
                               {"LLAMA_EMPTY_IS_UNSET", ""},
                               {"PATH", "/bin"}};
        sources.environment.erase("LLAMA_EMPTY_IS_UNSET");
        const auto loaded = loadSettings(sources);
        QVERIFY2(loaded, loaded ? "" : loaded.error().detail.c_str());
        const Settings& values = loaded->values;
        QCOMPARE(values.logging.levels.fallback, std::string("debug"));
        QCOMPARE(values.model.data_root, std::string("/data"));
        QCOMPARE(values.data.batch_rows, 32);
        QCOMPARE(values.training.batch_size, 4); // never the training batch
        QCOMPARE(values.training.max_workers, 2);
        QCOMPARE(values.model.cache.size_mib, 512);
        QCOMPARE(values.model.quant, std::string("f16"));
        QCOMPARE(values.model.gpu_layers, 32);
        QCOMPARE(values.model.generation.max_seq_len, 32768);
        QCOMPARE(values.model.generation.max_batch_size, 4);
        QCOMPARE(values.model.hub.endpoint, std::string("https://hf-mirror.com"));
        QCOMPARE(values.model.hub.network, std::string("off"));
        QCOMPARE(loaded->notices.size(), std::size_t{3}); // cache, GPU layers and batch have no effect yet
    }

    void testingMeansNoNetworkButThisMachine() {
        SettingsSources sources;
        sources.environment = {{"LLAMAHOME_ENV", "testing"}, {"HF_HUB_OFFLINE", "0"}};
        QCOMPARE(loadSettings(sources)->values.model.hub.network, std::string("loopback"));
    }

    void unknownNamesOfOursAreNoticedOnce() {
        SettingsSources sources;
        sources.environment = {{"LLAMA_MODLE", "x"}, {"LLAMAHOME_FOO", "1"}, {"OTHER", "y"}};
        const auto loaded = loadSettings(sources);
        QVERIFY(loaded);
        QCOMPARE(loaded->notices.size(), std::size_t(1));
        QVERIFY(hasNotice(*loaded, "LLAMA_MODLE (nearest: LLAMA_MODEL)"));
        QVERIFY(hasNotice(*loaded, "LLAMAHOME_FOO"));
        QVERIFY(!hasNotice(*loaded, "OTHER"));
    }

    void namesThatOnlyTheTestsReadAreNotUnknown() {
        SettingsSources sources;
        sources.environment = {{"LLAMAHOME_TEST_STARTER_GGUF", "/x.gguf"}, {"LLAMAHOME_TEST_OTHER", "1"}};
        const auto loaded = loadSettings(sources);
        QVERIFY(loaded);
        QVERIFY(loaded->notices.empty());
    }

    void everyVariableReachesAKnownSettingAndIsDescribedWithoutSecrets() {
        Environment environment{{"HF_TOKEN", "hf_abcdefghijklmnop"},
                                {"https_proxy", "http://me:pass@host:1"}};
        const auto rows = describeEnvironment(environment);
        QCOMPARE(rows.size(), environmentVariables().size());
        for (const EnvironmentVariable& variable : environmentVariables()) {
            QVERIFY(!variable.effect.empty());
            if (variable.role == VariableRole::Setting) QVERIFY(findSetting(variable.key) != nullptr);
        }
        for (const EnvironmentRow& row : rows) {
            QVERIFY(row.value.find("abcdefgh") == std::string::npos);
            QVERIFY(row.value.find("pass") == std::string::npos);
        }
    }

    void theProcessesVariablesAreCaptured() {
        qputenv("LLAMAHOME_TEST_VALUE", "a=b");
        QCOMPARE(environmentValue(processEnvironment(), "LLAMAHOME_TEST_VALUE"), std::string("a=b"));
        qunsetenv("LLAMAHOME_TEST_VALUE");
    }

    void platformFolders() {
        QCOMPARE(userConfigFolder({{"HOME", "/h"}}), std::filesystem::path("/h/.config/llamahome"));
        QCOMPARE(userConfigFolder({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}}),
                 std::filesystem::path("/x/llamahome"));
        QCOMPARE(userConfigFolder({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "rel"}}),
                 std::filesystem::path("/h/.config/llamahome"));
        QCOMPARE(userConfigFolder({}), std::filesystem::path());
        QCOMPARE(platformDataFolder({{"HOME", "/h"}}), std::filesystem::path("/h/.local/share/llamahome"));
    }

    void shippedPresetsLoadAndSayWhatTheyAre() {
        const auto presets = listPresets(kShipped, {});
        std::vector<std::string> names;
        for (const Preset& preset : presets) {
            names.push_back(preset.name);
            QVERIFY2(!preset.title.empty() && !preset.description.empty(), preset.name.c_str());
            SettingsSources sources;
            sources.shippedFolder = kShipped;
            sources.preset = preset.name;
            const auto loaded = loadSettings(sources);
            QVERIFY2(loaded, loaded ? "" : loaded.error().detail.c_str());
            QVERIFY2(loaded->notices.empty(), loaded->notices.empty() ? "" : loaded->notices[0].c_str());
        }
        QVERIFY(names == (std::vector<std::string>{"longer_context", "quick_look", "small_data", "style"}));
    }

    void presetsPromiseNoTime() { // that the forecast could contradict
        for (const Preset& preset : listPresets(kShipped, {}))
            for (const char* unit : {"second", "minute", "hour"})
                QVERIFY2(preset.description.find(unit) == std::string::npos, preset.description.c_str());
    }

    // Rows of the sample data have about 210 tokens; two cores train some 200 tokens a second.
    void quickLookTrainsAtMostFortyThousandTokens() {
        SettingsSources sources;
        sources.shippedFolder = kShipped;
        sources.preset = "quick_look";
        const TrainingSettings training = loadSettings(sources)->values.training;
        QVERIFY(training.max_steps > 0);
        QVERIFY(training.max_steps * training.batch_size * training.gradient_accumulation * 210 <= 40'000);
        QVERIFY(training.evaluation.prompts.empty());
    }

    void anUnknownPresetNamesTheNearest() {
        SettingsSources sources;
        sources.shippedFolder = kShipped;
        sources.preset = "quick_lock";
        const auto loaded = loadSettings(sources);
        QVERIFY(!loaded);
        QVERIFY(loaded.error().code == codes::kPresetUnknown);
        QVERIFY(loaded.error().message.find("quick_look") != std::string::npos);
        sources.preset = "../training_config";
        QVERIFY(!loadSettings(sources));
    }

    void titlesBelongToPresetsOnly() {
        const TemporaryFolder folder;
        write(folder / "given.yaml", "title: x\n");
        SettingsSources sources;
        sources.configFile = folder / "given.yaml";
        QVERIFY(loadSettings(sources).error().code == codes::kSettingUnknown);
    }

    void aWrittenRecordLoadsBackToTheSameValues() {
        const TemporaryFolder folder;
        Settings settings;
        settings.training.learning_rate = 1.0 / 3.0;
        settings.training.lora.target_modules = {"all-linear"};
        settings.training.evaluation.prompts = {
            "Say \"hi\",\nplease: # now", "null", " x ", "", "Grüße 你好", "\x01\t"};
        settings.training.seed = INT64_MAX;
        settings.training.batch_size = 0;
        settings.data.system = "- [not a list]";
        settings.data.map = {"a=b c"};
        settings.data.template_name = "no";
        settings.model.data_root = "/with blank/a'b";
        settings.model.gpu_layers = 0;
        settings.logging.levels.jobs = "off";
        write(folder / "config.yaml", writeSettingsYaml(settings, {"run x", "two\nlines"}));
        SettingsSources sources;
        sources.configFile = folder / "config.yaml";
        const auto loaded = loadSettings(sources);
        QVERIFY2(loaded, loaded ? "" : loaded.error().detail.c_str());
        for (const SettingDescriptor& setting : allSettings()) {
            QVERIFY2(setting.get(loaded->values) == setting.get(settings), setting.key.c_str());
            QVERIFY(loaded->origins.at(setting.key).kind == Origin::Kind::File);
        }
        QCOMPARE(writeSettingsYaml(loaded->values, {"run x", "two\nlines"}),
                 writeSettingsYaml(settings, {"run x", "two\nlines"}));
    }

    void optionPairsNeedAKeyAndAnEqualsSign() {
        const auto pair = parseOptionPair("data.system=a=b");
        QCOMPARE(pair->key, std::string("data.system"));
        QCOMPARE(pair->value, std::string("a=b"));
        for (const char* bad : {"", "=x", "training.seed"})
            QVERIFY(parseOptionPair(bad).error().code.errorClass == ErrorClass::Usage);
    }
};

QTEST_GUILESS_MAIN(TestSettingsLayers)
#include "test_settings_layers.moc"
