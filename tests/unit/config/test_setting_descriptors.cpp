#include <charconv>
#include <limits>
#include <set>

#include <QTest>

#include "config/setting_descriptor.h"
#include "config/setting_parse.h"
#include "config/settings_file.h"
#include "config/settings_loader.h"
#include "config/settings_writer.h"
#include "core/error_codes.h"
#include "core/file_layer.h"

using namespace llamahome;
using namespace llamahome::config;

namespace {

const std::filesystem::path kShipped = std::filesystem::path(LLAMAHOME_SOURCE_DIR) / ".config";

std::multiset<std::string> shippedKeys() {
    std::multiset<std::string> keys;
    for (const std::string& name : settingsFileNames())
        for (const FileEntry& entry : readSettingsFile(kShipped / name, FileRole::Settings).entries)
            keys.insert(entry.setting->key);
    return keys;
}

ParsedSetting parsed(const char* key, const char* text) {
    return parseSettingText(*findSetting(key), text, {"/work", "/home/ann"});
}

} // namespace

class TestSettingDescriptors final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyKeyOfTheShippedFilesHasADescriptionAndEveryDescriptionIsShippedOnce() {
        std::multiset<std::string> described;
        for (const SettingDescriptor& setting : allSettings())
            described.insert(setting.key);
        QCOMPARE(shippedKeys().size(), described.size());
        QVERIFY(shippedKeys() == described);
        for (const std::string& name : settingsFileNames())
            QVERIFY(readSettingsFile(kShipped / name, FileRole::Settings).problems.empty());
    }

    void shippedValuesAreTheBuiltInOnes() {
        SettingsSources sources;
        sources.shippedFolder = kShipped;
        const auto loaded = loadSettings(sources);
        QVERIFY2(loaded, loaded ? "" : loaded.error().detail.c_str());
        const Settings builtIn;
        for (const SettingDescriptor& setting : allSettings()) {
            QVERIFY2(setting.get(loaded->values) == setting.get(builtIn), setting.key.c_str());
            QVERIFY2(loaded->origins.at(setting.key).kind == Origin::Kind::File, setting.key.c_str());
        }
        QVERIFY(loaded->notices.empty());
    }

    void everyDescriptionHasWordsForPeople() {
        for (const SettingDescriptor& setting : allSettings()) {
            QVERIFY2(!setting.label.empty(), setting.key.c_str());
            QVERIFY2(setting.help.ends_with("."), setting.key.c_str());
            QVERIFY2(setting.effect.ends_with("."), setting.key.c_str());
            QVERIFY2(setting.help.find('\n') == std::string::npos, setting.key.c_str());
        }
    }

    void everyBuiltInValueIsAcceptedByItsOwnDescription() {
        const Settings builtIn;
        for (const SettingDescriptor& setting : allSettings()) {
            const std::string text = yamlValue(setting, setting.get(builtIn));
            const YamlDocument document = parseYaml("x: " + text, "test");
            const ParsedSetting read = parseSetting(setting, *document.root.find("x"), {"/", "/"});
            QVERIFY2(read.value && *read.value == setting.get(builtIn),
                     (setting.key + ": " + read.problem).c_str());
        }
    }

    void eachSetterReachesItsOwnFieldOnly() {
        for (const SettingDescriptor& setting : allSettings()) {
            Settings changed;
            SettingValue value = setting.get(changed);
            if (auto* flag = std::get_if<bool>(&value)) *flag = !*flag;
            if (auto* whole = std::get_if<std::int64_t>(&value)) *whole += 1;
            if (auto* number = std::get_if<double>(&value)) *number += 0.25;
            if (auto* text = std::get_if<std::string>(&value)) *text += "x";
            if (auto* list = std::get_if<std::vector<std::string>>(&value)) list->push_back("x");
            setting.set(changed, value);
            for (const SettingDescriptor& other : allSettings())
                QCOMPARE(other.get(changed) != other.get(Settings{}), &other == &setting);
        }
    }

    void endsOfIntegerRangesAreInAndNextIsOut() {
        for (const SettingDescriptor& setting : allSettings()) {
            if (setting.kind != SettingKind::Integer) continue;
            const auto [minimum, maximum] = setting.integers;
            const auto read = [&](std::int64_t number) {
                return parseSettingText(setting, std::to_string(number), {}).value.has_value();
            };
            QVERIFY2(read(minimum) && read(maximum), setting.key.c_str());
            QVERIFY2(!read(minimum - 1), setting.key.c_str());
            QVERIFY2(maximum == std::numeric_limits<std::int64_t>::max() || !read(maximum + 1),
                     setting.key.c_str());
        }
    }

    void endsOfNumberRangesAreInUnlessOpen() {
        for (const SettingDescriptor& setting : allSettings()) {
            if (setting.kind != SettingKind::Number) continue;
            const NumberRange& range = setting.numbers;
            QVERIFY2(range.minimum < range.maximum, setting.key.c_str());
            const auto read = [&](double number) {
                return parseSettingText(setting, numberText(number), {}).value.has_value();
            };
            QCOMPARE(read(range.minimum), !range.isMinimumOpen);
            QCOMPARE(read(range.maximum), !range.isMaximumOpen);
            QVERIFY2(!read(range.minimum - 0.001) && !read(range.maximum * 1.001 + 0.001),
                     setting.key.c_str());
        }
    }

    void numbersAreReadBySchema_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<double>("value");
        QTest::addColumn<QByteArray>("code");
        QTest::newRow("exponent") << "2e-4" << 2e-4 << QByteArray();
        QTest::newRow("capital") << "2E-4" << 2e-4 << QByteArray();
        QTest::newRow("plus") << "+0.5" << 0.5 << QByteArray();
        QTest::newRow("blanks") << " 0.5 " << 0.5 << QByteArray();
        QTest::newRow("whole") << "1" << 1.0 << QByteArray();
        QTest::newRow("YC-15 not a number") << ".nan" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("YC-15 nan") << "nan" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("YC-15 infinity") << ".inf" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("YC-15 inf") << "inf" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("YC-15 beyond a double") << "1e400" << 0.0 << QByteArray("CFG-08");
        QTest::newRow("YC-15 hexadecimal") << "0x1p-3" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("comma") << "0,5" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("YC-15 underscore") << "0.000_1" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("word") << "three" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("two signs") << "+-0.5" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("lone sign") << "-" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("nothing") << "" << 0.0 << QByteArray("CFG-07");
        QTest::newRow("YC-15 negative") << "-0.5" << 0.0 << QByteArray("CFG-08");
        QTest::newRow("zero, which is open") << "0" << 0.0 << QByteArray("CFG-08");
    }
    void numbersAreReadBySchema() {
        QFETCH(const QString, text);
        QFETCH(const double, value);
        QFETCH(const QByteArray, code);
        const ParsedSetting read = parsed("training.learning_rate", text.toStdString().c_str());
        QVERIFY2(read.code.text == code.toStdString(), read.problem.c_str());
        QCOMPARE(read.value.has_value(), code.isEmpty());
        if (read.value)
            QCOMPARE(std::get<double>(*read.value), value);
        else
            QVERIFY2(read.problem.find("expected a number above 0.0 to 1.0") != std::string::npos,
                     read.problem.c_str());
    }

    void wholeNumbersAreReadWithoutSilentWrap() {
        QCOMPARE(std::get<std::int64_t>(*parsed("training.seed", "9223372036854775807").value), INT64_MAX);
        for (const char* bad : {"9223372036854775808", "18446744073709551617", "-1", "1e400", "1e18"})
            QVERIFY2(parsed("training.seed", bad).code == codes::kSettingRange, bad);
        for (const char* bad : {"0x10", "0o17", "1_000", "8.5", "three", "", "8 8"})
            QVERIFY2(parsed("training.lora.r", bad).code == codes::kSettingKind, bad);
        QVERIFY(parsed("training.lora.r", "4294967300").code == codes::kSettingRange);
        QCOMPARE(std::get<std::int64_t>(*parsed("training.lora.r", "010").value), 10);
    }

    void aWholeNumberWithAPointIsTakenWithANotice() {
        const ParsedSetting read = parsed("training.lora.r", "16.0");
        QCOMPARE(std::get<std::int64_t>(*read.value), 16);
        QVERIFY(read.notice.find("16.0") != std::string::npos);
        QVERIFY(parsed("training.lora.r", "16").notice.empty());
    }

    void theSchemaDecidesWhatNoAndOnMean() {
        QCOMPARE(std::get<bool>(*parsed("data.skip_bad_rows", "Yes").value), true);
        QCOMPARE(std::get<bool>(*parsed("data.skip_bad_rows", "off").value), false);
        QVERIFY(!parsed("data.skip_bad_rows", "maybe").value);
        QCOMPARE(std::get<std::string>(*parsed("data.template", "no").value), std::string("no"));
        QCOMPARE(std::get<std::string>(*parsed("training.gradient_checkpointing", "on").value),
                 std::string("on"));
    }

    void autoStandsForItsNumberAndIsShownAsAuto() {
        QCOMPARE(std::get<std::int64_t>(*parsed("model.gpu_layers", "auto").value), -1);
        QVERIFY(!parsed("model.gpu_layers", "-1").value);
        QVERIFY(!parsed("training.num_epochs", "auto").value);
        QCOMPARE(settingText(*findSetting("model.gpu_layers"), Settings{}), std::string("auto"));
        QVERIFY(findSetting("model.gpu_layers")->expected().starts_with("`auto` or "));
    }

    void listsFromTheCommandLineAreSplitAtCommasOrWrittenAsYaml() {
        using List = std::vector<std::string>;
        QVERIFY(std::get<List>(*parsed("training.lora.target_modules", "q_proj, o_proj").value) ==
                (List{"q_proj", "o_proj"}));
        QVERIFY(std::get<List>(*parsed("training.evaluation.prompts", "[\"Hello, you\", b]").value) ==
                (List{"Hello, you", "b"}));
        QVERIFY(!parsed("training.evaluation.prompts", "[a").value);
        QVERIFY(parsed("training.lora.target_modules", "q_prj").problem.find("nearest is `q_proj`") !=
                std::string::npos);
        QVERIFY(!parsed("training.lora.target_modules", "q_proj,q_proj").value);
        QVERIFY(!parsed("training.lora.target_modules", "").value);
        QVERIFY(!parsed("data.map", "instruction").value);
    }

    void addressesAreHttpsOrThisMachine() {
        for (const char* good : {"https://hf-mirror.com", "https://a.b:8443/path", "http://127.0.0.1:8080",
                                 "http://localhost:1", "http://[::1]:80"})
            QVERIFY2(parsed("model.hub.endpoint", good).value,
                     parsed("model.hub.endpoint", good).problem.c_str());
        for (const char* bad :
             {"http://example.com", "ftp://x", "https://", "https://user@x", "https://x?a=b", "https://x y",
              "huggingface.co", "https://x:port", "http://127.0.0.1.evil.com", ""})
            QVERIFY2(!parsed("model.hub.endpoint", bad).value, bad);
        QVERIFY(parsed("model.hub.mirror", "").value);
        const std::string said = parsed("model.hub.endpoint", "https://me:pass word@x").problem;
        QVERIFY2(said.find("pass") == std::string::npos, said.c_str());
    }

    void devices() {
        for (const char* good : {"auto", "cpu", "cuda", "cuda:1"})
            QVERIFY(parsed("training.device", good).value);
        for (const char* bad : {"gpu", "cuda:", "cuda:x", "", "cuda:-1"})
            QVERIFY(!parsed("training.device", bad).value);
    }

    void pathsAreMadeAbsolute() {
        const auto path = [](const char* text) {
            return std::get<std::string>(*parsed("model.data_root", text).value);
        };
        QCOMPARE(path("/a/../b/"), std::string("/b"));
        QCOMPARE(path("~/models"), std::string("/home/ann/models"));
        QCOMPARE(path("~"), std::string("/home/ann"));
        QCOMPARE(path("models"), std::string("/work/models"));
        QCOMPARE(path("../x"), std::string("/x"));
        QCOMPARE(path("/"), std::string("/"));
        QCOMPARE(path(""), std::string());
        for (const char* bad : {"$HOME/x", "~bob/x", "/dev/zero", "/etc/passwd"})
            QVERIFY2(parsed("model.data_root", bad).code == codes::kSettingKind, bad);
    }

    void whatCannotBeDoneYetIsRefusedByName() {
        for (const auto& [key, value] :
             {std::pair{"training.lora.bias", "all"}, {"training.lora.bias", "lora_only"}}) {
            const ParsedSetting read = parsed(key, value);
            QVERIFY(!read.value);
            QCOMPARE(read.code.text, std::string_view("CFG-09"));
            QVERIFY(read.problem.find(value) != std::string::npos);
        }
    }

    void nearestKeysKnowTyposOtherSectionsAndOtherPrograms() {
        QCOMPARE(nearestSettingKey("training.learning_rat"), std::string("training.learning_rate"));
        QCOMPARE(nearestSettingKey("learning_rate"), std::string("training.learning_rate"));
        QCOMPARE(nearestSettingKey("training.lr"), std::string("training.learning_rate"));
        QCOMPARE(nearestSettingKey("training.epochs"), std::string("training.num_epochs"));
        QCOMPARE(nearestSettingKey("lora.rank"), std::string("training.lora.r"));
        QCOMPARE(nearestSettingKey("training.early_stoping.patience"),
                 std::string("training.early_stopping.patience"));
        QCOMPARE(nearestSettingKey("zzzzzzzzzzzz"), std::string());
    }

    void numberTextsReadBackAndAreNumbersToEveryYamlReader() {
        for (const double value :
             {5e-5, 0.1, 1.0, 1e-300, 1.7976931348623157e308, 1.0 / 3.0, 12345678.9, 0.0}) {
            const std::string text = numberText(value);
            QVERIFY2(text.find('.') != std::string::npos, text.c_str());
            double read = -1.0;
            std::from_chars(text.data(), text.data() + text.size(), read);
            QCOMPARE(read, value);
        }
        QCOMPARE(numberText(5e-5), std::string("5.0e-05"));
    }
};

QTEST_GUILESS_MAIN(TestSettingDescriptors)
#include "test_setting_descriptors.moc"
