// The cases YC-01 to YC-24 of bad and odd YAML.
#include <filesystem>

#include <sys/stat.h>

#include <QTest>

#include "config/settings_file.h"
#include "config/settings_loader.h"
#include "config/yaml_tree.h"
#include "core/file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::config;
using namespace llamahome::testing;

namespace {

SettingsFile parsed(std::string_view text) {
    return parseSettingsFile(text, "f.yaml", FileRole::Settings);
}

/// The file's only problem.
SettingProblem onlyProblem(std::string_view text) {
    SettingsFile file = parsed(text);
    if (file.problems.size() != 1)
        return {{}, {}, 0, {}, "problems: " + std::to_string(file.problems.size()), {}};
    return file.problems.front();
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string repeated(std::string_view part, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i)
        text += part;
    return text;
}

SettingsReport checkedFile(const std::filesystem::path& path) {
    SettingsSources sources;
    sources.configFile = path;
    return checkSettings(sources);
}

} // namespace

class TestYamlCases final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void refusals_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<int>("line");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* name, const std::string& text, const char* code, int line,
                            const char* says) {
            QTest::newRow(name) << QByteArray::fromStdString(text) << QByteArray(code) << line
                                << QByteArray(says);
        };
        std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
        for (char c = 'b'; c < 'j'; ++c) {
            const std::string last = std::string(" *") + static_cast<char>(c - 1) + ",";
            bomb += std::string(1, c) + ": &" + c + " [" + repeated(last, 9) + "]\n";
        }
        row("YC-01 alias bomb", bomb, "CFG-03", 1, "anchor");
        row("YC-01 alias", "training: {seed: *x}\n", "CFG-01", 1, "not YAML");
        row("YC-02 cyclic anchor", "&a [*a]", "CFG-03", 1, "anchor");
        row("YC-03 deep [", "training: " + std::string(10'000, '[') + std::string(10'000, ']'), "CFG-02", 1,
            "32 deep");
        row("YC-03 deep [, cut", "training: " + std::string(10'000, '['), "CFG-01", 1, "");
        row("YC-03 deep [, no name", std::string(10'000, '['), "CFG-01", 1, "");
        row("YC-03 deep {", "training: " + repeated("{a: ", 10'000), "CFG-02", 1, "32 deep");
        row("YC-03 deep -", "training:\n  " + repeated("- ", 10'000), "CFG-02", 2, "32 deep");
        row("YC-03 deep ?", repeated("? ", 10'000), "CFG-01", 1, "");
        row("YC-04 big file", "a: " + std::string(1U << 20, 'x'), "CFG-02", 0, "1048576");
        row("YC-04 big scalar", "training:\n  device: " + std::string(70'000, 'x'), "CFG-02", 2, "65536");
        row("YC-04 many nodes", "training: [" + repeated("1,", 10'001) + "1]", "CFG-02", 1, "10000");
        row("YC-05 twice", "training:\n  seed: 1\n  max_steps: 2\n  seed: 3\n", "CFG-05", 4, "line 2");
        row("YC-05 twice by two ways", "lora: {r: 8}\ntraining:\n  lora:\n    r: 16\n", "CFG-05", 4,
            "line 1");
        row("YC-06 tab", "training:\n\tseed: 1\n", "CFG-01", 2, "blanks");
        row("YC-06 tab after blanks", "training:\n  \tseed: 1\n", "CFG-01", 2, "blanks");
        row("YC-07 Latin-1", "data:\n  system: caf\xE9\n", "CFG-04", 2, "column 14: found byte 0xe9");
        row("YC-07 overlong", "data:\n  system: \xC0\xAF\n", "CFG-04", 2, "column 11");
        row("YC-07 surrogate", "data:\n  system: \xED\xA0\x80\n", "CFG-04", 2, "UTF-8");
        row("YC-07 cut character", "data:\n  system: \xE2\x82", "CFG-04", 2, "UTF-8");
        row("YC-07 UTF-16",
            std::string("\xFF\xFE"
                        "a\0:\0",
                        6),
            "CFG-04", 1, "UTF-16");
        row("YC-07 NUL", std::string("data:\n  date: a\0b\n", 18), "CFG-04", 2, "control character");
        row("YC-07 escape", "data:\n  date: \x1B[31m\n", "CFG-04", 2, "0x1b");
        row("YC-07 escaped NUL", "data:\n  system: \"a\\0b\"\n", "CFG-04", 2, "escape");
        row("YC-07 escape that is no text", "data:\n  system: \"a\\_b\"\n", "CFG-04", 2, "escape");
        row("YC-07 name with a turned direction",
            "training:\n  \"se\xE2\x80\xAE"
            "ed\": 1\n",
            "CFG-03", 2, "\\u202e");
        row("YC-07 name of 300 bytes", std::string(300, 'n') + ": 1\n", "CFG-03", 1, "256 bytes");
        row("YC-08 python", "training: !!python/object:os.system {}\n", "CFG-03", 1, "python");
        row("YC-08 binary", "data:\n  system: !!binary aGk=\n", "CFG-03", 2, "binary");
        row("YC-08 own tag", "data:\n  system: !secret x\n", "CFG-03", 2, "!secret");
        row("YC-09 two documents", "training: {seed: 1}\n---\ntraining: {seed: 2}\n", "CFG-03", 2,
            "second document");
        row("YC-11 list", "- training\n", "CFG-01", 1, "name: value");
        row("YC-11 scalar", "training\n", "CFG-01", 1, "name: value");
        row("YC-12 unknown", "training:\n  learning_rat: 1\n", "CFG-06", 2, "training.learning_rate");
        row("YC-12 unknown section", "trainin:\n  seed: 1\n", "CFG-06", 1, "no such setting");
        row("YC-12 upper case", "TRAINING:\n  seed: 1\n", "CFG-06", 1, "no such setting");
        row("section with a value", "training: 5\n", "CFG-07", 1, "section");
        row("YC-18 merge key", "training:\n  <<: {seed: 1}\n", "CFG-03", 2, "merge");
        row("YC-20 newer schema", "schema: 2\nfuture: {x: 1}\n", "CFG-12", 1, "newer LlamaHome");
        row("YC-20 odd schema", "schema: new\n", "CFG-12", 1, "expected 1");
        row("YC-21 cut in a quote", "training:\n  device: \"aut", "CFG-01", 2, "not YAML");
        row("YC-21 cut in a list", "training:\n  lora: {target_modules: [q_pr", "CFG-01", 2, "not YAML");
        row("YC-23 token", "model:\n  hub:\n    token: hf_x\n", "CFG-11", 3, "HF_TOKEN");
        row("list as a name", "[a, b]: 1\n", "CFG-01", 1, "as a name");
    }
    void refusals() {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, code);
        QFETCH(const int, line);
        QFETCH(const QByteArray, says);
        const SettingProblem problem = onlyProblem(text.toStdString());
        QVERIFY2(problem.code.text == code.toStdString(), problem.text().c_str());
        QVERIFY(problem.code.errorClass == ErrorClass::Usage);
        QVERIFY2(problem.line == line, problem.text().c_str());
        QVERIFY2(contains(problem.message, says.toStdString()), problem.text().c_str());
        QVERIFY(problem.message.find('\n') == std::string::npos);
        QCOMPARE(problem.file, std::string("f.yaml"));
    }

    void yc10_emptyFilesMeanTheDefaultsWithANotice() {
        for (const char* text : {"", "\n\n", "# only words\n", "null\n", "~", "---\n", "\xEF\xBB\xBF"}) {
            const SettingsFile file = parsed(text);
            QVERIFY2(file.problems.empty(), text);
            QVERIFY(file.entries.empty());
            QCOMPARE(file.notices.size(), std::size_t(1));
            QVERIFY(contains(file.notices.front(), "f.yaml"));
        }
    }

    void yc24_windowsTextsAndMissingLineEndsAreAccepted() {
        for (const char* text :
             {"training:\r\n  seed: 7\r\n", "training:\n  seed: 7", "training:   \n  seed: 7  \n",
              "\xEF\xBB\xBFtraining:\n  seed: 7\n", "---\ntraining: {seed: 7}\n...\n",
              "%YAML 1.2\n---\ntraining: {seed: 7}\n"}) {
            const SettingsFile file = parsed(text);
            QVERIFY2(file.problems.empty(), file.problems.empty() ? "" : file.problems[0].text().c_str());
            QCOMPARE(file.entries.size(), std::size_t(1));
            QCOMPARE(file.entries[0].value.text, std::string("7"));
        }
    }

    void yc13_quotedNumbersAreNumbersToo() {
        const TemporaryFolder folder;
        const std::string text =
            "training:\n  learning_rate: \"2e-4\"\n  num_epochs: three\n  max_steps: 2e1\n";
        QVERIFY(writeFileAtomically(systemFiles(), folder / "c.yaml", text));
        const SettingsReport report = checkedFile(folder / "c.yaml");
        QCOMPARE(report.resolved.values.training.learning_rate, 2e-4);
        QCOMPARE(report.resolved.values.training.max_steps, 20);
        QCOMPARE(report.resolved.values.training.num_epochs, 3);
        QCOMPARE(report.problems.size(), std::size_t(1));
        QCOMPARE(report.problems[0].line, 3);
        QCOMPARE(report.problems[0].code.text, std::string_view("CFG-07"));
        QVERIFY(contains(report.problems[0].message, "found `three`"));
    }

    void yc14_norwayStaysAText() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "c.yaml",
                                    "data: {template: no, date: y, system: 12}\n"));
        const SettingsReport report = checkedFile(folder / "c.yaml");
        QVERIFY(report.problems.empty());
        QCOMPARE(report.resolved.values.data.template_name, std::string("no"));
        QCOMPARE(report.resolved.values.data.date, std::string("y"));
        QCOMPARE(report.resolved.values.data.system, std::string("12"));
    }

    void yc21_aCutFileOffersItsLastGoodCopy() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "c.yaml", "training: {seed: 1"));
        QVERIFY(!contains(checkedFile(folder / "c.yaml").problems.at(0).message, "last good copy"));
        QVERIFY(writeFileAtomically(systemFiles(), lastGoodCopy(folder / "c.yaml"), "training: {seed: 1}"));
        QVERIFY(contains(checkedFile(folder / "c.yaml").problems.at(0).message, "c.yaml.last-good"));
    }

    void yc22_whatIsNoFileIsNeverOpened() {
        const TemporaryFolder folder;
        std::filesystem::create_directory(folder / "folder");
        QCOMPARE(::mkfifo((folder / "pipe").c_str(), 0600), 0);
        std::filesystem::create_symlink("/dev/zero", folder / "zero");
        std::filesystem::create_symlink("nowhere", folder / "dangling");
        for (const char* name : {"folder", "pipe", "zero"}) {
            const SettingsReport report = checkedFile(folder / name);
            QCOMPARE(report.problems.size(), std::size_t(1));
            QVERIFY2(contains(report.problems[0].message, name), report.problems[0].message.c_str());
            QCOMPARE(report.problems[0].code.text, std::string_view("FILE-08"));
        }
        for (const char* name : {"absent", "dangling"})
            QCOMPARE(checkedFile(folder / name).problems.at(0).code.text, std::string_view("FILE-01"));
    }

    void yc22_aDanglingLinkInTheUsersFolderIsTold() {
        const TemporaryFolder folder;
        std::filesystem::create_symlink("nowhere", folder / "training_config.yaml");
        SettingsSources sources;
        sources.userFolder = folder.path();
        QCOMPARE(checkSettings(sources).problems.size(), std::size_t(1));
    }

    void yc23_aTokenInAValueIsRefusedAndNeverRepeated() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "c.yaml",
                                    "data:\n  system: hf_abcdefghijklmnopqrstuvwxyz\nmodel:\n  hub:\n"
                                    "    endpoint: https://x/y?Signature=abcdefghijklmnop\n"));
        const SettingsReport report = checkedFile(folder / "c.yaml");
        QCOMPARE(report.problems.size(), std::size_t(2));
        for (const SettingProblem& problem : report.problems) {
            QCOMPARE(problem.code.text, std::string_view("CFG-11"));
            QVERIFY(!contains(problem.message, "abcdefghijkl"));
        }
    }
};

QTEST_GUILESS_MAIN(TestYamlCases)
#include "test_yaml_cases.moc"
