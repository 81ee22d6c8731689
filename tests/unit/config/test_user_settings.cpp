#include <csignal>
#include <filesystem>
#include <random>

#include <sys/wait.h>
#include <unistd.h>

#include <QTest>

#include "config/settings_file.h"
#include "config/settings_loader.h"
#include "config/user_settings.h"
#include "config/yaml_edit.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::config;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

const std::string kOld = "# mine\ntraining:\n  seed: 7 # lucky\n  lora: {r: 4}\n";

void write(const fs::path& path, const std::string& text) {
    QVERIFY(writeFileAtomically(systemFiles(), path, text));
}

ResolvedSettings loaded(const fs::path& path) {
    SettingsSources sources;
    sources.configFile = path;
    auto result = loadSettings(sources);
    if (!result) qFatal("%s", result.error().detail.c_str());
    return *result;
}

std::string content(const fs::path& path) {
    auto text = readFile(path);
    return text ? *text : std::string("unreadable");
}

} // namespace

class TestUserSettings final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void editsKeepLayoutAndComments_data() {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after"); // training.lora.r = 16
        const auto row = [](const char* name, const char* before, const char* after) {
            QTest::newRow(name) << before << after;
        };
        row("plain", "training:\n  lora:\n    r: 8  # rank\n    alpha: 1\n",
            "training:\n  lora:\n    r: 16  # rank\n    alpha: 1\n");
        row("quoted", "training:\n  lora:\n    r: \"8\"\n", "training:\n  lora:\n    r: 16\n");
        row("flow", "training: {lora: {r: 8, alpha: 1}} # x\n", "training: {lora: {r: 16, alpha: 1}} # x\n");
        row("new in flow", "training:\n  lora: {alpha: 1}\n", "training:\n  lora: {r: 16, alpha: 1}\n");
        row("new in section", "training:\n  # y\n  lora:\n    alpha: 1\n",
            "training:\n  # y\n  lora:\n    r: 16\n    alpha: 1\n");
        row("new section", "training:\n    seed: 1\n", "training:\n    lora:\n      r: 16\n    seed: 1\n");
        row("new at top", "# only\ndata: {date: x}\n",
            "# only\ndata: {date: x}\ntraining:\n  lora:\n    r: 16\n");
        row("no line end", "data: {date: x}", "data: {date: x}\ntraining:\n  lora:\n    r: 16\n");
        row("Windows", "training:\r\n  lora:\r\n    r: 8\r\n", "training:\r\n  lora:\r\n    r: 16\r\n");
        row("byte order mark", "\uFEFFtraining: {lora: {r: 8}}\n", "\uFEFFtraining: {lora: {r: 16}}\n");
        row("section without settings", "training:\ndata: {date: x}\n",
            "training:\n  lora:\n    r: 16\ndata:\n  date: x\n");
        row("several lines", "training:\n  lora: {\n    r: 8,\n    alpha: 1}\n",
            "training:\n  lora: {\n    r: 16,\n    alpha: 1}\n");
    }
    void editsKeepLayoutAndComments() {
        QFETCH(const QString, before);
        QFETCH(const QString, after);
        QCOMPARE(QString::fromStdString(setYamlValue(before.toStdString(), {"training", "lora", "r"}, "16")),
                 after);
    }

    void removalsKeepLayoutAndComments_data() {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after"); // without training.lora.r
        const auto row = [](const char* name, const char* before, const char* after) {
            QTest::newRow(name) << before << after;
        };
        row("plain", "training:\n  lora:\n    # why\n    r: 8  # rank\n    alpha: 1\n",
            "training:\n  lora:\n    # why\n    alpha: 1\n");
        row("the last of a section", "# mine\ntraining:\n  lora:\n    r: 8\n  seed: 1\n",
            "# mine\ntraining:\n  seed: 1\n");
        row("the last of a file", "# mine\ntraining:\n  lora:\n    r: 8\n", "# mine\n");
        row("comments in the section", "training:\n  lora:\n    # my rank\n    r: 8\ndata: {date: x}\n",
            "training:\n  lora:\n    # my rank\ndata: {date: x}\n");
        row("flow, first", "training: {lora: {r: 8, alpha: 1}} # x\n", "training: {lora: {alpha: 1}} # x\n");
        row("flow, last", "training: {lora: {alpha: 1, r: 8}}\n", "training: {lora: {alpha: 1}}\n");
        row("Windows", "training:\r\n  lora:\r\n    r: 8\r\n    alpha: 1\r\n",
            "training:\r\n  lora:\r\n    alpha: 1\r\n");
        row("block of text", "training:\n  lora:\n    r: >\n      8\n    alpha: 1\n",
            "training:\n  lora:\n    alpha: 1\n");
        row("not there", "training:\n  seed: 1\n", "training:\n  seed: 1\n");
        row("no section", "training: 3\n", "training: 3\n");
        row("no line end", "training:\n  seed: 1\n  lora:\n    r: 8", "training:\n  seed: 1\n");
    }
    void removalsKeepLayoutAndComments() {
        QFETCH(const QString, before);
        QFETCH(const QString, after);
        QCOMPARE(QString::fromStdString(removeYamlValue(before.toStdString(), {"training", "lora", "r"})),
                 after);
    }

    void listsAreRemovedInAnyLayout() {
        const std::vector<std::string> path{"training", "lora", "target_modules"};
        for (const char* value : {"[q_proj, v_proj]", "[\"a]b\", c]", "\n      - q_proj\n      - v_proj",
                                  "\n    - q_proj\n    - v_proj", "[q_proj,\n      v_proj]"}) {
            const std::string text =
                std::string("training:\n  lora:\n    target_modules: ") + value + "\n    r: 4 # kept\n";
            QCOMPARE(removeYamlValue(text, path), std::string("training:\n  lora:\n    r: 4 # kept\n"));
        }
    }

    void listsAreReplacedInAnyLayout() {
        const std::vector<std::string> path{"training", "lora", "target_modules"};
        for (const char* value : {"[q_proj, v_proj]", "[]", "[\"a]b\", c]",
                                  "\n      - q_proj\n      - v_proj", "[q_proj,\n      v_proj]"}) {
            const std::string text =
                std::string("training:\n  lora:\n    target_modules: ") + value + "\n    r: 4\n";
            const YamlDocument after = parseYaml(setYamlValue(text, path, "[o_proj]"), "x");
            QVERIFY(after.problems.empty());
            const YamlNode* lora = after.root.find("training")->find("lora");
            QCOMPARE(lora->find("target_modules")->items.size(), std::size_t(1));
            QCOMPARE(lora->find("target_modules")->items[0].text, std::string("o_proj"));
            QCOMPARE(lora->find("r")->text, std::string("4"));
        }
    }

    // Shipped files, damaged at random places: what still parses takes a change, and nothing else goes wrong.
    void damagedTextsAreEitherRefusedOrEditedRightly() {
        const std::string letters = "[]{}:,-?&*!|>'\"%@`#\n \t\r\\~<0a\xC3";
        const std::vector<std::string> path{"training", "lora", "target_modules"};
        std::mt19937 random(7);
        int edited = 0;
        for (int round = 0; round < 2000; ++round) {
            const auto file =
                readFile(fs::path(LLAMAHOME_SOURCE_DIR) / ".config" / settingsFileNames()[random() % 3]);
            std::string text = *file;
            for (int damage = 0; damage < 3; ++damage)
                text[random() % text.size()] = letters[random() % letters.size()];
            if (!parseYaml(text, "x").problems.empty()) continue;
            const YamlDocument after = parseYaml(setYamlValue(text, path, "[a, \"b]c\"]"), "x");
            QVERIFY2(after.problems.empty(), text.c_str());
            const YamlNode* value = after.root.find("training")->find("lora")->find("target_modules");
            QCOMPARE(value->items.at(1).text, std::string("b]c"));
            ++edited;
        }
        QVERIFY(edited > 100);
    }

    void savingKeepsOtherKeysAndComments() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", kOld);
        QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "training.learning_rate", "2e-4"));
        QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "training.lora.r", "32"));
        QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "data.system", "Be: \"kind\"\n# always"));
        const Settings values = loaded(folder / "c.yaml").values;
        QCOMPARE(values.training.learning_rate, 2e-4);
        QCOMPARE(values.training.lora.r, 32);
        QCOMPARE(values.training.seed, 7);
        QCOMPARE(values.data.system, std::string("Be: \"kind\"\n# always"));
        QVERIFY(content(folder / "c.yaml").starts_with("# mine\n"));
        QVERIFY(content(folder / "c.yaml").find("# lucky") != std::string::npos);
    }

    void aNewFileIsMadeWithItsFolders() {
        const TemporaryFolder folder;
        const fs::path path = settingsFileFor(folder / "a/b", "logging.stderr_level");
        QCOMPARE(path, folder / "a/b/logging.yaml");
        QVERIFY(saveUserSetting(systemFiles(), path, "logging.stderr_level", "error"));
        QCOMPARE(content(path), std::string("schema: 1\nlogging:\n  stderr_level: error\n"));
        QVERIFY(!fs::exists(lastGoodCopy(path)));
    }

    void keysOfOlderFilesAreChangedWhereTheyStand() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", "lora: {r: 4}\n");
        QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "training.lora.r", "5"));
        QCOMPARE(content(folder / "c.yaml"), std::string("lora: {r: 5}\n"));
    }

    void theFormerTextIsKeptAsLastGoodCopy() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", kOld);
        QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "training.seed", "8"));
        QCOMPARE(content(lastGoodCopy(folder / "c.yaml")), kOld);
    }

    void aLinkStaysALink() {
        const TemporaryFolder folder;
        write(folder / "dotfiles.yaml", kOld);
        fs::create_symlink("dotfiles.yaml", folder / "c.yaml");
        QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "training.seed", "8"));
        QVERIFY(fs::is_symlink(folder / "c.yaml"));
        QCOMPARE(loaded(folder / "dotfiles.yaml").values.training.seed, 8);
    }

    void filesThatCannotBeReadAreLeftAsTheyAre_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("code");
        QTest::newRow("cut") << QByteArray("training: {seed: 1") << QByteArray("CFG-01");
        QTest::newRow("list") << QByteArray("- a\n") << QByteArray("CFG-01");
        QTest::newRow("twice") << QByteArray("data: {}\ndata: {}\n") << QByteArray("CFG-05");
        QTest::newRow("newer") << QByteArray("schema: 9\n") << QByteArray("CFG-12");
        QTest::newRow("Latin-1") << QByteArray("data: {date: \xE9}\n") << QByteArray("CFG-04");
    }
    void filesThatCannotBeReadAreLeftAsTheyAre() {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, code);
        const TemporaryFolder folder;
        write(folder / "c.yaml", text.toStdString());
        const auto saved = saveUserSetting(systemFiles(), folder / "c.yaml", "training.seed", "8");
        QVERIFY(!saved);
        QCOMPARE(saved.error().code.text, std::string_view(code.constData()));
        QVERIFY(saved.error().message.find("c.yaml") != std::string::npos);
        QCOMPARE(content(folder / "c.yaml"), text.toStdString());
        QVERIFY(!fs::exists(lastGoodCopy(folder / "c.yaml")));
    }

    void aFolderOrADanglingLinkIsNotWrittenOver() {
        const TemporaryFolder folder;
        fs::create_directory(folder / "folder");
        fs::create_symlink("nowhere", folder / "dangling");
        QVERIFY(!saveUserSetting(systemFiles(), folder / "folder", "training.seed", "8"));
        QVERIFY(!saveUserSetting(systemFiles(), folder / "dangling", "training.seed", "8"));
        QVERIFY(fs::is_symlink(folder / "dangling"));
    }

    void wrongKeysAndValuesTouchNothing() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", kOld);
        FaultFileLayer layer;
        QVERIFY(saveUserSetting(layer, folder / "c.yaml", "training.sed", "8").error().code ==
                codes::kSettingUnknown);
        QVERIFY(saveUserSetting(layer, folder / "c.yaml", "training.seed", "x").error().code ==
                codes::kSettingKind);
        QVERIFY(saveUserSetting(layer, folder / "c.yaml", "training.lora.r", "0").error().code ==
                codes::kSettingRange);
        QCOMPARE(layer.calls(), std::uint64_t(0));
    }

    void aRemovedSettingIsTheWeakerPlacesAgain() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", kOld);
        QVERIFY(removeUserSetting(systemFiles(), folder / "c.yaml", "training.seed"));
        QCOMPARE(content(folder / "c.yaml"), std::string("# mine\ntraining:\n  lora: {r: 4}\n"));
        QCOMPARE(content(lastGoodCopy(folder / "c.yaml")), kOld);
        FaultFileLayer layer;
        QVERIFY(removeUserSetting(layer, folder / "c.yaml", "training.seed"));
        QVERIFY(removeUserSetting(layer, folder / "nowhere.yaml", "training.seed"));
        QCOMPARE(layer.calls(), std::uint64_t(0));
    }

    void removingFromADamagedFileTouchesNothing() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", "training: {seed: 1");
        QVERIFY(!removeUserSetting(systemFiles(), folder / "c.yaml", "training.seed"));
        QCOMPARE(content(folder / "c.yaml"), std::string("training: {seed: 1"));
    }

    void theLastGoodCopyIsPutBackAndTheDamagedOneKept() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", kOld);
        QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "training.seed", "8"));
        write(folder / "c.yaml", "training: {seed: 1");
        QVERIFY(restoreUserSettings(systemFiles(), folder / "c.yaml"));
        QCOMPARE(content(folder / "c.yaml"), kOld);
        QCOMPARE(content(folder / "c.yaml.damaged"), std::string("training: {seed: 1"));
    }

    void withoutAWholeCopyNothingIsPutBack() {
        const TemporaryFolder folder;
        write(folder / "c.yaml", "training: {seed: 1");
        QVERIFY(restoreUserSettings(systemFiles(), folder / "c.yaml").error().code == codes::kFileNotFound);
        write(lastGoodCopy(folder / "c.yaml"), "also: [cut");
        QVERIFY(!restoreUserSettings(systemFiles(), folder / "c.yaml"));
        QCOMPARE(content(folder / "c.yaml"), std::string("training: {seed: 1"));
    }

    // Whatever call fails, the file is the old one or the new one, and what is left loads.
    void savingSurvivesAFaultAtEveryCall() {
        FaultFileLayer counter;
        {
            const TemporaryFolder folder;
            write(folder / "c.yaml", kOld);
            QVERIFY(saveUserSetting(counter, folder / "c.yaml", "training.seed", "8"));
        }
        QVERIFY(counter.calls() > 10);
        for (const Fault fault : {Fault::DiskFull, Fault::IoError, Fault::Short}) {
            for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
                const TemporaryFolder folder;
                write(folder / "c.yaml", kOld);
                FaultFileLayer layer(k, fault);
                const auto saved = saveUserSetting(layer, folder / "c.yaml", "training.seed", "8");
                const auto seed = loaded(folder / "c.yaml").values.training.seed;
                QVERIFY(seed == 8 || (!saved && content(folder / "c.yaml") == kOld));
                if (fs::exists(lastGoodCopy(folder / "c.yaml")))
                    QCOMPARE(content(lastGoodCopy(folder / "c.yaml")), kOld);
                QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "training.seed", "9"));
                QCOMPARE(loaded(folder / "c.yaml").values.training.seed, 9);
            }
        }
    }

    void savingSurvivesAKillAtEveryCall() {
        for (std::uint64_t k = 1;; ++k) {
            const TemporaryFolder folder;
            write(folder / "c.yaml", kOld);
            const pid_t child = ::fork();
            if (child == 0) {
                FaultFileLayer layer(k, Fault::Kill);
                const auto saved = saveUserSetting(layer, folder / "c.yaml", "training.seed", "8");
                ::_exit(saved ? 0 : 1);
            }
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            const auto seed = loaded(folder / "c.yaml").values.training.seed;
            QVERIFY(seed == 7 || seed == 8);
            QVERIFY(saveUserSetting(systemFiles(), folder / "c.yaml", "training.seed", "9"));
            QCOMPARE(loaded(folder / "c.yaml").values.training.seed, 9);
            if (WIFEXITED(status)) {
                QCOMPARE(WEXITSTATUS(status), 0);
                QVERIFY(k > 10);
                return;
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestUserSettings)
#include "test_user_settings.moc"
