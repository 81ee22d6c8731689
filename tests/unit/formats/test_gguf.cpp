// GgufReader: every block type unpacks as gguf's reference, and no damage gets further than an error.
#include <cmath>
#include <cstring>

#include <QtTest>

#include "core/error_codes.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/safetensors/safetensors_reader.h"
#include "gguf_bytes.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

constexpr std::uint32_t kF32 = 0;
constexpr std::uint32_t kQ8_0 = 8;

/// Metadata of several kinds and two tensors.
GgufBytes small() {
    GgufBytes file;
    file.text("general.architecture", "llama")
        .number("llama.block_count", 2)
        .texts("words", {"a", "", "ccc"});
    file.pair("flag", kGgufBool, std::string(1, '\1'))
        .pair("eps", kGgufF32, numberBytes(1e-5F))
        .wholes("types", {1, -3});
    file.tensor("a", {32, 2}, kQ8_0, 0).tensor("b", {3}, kF32, 96).zeros(96 + 12);
    return file;
}

Error openError(const TemporaryFolder& folder, const std::string& bytes) {
    writeBytes(folder / "model.gguf", bytes);
    const auto reader = GgufReader::open(folder / "model.gguf");
    return reader ? Error{{"none", ErrorClass::Failed}, "was accepted"} : reader.error();
}

} // namespace

class TestGguf final : public QObject {
    Q_OBJECT

    static void row(const char* code, const char* name, const std::string& bytes, const char* says = "") {
        QTest::newRow((std::string(code) + " " + name).c_str())
            << QByteArray(code) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
            << QByteArray(says);
    }

    static void startRows() {
        GgufBytes file = small();
        file.magic = "GGUX";
        row("GG-01", "wrong magic", file.bytes(), "GGUF");
        for (const std::uint32_t version : {0U, 1U, 4U, 0x03000000U}) {
            file = small();
            file.version = version;
            row("GG-02", std::to_string(version).c_str(), file.bytes(),
                version > 4 ? "big-endian" : "expected 2 or 3");
        }
        const std::string start = "GGUF" + numberBytes(std::uint32_t{3});
        row("GG-03", "negative tensors",
            start + numberBytes(std::int64_t{-1}) + numberBytes(std::int64_t{0}));
        row("GG-03", "huge tensors",
            start + numberBytes(std::int64_t{1} << 40) + numberBytes(std::int64_t{0}));
        row("GG-03", "negative pairs", start + numberBytes(std::int64_t{0}) + numberBytes(std::int64_t{-5}));
        row("GG-03", "more pairs than bytes",
            start + numberBytes(std::int64_t{0}) + numberBytes(std::int64_t{9}));
        row("GG-04", "only a magic", "GGUF", "cut short");
    }

    static void metadataRows() {
        const auto with = [](auto change) {
            GgufBytes file = small();
            change(file);
            return file.bytes();
        };
        row("GG-05", "empty key", with([](GgufBytes& f) { f.number("", 1); }));
        row("GG-05", "key twice", with([](GgufBytes& f) { f.number("flag", 1); }), "\"flag\"");
        row("GG-05", "key of 70,000 bytes", with([](GgufBytes& f) { f.number(std::string(70000, 'k'), 1); }));
        row("GG-05", "key not text", with([](GgufBytes& f) { f.number("k\xFF", 1); }), "\\xff");
        row("GG-05", "key with a line end", with([](GgufBytes& f) { f.number("k\n", 1); }), "\\u000a");
        row("GG-06", "unknown type", with([](GgufBytes& f) { f.pair("k", 13, "12345678"); }), "13");
        row("GG-06", "array of arrays", with([](GgufBytes& f) {
                f.pair("k", kGgufArray,
                       numberBytes(std::uint32_t{kGgufArray}) + numberBytes(std::uint64_t{0}));
            }),
            "\"k\"");
        row("GG-06", "array of unknown", with([](GgufBytes& f) {
                f.pair("k", kGgufArray, numberBytes(std::uint32_t{99}) + numberBytes(std::uint64_t{1}));
            }));
        row("GG-07", "text longer than the file", with([](GgufBytes& f) {
                f.pair("k", kGgufString, numberBytes(std::uint64_t{1} << 40) + "abcdef");
            }),
            "\"k\"");
        row("GG-07", "text of 2^64 - 1",
            with([](GgufBytes& f) { f.pair("k", kGgufString, numberBytes(~std::uint64_t{0})); }));
        row("GG-07", "array longer than the file", with([](GgufBytes& f) {
                f.pair("k", kGgufArray,
                       numberBytes(std::uint32_t{kGgufU64}) + numberBytes(std::uint64_t{1} << 60));
            }),
            "\"k\"");
        row("GG-07", "array of numbers beyond 63 bits", with([](GgufBytes& f) {
                f.pair("k", kGgufArray,
                       numberBytes(std::uint32_t{kGgufU64}) + numberBytes(std::uint64_t{1}) +
                           numberBytes(~std::uint64_t{0}));
            }));
        row("GG-07", "bytes that would be eight times as large in memory", with([](GgufBytes& f) {
                const std::uint64_t count = (8U << 20) + 1;
                f.pair("k", kGgufArray,
                       numberBytes(std::uint32_t{kGgufU8}) + numberBytes(count) + std::string(count, '\0'));
            }),
            "8388608 elements");
        row("GG-08", "truth of 2", with([](GgufBytes& f) { f.pair("k", kGgufBool, "\x02"); }), "\"k\"");
        for (const std::uint32_t alignment : {0U, 3U, 1U << 31})
            row("GG-09", std::to_string(alignment).c_str(),
                with([&](GgufBytes& f) { f.number("general.alignment", alignment); }));
        row("GG-09", "as text", with([](GgufBytes& f) { f.text("general.alignment", "32"); }));
    }

    static void tensorRows() {
        const auto one = [](const std::string& name, const std::vector<std::uint64_t>& sizes,
                            std::uint32_t type, std::uint64_t offset, std::size_t dataBytes = 128) {
            return GgufBytes().tensor(name, sizes, type, offset).zeros(dataBytes).bytes();
        };
        row("GG-10", "empty name", one("", {1}, kF32, 0));
        row("GG-10", "name of 64 bytes", one(std::string(64, 'n'), {1}, kF32, 0));
        row("GG-10", "name with a zero byte", one(std::string("a\0b", 3), {1}, kF32, 0), "\\u0000");
        row("GG-10", "name twice",
            GgufBytes().tensor("t", {8}, kF32, 0).tensor("t", {8}, kF32, 32).zeros(64).bytes(), "\"t\"");
        row("GG-11", "no dimensions", one("t", {}, kF32, 0), "0 dimensions");
        row("GG-11", "five dimensions", one("t", {1, 1, 1, 1, 1}, kF32, 0), "5 dimensions");
        row("GG-11", "zero", one("t", {4, 0}, kF32, 0));
        row("GG-11", "negative", one("t", {~std::uint64_t{0}}, kF32, 0));
        row("GG-11", "product", one("t", {1ULL << 30, 1ULL << 30, 1ULL << 30}, kF32, 0), "overflows");
        row("GG-11", "bytes of the floats", one("t", {1ULL << 31, 1ULL << 31}, kQ8_0, 0), "overflows");
        row("GG-12", "row of half a block", one("t", {16, 2}, kQ8_0, 0), "Q8_0");
        row("GG-13", "i-quant", one("t", {256}, 16, 0), "IQ2_XXS");
        row("GG-12", "row of a part of a super-block", one("t", {128, 2}, 12, 0, 144), "Q4_K");
        row("GG-13", "unknown type", one("t", {256}, 4711, 0), "type 4711");
        row("GG-14", "unaligned", one("t", {1}, kF32, 4), "multiple of 32");
        row("GG-14", "hole", one("t", {1}, kF32, 32), "expected 0");
        row("GG-14", "overlap",
            GgufBytes().tensor("t", {16}, kF32, 0).tensor("u", {8}, kF32, 32).zeros(128).bytes(), "\"u\"");
        row("GG-14", "2^64 - 32", one("t", {1}, kF32, ~std::uint64_t{31}));
        row("GG-15", "beyond the file", one("t", {64}, kF32, 0), "256 bytes");
        row("GG-15", "far beyond the file", one("t", {1ULL << 40}, kF32, 0), "cut short");
        row("GG-15", "one byte short", one("t", {32}, kF32, 0, 127), "cut short");
    }

    template <typename Equal>
    static void compareWithReference(const std::string& name, std::size_t types, Equal equal) {
        auto packed = GgufReader::open(fixture(name + ".gguf"));
        auto expected = SafetensorsReader::open(fixture(name + "_expected.safetensors"));
        QVERIFY2(packed, packed ? "" : packed.error().message.c_str());
        QVERIFY(expected);
        QCOMPARE((*packed)->tensors().size(), types);
        for (const TensorInfo& tensor : (*packed)->tensors()) {
            const TensorInfo* wanted = (*expected)->find(tensor.name);
            QVERIFY2(wanted != nullptr, tensor.name.c_str());
            QCOMPARE(shapeText(tensor.shape), shapeText(wanted->shape));
            QCOMPARE(std::string((*packed)->packing(tensor).name), tensor.name);
            const std::string ours = tensorBytes(**packed, tensor);
            const std::string reference = tensorBytes(**expected, *wanted);
            QCOMPARE(ours.size(), reference.size());
            QVERIFY2(equal(ours, reference), tensor.name.c_str());
        }
    }

private Q_SLOTS:
    void everyBlockTypeUnpacksAsTheReferenceBitForBit() {
        compareWithReference("blocks", 13, [](std::string_view ours, std::string_view reference) {
            return ours == reference;
        });
    }

    void blocksWithInfiniteAndUndefinedScalesUnpackAsTheReference() { // which NaN it is may differ
        compareWithReference("hostile_blocks", 10, [](std::string_view ours, std::string_view reference) {
            const auto valueAt = [](std::string_view bytes, std::size_t at) {
                float value = 0.0F;
                std::memcpy(&value, bytes.data() + at, sizeof value);
                return value;
            };
            for (std::size_t at = 0; at < ours.size(); at += sizeof(float))
                if (ours.substr(at, sizeof(float)) != reference.substr(at, sizeof(float)) &&
                    !(std::isnan(valueAt(ours, at)) && std::isnan(valueAt(reference, at))))
                    return false;
            return true;
        });
    }

    void metadataOfEveryKindIsRead() {
        const TemporaryFolder folder;
        writeBytes(folder / "f", small().bytes());
        const auto reader = GgufReader::open(folder / "f");
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        const GgufFields fields(**reader);
        QCOMPARE(fields.text("general.architecture", ""), std::string("llama"));
        QCOMPARE(*fields.whole("llama.block_count", 10), std::int64_t{2});
        QCOMPARE(fields.requiredTexts("words"), (std::vector<std::string>{"a", "", "ccc"}));
        QCOMPARE(fields.requiredWholes("types"), (std::vector<std::int64_t>{1, -3}));
        QVERIFY(fields.flag("flag", false) && fields.flag("absent", true));
        QCOMPARE(fields.positive("eps", 0.0), 1e-5); // the decimal, not the float's expansion
        QVERIFY(!fields.whole("absent", 10) && !fields.problem());
        QCOMPARE((*reader)->tensors()[0].shape, (std::vector<std::int64_t>{2, 32}));
        QVERIFY((*reader)->mapped((*reader)->tensors()[0]).empty());
    }

    void aKeyOfTheWrongKindIsAProblemThatNamesIt() {
        const TemporaryFolder folder;
        writeBytes(folder / "f", small().bytes());
        const auto reader = GgufReader::open(folder / "f");
        const auto problemOf = [&](auto read) {
            const GgufFields fields(**reader);
            read(fields);
            return fields.problem() ? fields.problem()->message : std::string("none");
        };
        QVERIFY(contains(problemOf([](const GgufFields& f) { f.text("flag", ""); }), "flag"));
        QVERIFY(contains(problemOf([](const GgufFields& f) { f.whole("words", 9); }), "words"));
        QVERIFY(contains(problemOf([](const GgufFields& f) { f.whole("llama.block_count", 1); }), "0 to 1"));
        QVERIFY(
            contains(problemOf([](const GgufFields& f) { f.requiredWhole("gone", 9); }), "gone: found none"));
        QVERIFY(contains(problemOf([](const GgufFields& f) { (void)f.requiredTexts("types"); }), "types"));
        QVERIFY(contains(problemOf([](const GgufFields& f) { (void)f.requiredWholes("words"); }), "words"));
        QVERIFY(contains(problemOf([](const GgufFields& f) { f.positive("flag", 1.0); }), "flag"));
        QVERIFY(contains(problemOf([](const GgufFields& f) { f.flag("eps", true); }), "eps"));
    }

    void versionTwoAndOtherAlignmentsAreRead() {
        const TemporaryFolder folder;
        GgufBytes file;
        file.version = 2;
        file.alignment = 64;
        file.number("general.alignment", 64).tensor("a", {1}, kF32, 0).tensor("b", {1}, kF32, 64).zeros(64);
        file.data += numberBytes(4.0F);
        writeBytes(folder / "f", file.bytes());
        auto reader = GgufReader::open(folder / "f");
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        QCOMPARE(tensorBytes(**reader, (*reader)->tensors()[1]), numberBytes(4.0F));
    }

    void tensorsLargerThanTheBufferAreUnpackedWhole() {
        const TemporaryFolder folder;
        constexpr std::uint64_t kRows = 3000; // 96,000 elements
        GgufBytes file;
        file.tensor("a", {32, kRows}, kQ8_0, 0);
        for (std::uint64_t i = 0; i < kRows; ++i)
            file.data += numberBytes(std::uint16_t{0x3C00}) + std::string(32, static_cast<char>(i % 100));
        writeBytes(folder / "f", file.bytes());
        auto reader = GgufReader::open(folder / "f");
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        const std::string bytes = tensorBytes(**reader, (*reader)->tensors()[0]);
        for (std::size_t i = 0; i < kRows * 32; ++i)
            QVERIFY(bytes.compare(i * 4, 4, numberBytes(static_cast<float>(i / 32 % 100))) == 0);
    }

    void damageIsRefusedByItsCode_data() {
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("says");
        startRows();
        metadataRows();
        tensorRows();
        row("IM-4", "empty", "");
        row("IM-6", "zip", "PK\x03\x04", "expected GGUF");
        row("IM-1", "pointer", "version https://git-lfs.github.com/spec/v1\nsize 5\n", "LFS");
    }
    void damageIsRefusedByItsCode() {
        QFETCH(QByteArray, code);
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, says);
        const TemporaryFolder folder;
        const Error error = openError(folder, bytes.toStdString());
        QCOMPARE(QByteArray(error.code.text.data(), static_cast<qsizetype>(error.code.text.size())), code);
        QVERIFY2(contains(error.message, "model.gguf") && contains(error.message, says.toStdString()),
                 error.message.c_str());
        QVERIFY2(!contains(error.message, "\n") && error.message.size() < 500, error.message.c_str());
    }

    void everyCutIsRefused() {
        const TemporaryFolder folder;
        const std::string whole = small().bytes();
        QCOMPARE(openError(folder, whole).message, std::string("was accepted"));
        for (std::size_t length = 0; length < whole.size(); ++length)
            QVERIFY2(openError(folder, whole.substr(0, length)).code.text != "none",
                     std::to_string(length).c_str());
    }

    void everyChangedByteIsReadOrRefusedButNeverCrashes() {
        const TemporaryFolder folder;
        const std::string whole = small().bytes();
        for (std::size_t at = 0; at < whole.size(); ++at)
            for (const char value : {'\0', '\x01', '\x7F', '\xFF'}) {
                std::string damaged = whole;
                damaged[at] = value;
                QVERIFY(!openError(folder, damaged).message.empty());
            }
    }

    void aFileThatShrinksWhileItIsReadIsAnError() {
        const TemporaryFolder folder;
        writeBytes(folder / "f", small().bytes());
        auto reader = GgufReader::open(folder / "f");
        QVERIFY(reader);
        std::filesystem::resize_file(folder / "f", 300);
        std::vector<std::byte> out((*reader)->tensors()[1].byteSize());
        const auto read = (*reader)->read((*reader)->tensors()[1], out);
        QVERIFY(!read);
        QCOMPARE(read.error().code, codes::kFileChanged);
    }
};

QTEST_GUILESS_MAIN(TestGguf)
#include "test_gguf.moc"
