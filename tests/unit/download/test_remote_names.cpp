// Names of strangers: what leaves its folder, or is no name on some system, is refused.
#include <QTest>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "download/checksum_list.h"
#include "download/remote_names.h"

using namespace llamahome;
using namespace llamahome::download;

namespace {

std::string lower(std::string_view name) {
    return lowerAscii(name);
}

Result<void> checked(const std::vector<RemoteName>& names) {
    return checkRemoteNames(names, lower, "org/model");
}

} // namespace

class TestRemoteNames final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void namesOfRealRepositoriesPass() {
        QVERIFY(checked({{".gitattributes"},
                         {"config.json"},
                         {"model-00001-of-00004.safetensors"},
                         {"original", true},
                         {"original/consolidated.00.pth"},
                         {"onnx/model_q4.onnx"},
                         {"LICENSE"},
                         {"auxiliary.json"},
                         {"com10.txt"},
                         {"Beschränkung.md"}}));
    }

    void hostileNamesAreRefusedByName_data() {
        QTest::addColumn<QByteArray>("name");
        for (const char* name : {"",
                                 "/etc/passwd",
                                 "../x",
                                 "a/../../x",
                                 "a/./b",
                                 "a//b",
                                 "a/",
                                 ".",
                                 "..",
                                 "..\\x",
                                 "a\\b",
                                 "C:\\x",
                                 "c:x",
                                 "\\\\host\\share",
                                 "x\ny",
                                 "x\x01y",
                                 "x\x7f",
                                 "nul",
                                 "NUL.txt",
                                 "Com1",
                                 "lpt9.safetensors",
                                 "a/aux.json",
                                 "conin$",
                                 "name.",
                                 "name ",
                                 "a./b",
                                 "file:stream",
                                 "x\xff.json",
                                 "x\xe2\x80\xaetxt.exe"})
            QTest::newRow(name) << QByteArray(name);
        QTest::newRow("a part of 256 bytes") << QByteArray(256, 'a');
        QTest::newRow("a path of 1,025 bytes") << QByteArray("a/").repeated(513);
    }

    void hostileNamesAreRefusedByName() {
        QFETCH(const QByteArray, name);
        const auto result = checked({{"config.json"}, {name.toStdString()}});
        QVERIFY(!result);
        QCOMPARE(result.error().code, codes::kRemoteName);
        QVERIFY(result.error().message.starts_with("org/model: "));
        QVERIFY(result.error().message.find('\n') == std::string::npos);
    }

    void namesThatMeetAreRefused() {
        for (const std::vector<RemoteName>& names : {std::vector<RemoteName>{{"a"}, {"a"}},
                                                     {{"Config.json"}, {"config.json"}},
                                                     {{"a"}, {"a/b"}},
                                                     {{"a/b"}, {"A"}},
                                                     {{"a", true}, {"a"}},
                                                     {{"x/A"}, {"X/a"}}}) {
            const auto result = checked(names);
            QVERIFY(!result);
            QCOMPARE(result.error().code, codes::kRemoteName);
        }
        QVERIFY(checked({{"a", true}, {"a/b"}, {"a/c"}, {"a", true}}));
    }

    void anAddressHoldsNothingButPlainCharacters() {
        QCOMPARE(encodedForUrl("a/b c?#%ä.json", true), std::string("a/b%20c%3F%23%25%C3%A4.json"));
        QCOMPARE(encodedForUrl("refs/pr/1", false), std::string("refs%2Fpr%2F1"));
    }

    void aListOfSumsIsReadAsItsProgramWritesIt() {
        const std::string sum(64, 'A');
        const auto files =
            parseChecksumList(sum + "  config.json\r\n\n" + sum + " *./sub/x.bin", lower, "list");
        QVERIFY2(files, files ? "" : files.error().message.c_str());
        QCOMPARE(files->size(), std::size_t{2});
        QCOMPARE(files->at(0).path, std::string("config.json"));
        QCOMPARE(files->at(0).hash.hex, std::string(64, 'a'));
        QVERIFY(files->at(0).hash.kind == HashKind::Sha256);
        QCOMPARE(files->at(1).path, std::string("sub/x.bin"));
    }

    void aListThatProvesNothingIsRefused() {
        const std::string sum(64, 'a');
        for (const std::string& text :
             {std::string(), std::string("\n\n"), std::string("<html>login</html>"), sum + " one-blank",
              sum.substr(1) + "  short", sum + "  ", std::string(64, 'g') + "  x", sum + "  x\nnonsense"}) {
            const auto files = parseChecksumList(text, lower, "list");
            QVERIFY2(!files, text.c_str());
            QCOMPARE(files.error().code, codes::kChecksumList);
        }
        const auto hostile = parseChecksumList(sum + "  ../x", lower, "list");
        QVERIFY(!hostile && hostile.error().code == codes::kRemoteName);
        const auto twice = parseChecksumList(sum + "  x\n" + sum + "  X", lower, "list");
        QVERIFY(!twice && twice.error().code == codes::kRemoteName);
    }
};

QTEST_GUILESS_MAIN(TestRemoteNames)
#include "test_remote_names.moc"
