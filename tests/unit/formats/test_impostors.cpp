// Files that only bear a model file's name (reliability.md 3.0): each is told for what it is, by every reader
// of weights alike.
#include <QtTest>

#include "file_bytes.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/torch/torch_reader.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

template <typename Reader>
Error errorOf(const std::filesystem::path& path) {
    const auto reader = Reader::open(path);
    return reader ? Error{{"none", ErrorClass::Failed}, "was accepted"} : reader.error();
}

} // namespace

class TestImpostors final : public QObject {
    Q_OBJECT

    static void row(const char* name, const std::string& bytes, const char* says) {
        QTest::newRow(name) << QByteArray(name).left(4)
                            << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
                            << QByteArray(says);
    }

    static void serverRows() {
        row("IM-1 pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 538090408\n",
            "538090408");
        row("IM-1 pointer, hash", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 5\n",
            "sha256:4d7a21");
        row("IM-1 pointer without its size", "version https://git-lfs.github.com/spec/v1\n", "LFS pointer");
        row("IM-2 page", "<!DOCTYPE html><title>Sign in</title>", "titled \"Sign in\"");
        row("IM-2 page in capitals", "<HTML><TITLE lang=\"en\">404</TITLE>", "titled \"404\"");
        row("IM-2 page without a title", "<html><title>cut", "a web page, probably");
        row("IM-2 title that forges a line", "<html><title>a\n\x1B[2J</title>", "\\u000a\\u001b");
        row("IM-2 XML", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "web page");
        row("IM-3 entry", "Entry not found", "\"Entry not found\"");
        row("IM-3 repository", "Repository not found", "server's message");
        row("IM-3 credentials", "Invalid username or password.", "Invalid username");
        row("IM-3 gated", "Access to model x is restricted", "restricted");
        row("IM-3 object", R"({"error":"Repository not found"})", "Repository");
        row("IM-4 empty", "", "empty");
        row("IM-5 zeros", std::string(8192, '\0'), "zeros");
        row("IM-5 a mebibyte of zeros", std::string(1U << 20, '\0') + "x", "zeros");
    }

    static void formatRows() {
        row("IM-6 gzip", "\x1F\x8B\x08", "a gzip file");
        row("IM-6 zstd", "\x28\xB5\x2F\xFDxxxx", "a zstd file");
        row("IM-6 7-Zip", "7z\xBC\xAF\x27\x1C", "a 7-Zip file");
        row("IM-6 HDF5", "\x89HDF\r\n\x1A\n", "a HDF5 file");
        row("IM-6 NumPy", "\x93NUMPY\x01", "a NumPy file");
        row("IM-6 PDF", "%PDF-1.7", "a PDF file");
        row("IM-6 program",
            "\x7F"
            "ELF\x02",
            "a program file");
    }

private Q_SLOTS:
    void everyReaderNamesThem_data() {
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("says");
        serverRows();
        formatRows();
    }
    void everyReaderNamesThem() {
        QFETCH(QByteArray, code);
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, says);
        const TemporaryFolder folder;
        writeBytes(folder / "model.bin", bytes.toStdString());
        for (const auto& open : {errorOf<SafetensorsReader>, errorOf<GgufReader>, errorOf<TorchReader>}) {
            const Error error = open(folder / "model.bin");
            QVERIFY2(error.code.text == code.toStdString(), error.message.c_str());
            QVERIFY2(contains(error.message, "model.bin"), error.message.c_str());
            QVERIFY2(contains(error.message, says.toStdString()), error.message.c_str());
            QVERIFY2(!contains(error.message, "\n") && error.message.size() < 700, error.message.c_str());
        }
    }

    void aReaderNamesTheFormatsOfTheOthers_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("safetensors");
        QTest::addColumn<QByteArray>("gguf");
        QTest::addColumn<QByteArray>("torch");
        const std::string tar = std::string(257, 'x') + std::string("ustar\0", 6) + std::string(249, '\0');
        const auto add = [](const char* name, const std::string& bytes, const char* safetensors,
                            const char* gguf, const char* torch) {
            QTest::newRow(name) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
                                << QByteArray(safetensors) << QByteArray(gguf) << QByteArray(torch);
        };
        add("IM-6 zip", "PK\x03\x04zip", "IM-6", "IM-6", "ZIP-01");
        add("IM-6 GGUF", "GGUF\x03", "IM-6", "GG-04", "IM-6");
        add("IM-6 tar, once PyTorch's", tar, "IM-6", "IM-6", "PT-36");
        add("IM-6 safetensors", safetensorsBytes("{}", 0), "none", "GG-01", "ZIP-01");
    }
    void aReaderNamesTheFormatsOfTheOthers() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, safetensors);
        QFETCH(QByteArray, gguf);
        QFETCH(QByteArray, torch);
        const TemporaryFolder folder;
        writeBytes(folder / "model.bin", bytes.toStdString());
        const auto codeOf = [](const Error& error) {
            return QByteArray::fromStdString(std::string(error.code.text));
        };
        QCOMPARE(codeOf(errorOf<SafetensorsReader>(folder / "model.bin")), safetensors);
        QCOMPARE(codeOf(errorOf<GgufReader>(folder / "model.bin")), gguf);
        QCOMPARE(codeOf(errorOf<TorchReader>(folder / "model.bin")), torch);
    }
};

QTEST_GUILESS_MAIN(TestImpostors)
#include "test_impostors.moc"
