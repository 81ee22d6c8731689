// Divided GGUF files: opened from any part, refused where one is missing or does not belong.
#include <QtTest>

#include "core/error_codes.h"
#include "formats/gguf/gguf_reader.h"
#include "gguf_bytes.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

constexpr std::uint32_t kF32 = 0;

GgufBytes& divide(GgufBytes& file, std::uint16_t number, std::uint16_t count, std::int32_t tensors) {
    return file.pair("split.no", kGgufU16, numberBytes(number))
        .pair("split.count", kGgufU16, numberBytes(count))
        .pair("split.tensors.count", kGgufI32, numberBytes(tensors));
}

/// Part `number` of three with one tensor, which holds its number.
GgufBytes part(std::uint16_t number) {
    GgufBytes file;
    if (number == 0) file.text("general.architecture", "llama").text("general.name", "divided");
    divide(file, number, 3, 3);
    file.tensor("t" + std::to_string(number), {1}, kF32, 0);
    file.data = numberBytes(static_cast<float>(number));
    return file;
}

std::string partName(int number) {
    return "m-0000" + std::to_string(number + 1) + "-of-00003.gguf";
}

void writeParts(const TemporaryFolder& folder) {
    for (std::uint16_t number = 0; number < 3; ++number)
        writeBytes(folder / partName(number), part(number).bytes());
}

Error openError(const std::filesystem::path& path) {
    const auto reader = GgufReader::open(path);
    return reader ? Error{{"none", ErrorClass::Failed}, "was accepted"} : reader.error();
}

} // namespace

class TestGgufParts final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aDividedFileIsReadFromAnyOfItsParts() {
        const TemporaryFolder folder;
        writeParts(folder);
        for (int given = 0; given < 3; ++given) {
            auto reader = GgufReader::open(folder / partName(given));
            QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
            QCOMPARE((*reader)->tensors().size(), std::size_t{3});
            for (int number = 0; number < 3; ++number) {
                const TensorInfo* tensor = (*reader)->find("t" + std::to_string(number));
                QVERIFY(tensor != nullptr);
                QCOMPARE(tensorBytes(**reader, *tensor), numberBytes(static_cast<float>(number)));
                QCOMPARE((*reader)->files().at(static_cast<std::size_t>(number)), folder / partName(number));
            }
            QVERIFY((*reader)->metadata().contains("general.name"));
            QVERIFY(contains((*reader)->shownPath(), partName(0)));
        }
    }

    void aSetOfOneIsAWholeFileUnderAnyName() {
        const TemporaryFolder folder;
        GgufBytes file;
        divide(file, 0, 1, 1).tensor("t", {1}, kF32, 0).zeros(4);
        writeBytes(folder / "whole.gguf", file.bytes());
        QCOMPARE(openError(folder / "whole.gguf").message, std::string("was accepted"));
    }

    void aMissingPartIsNamed() {
        for (int missing = 0; missing < 3; ++missing) {
            const TemporaryFolder folder;
            writeParts(folder);
            std::filesystem::remove(folder / partName(missing));
            const Error error = openError(folder / partName(missing == 1 ? 2 : 1));
            QCOMPARE(error.code, codes::kFileNotFound);
            QVERIFY2(contains(error.message, partName(missing)), error.message.c_str());
            QVERIFY2(contains(error.message, "part " + std::to_string(missing + 1) + " of 3"),
                     error.message.c_str());
        }
    }

    void partsThatDoNotBelongTogetherAreRefused_data() {
        QTest::addColumn<QByteArray>("second");
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* name, const GgufBytes& second, const char* code, const char* says) {
            const std::string bytes = second.bytes();
            QTest::newRow(name) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
                                << QByteArray(code) << QByteArray(says);
        };
        const auto divided = [](std::uint16_t number, std::uint16_t count, std::int32_t tensors) {
            GgufBytes file;
            divide(file, number, count, tensors).tensor("t1", {1}, kF32, 0).zeros(4);
            return file;
        };
        row("GG-16 whole file", GgufBytes().tensor("t1", {1}, kF32, 0).zeros(4), "GG-16", "no split.count");
        row("GG-16 part under another's name", divided(2, 3, 3), "GG-16", "part 3");
        row("GG-16 part of a longer set", divided(1, 4, 3), "GG-16", "split.count");
        row("GG-16 part of a set of more tensors", divided(1, 3, 4), "GG-16", "split.tensors.count");
        row("GG-16 number beyond the set", divided(9, 3, 3), "GG-16", "split.no");
        row("GG-16 other architecture", part(1).text("general.architecture", "qwen2"), "GG-16",
            "general.architecture");
        row("tensor of another part", part(1).tensor("t0", {1}, kF32, 32).zeros(64), "GG-10", "\"t0\"");
        row("GG-16 tensor too much", part(1).tensor("u", {1}, kF32, 32).zeros(64), "GG-16", "4 tensors");
        row("damaged part", part(1).tensor("u", {1}, kF32, 4096), "GG-14", "\"u\"");
    }
    void partsThatDoNotBelongTogetherAreRefused() {
        QFETCH(QByteArray, second);
        QFETCH(QByteArray, code);
        QFETCH(QByteArray, says);
        const TemporaryFolder folder;
        writeParts(folder);
        writeBytes(folder / partName(1), second.toStdString());
        const Error error = openError(folder / partName(0));
        QVERIFY2(error.code.text == code.toStdString(), error.message.c_str());
        QVERIFY2(contains(error.message, says.toStdString()), error.message.c_str());
    }

    void whatAPartSaysOfItselfIsChecked_data() {
        QTest::addColumn<QByteArray>("pairs");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* name, GgufBytes file, const char* says) {
            const std::string bytes = file.tensor("t", {1}, kF32, 0).zeros(4).bytes();
            QTest::newRow(name) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
                                << QByteArray(says);
        };
        GgufBytes renamed;
        row("GG-16 renamed", divide(renamed, 1, 3, 3), "-00002-of-00003.gguf");
        row("GG-16 no number", GgufBytes().number("split.count", 3).number("split.tensors.count", 1),
            "split.no");
        row("GG-16 no tensors", GgufBytes().number("split.count", 3).number("split.no", 0),
            "split.tensors.count");
        row("GG-16 too many parts", GgufBytes().number("split.count", 513), "0 to 512");
        row("GG-16 count as text", GgufBytes().text("split.count", "3"), "split.count");
    }
    void whatAPartSaysOfItselfIsChecked() {
        QFETCH(QByteArray, pairs);
        QFETCH(QByteArray, says);
        const TemporaryFolder folder;
        writeBytes(folder / "part.gguf", pairs.toStdString());
        const Error error = openError(folder / "part.gguf");
        QCOMPARE(error.code, codes::kGgufMetadata);
        QVERIFY2(contains(error.message, says.toStdString()), error.message.c_str());
    }
};

QTEST_GUILESS_MAIN(TestGgufParts)
#include "test_gguf_parts.moc"
