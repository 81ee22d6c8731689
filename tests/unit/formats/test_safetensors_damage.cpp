// Damaged and hostile safetensors files: each is refused with the reference's own code (reliability.md 3.1).
#include <QtTest>

#include "file_bytes.h"
#include "formats/safetensors/safetensors_reader.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

/// One F32 tensor of two elements named "t" with one field replaced.
std::string entry(const std::string& dtype = R"("F32")", const std::string& shape = "[2]",
                  const std::string& offsets = "[0,8]") {
    return R"({"t":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

/// Two U8 tensors "a" and "b" at those offsets.
std::string two(const std::string& first, const std::string& second, int bytesEach = 4) {
    const std::string start =
        R"({"dtype":"U8","shape":[)" + std::to_string(bytesEach) + R"(],"data_offsets":)";
    return R"({"a":)" + start + first + R"(},"b":)" + start + second + "}}";
}

std::string manyTensors(int count, bool overlapping) {
    std::string header = "{";
    for (int i = 0; i < count; ++i) {
        header += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":";
        header += overlapping ? R"({"dtype":"U8","shape":[8],"data_offsets":[0,8]})"
                              : R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    }
    return header + "}";
}

Error openError(const TemporaryFolder& folder, const std::string& bytes) {
    writeBytes(folder / "model.safetensors", bytes);
    const auto reader = SafetensorsReader::open(folder / "model.safetensors");
    return reader ? Error{{"none", ErrorClass::Failed}, "was accepted"} : reader.error();
}

} // namespace

class TestSafetensorsDamage final : public QObject {
    Q_OBJECT

    static void row(const char* code, const char* name, const std::string& bytes, const char* says = "") {
        QTest::newRow((std::string(code) + " " + name).c_str())
            << QByteArray(code) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
            << QByteArray(says);
    }
    static void headerRow(const char* code, const char* name, const std::string& header,
                          const char* says = "", std::size_t dataBytes = 8) {
        row(code, name, safetensorsBytes(header, dataBytes), says);
    }

    static void lengthRows() {
        row("ST-01", "one byte", "x", "1 bytes");
        row("ST-01", "seven bytes", std::string(7, 'x'), "7 bytes");
        row("ST-02", "no header", numberBytes(std::uint64_t{0}) + "{}");
        row("ST-02", "one byte of header", numberBytes(std::uint64_t{1}) + "{");
        row("ST-03", "above the limit", numberBytes(std::uint64_t{100'000'001}) + "{}", "100000001");
        row("ST-04", "all bits", numberBytes(~std::uint64_t{0}) + "{}", "18446744073709551615");
        row("ST-04", "the top bit", numberBytes(std::uint64_t{1} << 63) + "{}");
        row("ST-05", "cut header", numberBytes(std::uint64_t{54}) + entry().substr(0, 40), "only 40");
    }

    static void textRows() {
        headerRow("ST-06", "leading space", " {}", "\" \"");
        headerRow("ST-06", "byte order mark", "\xEF\xBB\xBF{}");
        headerRow("ST-06", "letter", "hello");
        headerRow("ST-07", "stray byte", "{\"\xFF\":1}", "byte 2");
        headerRow("ST-07", "overlong form", "{\"\xC0\xAF\":1}");
        headerRow("ST-07", "surrogate", "{\"\xED\xA0\x80\":1}");
        headerRow("ST-08", "cut", R"({"t":{"dtype":"F32")");
        headerRow("ST-08", "trailing comma", R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},})");
        headerRow("ST-08", "comment", "{/*x*/}");
        headerRow("ST-08", "single quotes", "{'t':1}");
        headerRow("ST-08", "lone surrogate escape", R"({"\ud800":{}})");
        headerRow("ST-09", "two values", "{}{}", "byte 3");
        headerRow("ST-09", "letters in the padding", "{}  x ");
        headerRow("ST-09", "zero bytes in the padding", std::string("{}\0\0", 4));
        headerRow("ST-09", "a value hidden behind a zero byte", std::string("{}\0{}", 5));
        headerRow("ST-09", "line end as padding", "{}\n");
        headerRow("ST-10", "deep nesting", R"({"t":)" + std::string(100000, '[') + "}");
        headerRow("ST-11", "a list", "[]");
        headerRow("ST-11", "a text", "\"x\"");
        headerRow("ST-11", "null", "null");
        headerRow("ST-12", "metadata is a list", R"({"__metadata__":[]})");
        headerRow("ST-12", "a number in the metadata", R"({"__metadata__":{"k":1}})", "\"k\"");
        headerRow("ST-12", "null in the metadata", R"({"__metadata__":{"k":null}})");
        headerRow("ST-12", "an object in the metadata", R"({"__metadata__":{"k":{}}})");
        headerRow("ST-12", "a metadata key twice", R"({"__metadata__":{"k":"1","k":"2"}})");
    }

    static void fieldRows() {
        const std::string t = entry().substr(1, entry().size() - 2);
        headerRow("ST-13", "name twice", "{" + t + "," + t + "}", "\"t\"");
        headerRow("ST-13", "name twice by escape", "{" + t + R"(,"\u0074")" + t.substr(3) + "}", "\"t\"");
        headerRow("ST-13", "metadata twice", R"({"__metadata__":{},"__metadata__":{}})");
        headerRow("ST-14", "field twice", R"({"t":{"dtype":"F32","dtype":"F32"}})", "dtype");
        headerRow("ST-15", "no shape", R"({"t":{"dtype":"F32","data_offsets":[0,8]}})", "no shape");
        headerRow("ST-15", "no dtype", R"({"t":{"shape":[2],"data_offsets":[0,8]}})", "no dtype");
        headerRow("ST-15", "no offsets", R"({"t":{"dtype":"F32","shape":[2]}})", "no data_offsets");
        headerRow("ST-15", "not an object", R"({"t":5})", "\"t\"");
        headerRow("ST-16", "unknown field", R"({"t":{"dtype":"F32","stride":[1]}})", "\"stride\"");
        headerRow("ST-17", "unknown type", entry("\"F9\""), "\"F9\"");
        headerRow("ST-17", "lower case", entry("\"f32\""));
        headerRow("ST-17", "a number", entry("32"));
        headerRow("ST-18", "four bits", entry("\"F4\"", "[16]"), "F4");
        headerRow("ST-18", "eight-bit float", entry("\"F8_E4M3\"", "[8]"), "F8_E4M3");
        for (const char* shape : {"[-1]", "[1.0]", "[1e3]", "[\"2\"]", "[true]", "[null]", "[[2]]", "2"})
            headerRow("ST-19", shape, entry("\"F32\"", shape), "\"t\"");
        headerRow("ST-20", "2^63", entry("\"F32\"", "[9223372036854775808]"));
        headerRow("ST-20", "2^64", entry("\"F32\"", "[18446744073709551616]"));
        headerRow("ST-20", "10^400", entry("\"F32\"", "[1" + std::string(400, '0') + "]"));
        headerRow("ST-21", "product", entry("\"U8\"", "[4294967296,4294967296]"));
        headerRow("ST-21", "product and width", entry("\"F64\"", "[2305843009213693952]"));
        headerRow("ST-22", "zero first", entry("\"F32\"", "[0,4294967296,4294967296]", "[0,0]"), "", 0);
        headerRow("ST-22", "zero last", entry("\"F32\"", "[4294967296,4294967296,0]", "[0,0]"), "", 0);
        headerRow("ST-23", "rank 9", entry("\"F32\"", "[1,1,1,1,1,1,1,1,2]"));
        for (const char* offsets :
             {"[0]", "[0,8,8]", "[]", "\"0\"", "[0,\"8\"]", "[-1,8]", "[0,8.0]", "null"})
            headerRow("ST-24", offsets, entry("\"F32\"", "[2]", offsets), "data_offsets");
        headerRow("ST-24", "2^64", entry("\"F32\"", "[2]", "[0,18446744073709551616]"), "data_offsets");
    }

    static void layoutRows() {
        headerRow("ST-25", "end before begin", entry("\"F32\"", "[2]", "[8,0]"), "ends (0)");
        headerRow("ST-26", "too few bytes", entry("\"F32\"", "[3]"), "needs 12");
        headerRow("ST-26", "too many bytes", entry("\"F32\"", "[1]"), "needs 4");
        headerRow("ST-27", "cut data", entry(), "3 bytes after the end", 5);
        headerRow("ST-28", "hole at the start", entry("\"F32\"", "[2]", "[4,12]"), "4 unused", 12);
        headerRow("ST-29", "hole", two("[0,4]", "[6,10]"), "2 unused bytes between \"a\" and \"b\"", 10);
        headerRow("ST-30", "partial overlap", two("[0,4]", "[2,6]"), "\"a\" and \"b\"", 6);
        headerRow("ST-30", "identical", two("[0,4]", "[0,4]"), "share bytes", 4);
        headerRow("ST-31", "trailing bytes", entry(), "5 bytes after", 13);
        row("ST-31", "a zip behind", safetensorsBytes(entry(), 8) + "PK\x03\x04 and so on");
        headerRow("ST-32", "three halves of a byte", entry("\"F4\"", "[3]", "[0,2]"), "F4", 2);
        headerRow("ST-33", "too many", manyTensors(1'000'001, false), "1000000", 0);
        headerRow("ST-30", "100,000 overlapping, ST-34", manyTensors(100'000, true), "", 8);
        headerRow("ST-35", "empty name", R"({"":{}})");
        headerRow("ST-35", "long name", R"({")" + std::string(1'000'000, 'n') + R"(":{}})");
        headerRow("ST-35", "zero byte", R"({"a\u0000b":{}})", "\\u0000");
        headerRow("ST-35", "line end", R"({"a\nb":{}})", "\\u000a");
        headerRow("ST-35", "way out", R"({"../../x":{}})");
        headerRow("ST-35", "turned direction", R"({"a\u202eb":{}})", "\\u202e");
        headerRow("ST-36", "data without tensors", "{}", "8 bytes belong to no tensor");
    }

private Q_SLOTS:
    void damageIsRefusedByItsCode_data() {
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("says");
        lengthRows();
        textRows();
        fieldRows();
        layoutRows();
    }
    void damageIsRefusedByItsCode() {
        QFETCH(QByteArray, code);
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, says);
        const TemporaryFolder folder;
        const Error error = openError(folder, bytes.toStdString());
        QCOMPARE(QByteArray(error.code.text.data(), static_cast<qsizetype>(error.code.text.size())), code);
        QVERIFY2(contains(error.message, "model.safetensors"), error.message.c_str());
        QVERIFY2(contains(error.message, says.toStdString()), error.message.c_str());
        QVERIFY2(!contains(error.message, "\n") && error.message.size() < 700, error.message.c_str());
    }

    void everyCutOfAGoodFileIsRefused() {
        const TemporaryFolder folder;
        const std::string whole = readBytes(fixture("all_types.safetensors"));
        for (std::size_t length = 0; length < whole.size(); ++length) {
            const Error error = openError(folder, whole.substr(0, length));
            QVERIFY2(error.code.text != "none", std::to_string(length).c_str());
        }
    }

    void everyFlippedBitOfAHeaderIsReadOrRefusedButNeverCrashes() {
        const TemporaryFolder folder;
        const std::string whole = readBytes(fixture("all_types.safetensors"));
        std::uint64_t headerLength = 0;
        std::memcpy(&headerLength, whole.data(), sizeof headerLength);
        for (std::size_t at = 0; at < 8 + headerLength; ++at) {
            std::string damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 7)));
            QVERIFY(!openError(folder, damaged).message.empty());
        }
    }
};

QTEST_GUILESS_MAIN(TestSafetensorsDamage)
#include "test_safetensors_damage.moc"
