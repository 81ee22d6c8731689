#include <QTest>

#include "config/chat_template_file.h"
#include "config/settings_loader.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::config;
using namespace llamahome::testing;

namespace {

constexpr const char* kWhole = "# mine\n"
                               "start: \"<s>\"\n"
                               "system: {before: \"\", after: \"\\n\\n\"}\n"
                               "user:\n"
                               "  before: |\n"
                               "    ### Question:\n"
                               "  after: \"\\n\"\n"
                               "assistant: {before: \"### Answer:\\n\"}\n"
                               "end: </s>\n";

void write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    QVERIFY(writeFileAtomically(systemFiles(), path, text));
}

} // namespace

class TestChatTemplateFile final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyPartIsReadAsItIsWritten() {
        const TemporaryFolder folder;
        write(folder / "mine.yaml", kWhole);
        const auto file = readTemplateFile(folder / "mine.yaml");
        QVERIFY2(file, file ? "" : file.error().message.c_str());
        QCOMPARE(file->start, std::string("<s>"));
        QCOMPARE(file->end, std::string("</s>"));
        QCOMPARE(file->roles.size(), std::size_t{3});
        QCOMPARE(file->roles[1].role, std::string("user"));
        QCOMPARE(file->roles[1].before, std::string("### Question:\n"));
        QCOMPARE(file->roles[1].after, std::string("\n"));
        QCOMPARE(file->roles[2].after, std::string());
    }

    void whatIsWrongIsNamedWithItsLine_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("named");
        const char* rest = "\nassistant: {before: a}\n";
        QTest::newRow("no user") << QByteArray("assistant: {before: a}\n") << QByteArray("found no `user`");
        QTest::newRow("empty") << QByteArray() << QByteArray("found no `user`");
        QTest::newRow("unknown key") << QByteArray("usr: {before: a}") + rest
                                     << QByteArray(":1: found `usr`");
        QTest::newRow("unknown part")
            << QByteArray("user: {bfore: a}") + rest << QByteArray(":1: user: found `bfore`");
        QTest::newRow("no map") << QByteArray("\nuser: hello") + rest
                                << QByteArray(":2: user: expected {before");
        QTest::newRow("a list") << QByteArray("user: {before: [a]}") + rest
                                << QByteArray(":1: before: expected a text");
        QTest::newRow("twice") << QByteArray("user: {before: a}\nuser: {before: b}") + rest
                               << QByteArray(":2: ");
        QTest::newRow("no YAML") << QByteArray("user: {before: \"a}") + rest << QByteArray("mine.yaml:");
    }

    void whatIsWrongIsNamedWithItsLine() {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, named);
        const TemporaryFolder folder;
        write(folder / "mine.yaml", text.toStdString());
        const auto file = readTemplateFile(folder / "mine.yaml");
        QVERIFY(!file && file.error().code == codes::kTemplateUnknown);
        QVERIFY2(file.error().message.find(named.toStdString()) != std::string::npos,
                 file.error().message.c_str());
        QVERIFY(file.error().message.find('\n') == std::string::npos);
    }

    void aFileIsFoundByItsPathAndByItsNameInTheSettingsFolder() {
        const TemporaryFolder folder;
        write(folder / "user/templates/mine.yaml", kWhole);
        SettingsSources sources;
        sources.userFolder = folder / "user";
        sources.workingFolder = folder / "work";
        const auto valueOf = [&](const std::string& given) {
            sources.options = {{"data.template", given, "--template"}};
            const auto loaded = loadSettings(sources);
            return loaded ? loaded->values.data.template_name : loaded.error().message;
        };
        QCOMPARE(valueOf("mine"), (folder / "user/templates/mine.yaml").string());
        QCOMPARE(valueOf("other.yaml"), (folder / "work/other.yaml").string());
        QCOMPARE(valueOf("chatml"), std::string("chatml"));
        QCOMPARE(valueOf(""), std::string());
    }
};

QTEST_GUILESS_MAIN(TestChatTemplateFile)
#include "test_chat_template_file.moc"
