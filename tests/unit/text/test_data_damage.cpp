// Bad data files beyond those of test_dataset (reliability.md 3.6): odd numbers and nesting, tables, what is
// no file, Parquet.
#include <fstream>

#include <sys/stat.h>

#include <QTest>

#include "support/temporary_folder.h"
#include "text/data/dataset.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::text;
namespace fs = std::filesystem;

namespace {

struct Found {
    std::size_t examples = 0;
    std::vector<Error> errors;
};

/// Reads a file to its end. One with more columns than a field has names is told so by its first row.
Found readAll(const fs::path& path) {
    Found found;
    auto reader = DatasetReader::open(path);
    if (!reader) return {0, {reader.error()}};
    while (true) {
        const auto row = reader->next();
        if (!row) found.errors.push_back(row.error());
        if (!row || !*row) return found;
        if (const auto* problem = std::get_if<RowProblem>(&**row))
            found.errors.push_back(problem->error);
        else
            ++found.examples;
    }
}

std::string repeated(std::string_view text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i)
        all += text;
    return all;
}

const std::string kPair = "{\"question\":\"q\",\"answer\":\"a\"}\n";
const std::string kHead = "question,answer\n";

} // namespace

class TestDataDamage final : public QObject {
    Q_OBJECT

    static void row(const char* name, const char* file, const std::string& content, const char* code,
                    const char* says, int examples = 0) {
        QTest::newRow(name) << QByteArray(file)
                            << QByteArray(content.data(), static_cast<qsizetype>(content.size()))
                            << QByteArray(code) << QByteArray(says) << examples;
    }

    static void jsonRows() {
        const auto line = [](const char* name, const std::string& json, const char* code, const char* says) {
            row(name, "x.jsonl", kPair + json + "\n" + kPair, code, says, 2);
        };
        line("DS-01 one bad line", "broken", "DATA-01", "line 2, column 1");
        line("DS-07 overlong form", "{\"question\":\"\xC0\xAF\",\"answer\":\"a\"}", "DATA-07",
             "line 2, column 14");
        line("DS-07 surrogate", "{\"question\":\"\xED\xA0\x80\"}", "DATA-07", "column 14");
        row("DS-07 NUL", "x.jsonl", kPair + std::string("{\"question\":\"\0\"}\n", 17), "DATA-07", "NUL");
        row("DS-07 NUL far behind", "x.jsonl",
            repeated(kPair, 200) + std::string("{\"question\":\"\0\"}\n", 17), "DATA-07", "line 201", 200);
        line("DS-07 Latin-1", "{\"question\":\"caf\xE9\"}", "DATA-07", "column 17");
        line("DS-09 a million lists", "{\"a\":" + std::string(1'000'000, '['), "DATA-09", "64");
        line("DS-09 a million objects", repeated("{\"a\":", 1'000'000), "DATA-09", "64");
        line("DS-09 closed", "{\"a\":" + std::string(65, '[') + std::string(65, ']') + "}", "DATA-09", "64");
        line("DS-10 key twice by escape", R"({"answer":"a","\u0061nswer":"b"})", "DATA-09", "stands twice");
        line("DS-11 Infinity", R"({"question":"q","answer":Infinity})", "DATA-01", "column");
        line("DS-11 -Infinity", R"({"question":"q","answer":-Infinity})", "DATA-01", "column");
        line("DS-11 1e400", R"({"question":"q","answer":1e400})", "DATA-01", "number overflow");
        line("DS-11 hexadecimal", R"({"question":"q","answer":0x10})", "DATA-01", "column");
        line("DS-11 leading zero", R"({"question":"q","answer":010})", "DATA-01", "column");
        line("DS-12 a number for a text", R"({"question":"q","answer":1)" + std::string(400, '0') + "}",
             "DATA-01", "overflow");
        line("DS-12 a list", "[1]", "DATA-01", "expected");
        line("DS-12 null", "null", "DATA-01", "expected");
        line("DS-18 garbage behind", R"({"question":"q","answer":"a"}x)", "DATA-01", "column 30");
        line("DS-18 two objects", R"({"question":"q","answer":"a"}{"question":"q","answer":"a"})", "DATA-01",
             "one object a line");
        line("DS-23 comment", R"({"question":"q",/*c*/"answer":"a"})", "DATA-01", "column 17");
        line("DS-23 line comment", "// a comment", "DATA-01", "column 1");
        line("DS-23 no quotes", "{question:\"q\"}", "DATA-01", "column 2");
        line("DS-23 Python's words", R"({"question":None,"answer":True})", "DATA-01", "column 13");
        row("DS-02 cut in a character", "x.jsonl", kPair + "{\"question\":\"\xE2\x82", "DATA-07", "line 2",
            1);
        row("DS-03 mark alone", "x.jsonl", "\xEF\xBB\xBF\n", "DATA-03", "blank");
        row("DS-07 UTF-16, high byte first", "x.jsonl", std::string("\xFE\xFF\0{", 4), "DATA-07", "UTF-16");
        row("DS-19 bzip2", "x.jsonl", "BZh91AY&SY", "DATA-19", "bzip2");
        row("DS-19 xz", "x.jsonl",
            std::string("\xFD"
                        "7zXZ\0",
                        6),
            "DATA-19", "xz");
    }

    static void tableRows() {
        const auto body = [](const char* name, const std::string& text, const char* code, const char* says,
                             int examples = 0) { row(name, "x.csv", kHead + text, code, says, examples); };
        body("CS-01 quote to the end", "a,\"b\nc\n", "DATA-32", "line 2: a quote");
        body("CS-01 quote to the end of a good file", "a,b\nc,\"d\n", "DATA-32", "line 3: a quote", 1);
        body("CS-02 a field too few", "a\n", "DATA-32", "line 2: found 1 fields, expected 2");
        body("CS-02 a field too many", "a,b,c\nd,e\n", "DATA-32", "line 2: found 3 fields", 1);
        row("CS-03 no header", "x.csv", "a question,an answer\n", "DATA-03", "no rows");
        row("CS-03 a name missing", "x.csv", "question,\nq,a\n", "DATA-31", "column 2 has no name");
        row("CS-03 only blank lines", "x.csv", "\n\n", "DATA-03", "blank");
        row("CS-04 a name twice", "x.csv", "answer,answer\nq,a\n", "DATA-31", "\"answer\" again");
        row("CS-04 a name twice, with blanks", "x.csv", "answer, answer \nq,a\n", "DATA-31", "again");
        row("CS-05 another delimiter than the header's", "x.csv", "question;answer\nq,a\n", "DATA-32",
            "found 1 fields");
        body("CS-06 text behind a quote", "a,\"b\"c\n", "DATA-32", "line 2, column 6");
        body("CS-07 a line end in quotes, then too few", "\"a\r\nb\"\n", "DATA-32", "line 2: found 1 fields");
        body("CS-08 NUL", std::string("a,\0\n", 4), "DATA-07", "NUL");
        body("CS-08 Latin-1", "a,\xE9\n", "DATA-07", "line 2, column 3");
        row("CS-09 100,000 columns", "x.csv", std::string(100'000, ',') + "\n", "DATA-31", "100001 columns");
        body("CS-09 100,000 fields", std::string(100'000, ',') + "\n", "DATA-32", "100001 fields");
        body("CS-10 cell of 65 MiB", "a,\"" + std::string(65U << 20, 'x') + "\"\nb,c\n", "DATA-08",
             "never closed", 1);
    }

    static void parquetRows() {
        const std::string file = "PAR1" + std::string(40, '\x15') + std::string("\x20\0\0\0PAR1", 8);
        for (const char* name : {"x.parquet", "x.jsonl", "x.csv", "x.txt", "x"})
            row(("PQ-01 whole, as " + std::string(name)).c_str(), name, file, "DATA-40", "read_parquet");
        row("PQ-02 footer length beyond the file", "x.parquet",
            "PAR1" + std::string("\xFF\xFF\xFF\x7FPAR1", 8), "DATA-40", "convert it");
        row("PQ-14 cut", "x.parquet", file.substr(0, 20), "DATA-40", "convert it");
        row("PQ-10 encrypted footer", "x.parquet", "PARE" + std::string(40, '\x15') + "PARE", "DATA-40",
            "convert it");
        row("PQ-01 without its magic", "x.parquet", std::string(40, '\x15') + "PAR1", "DATA-19",
            "neither JSON");
    }

private Q_SLOTS:
    void damageIsToldByItsCodeAndPlace_data() {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("says");
        QTest::addColumn<int>("examples");
        jsonRows();
        tableRows();
        parquetRows();
    }
    void damageIsToldByItsCodeAndPlace() {
        QFETCH(QByteArray, file);
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, code);
        QFETCH(QByteArray, says);
        QFETCH(int, examples);
        const TemporaryFolder folder;
        const fs::path path = folder / file.toStdString();
        std::ofstream(path, std::ios::binary).write(content.data(), content.size());
        const Found found = readAll(path);
        QVERIFY2(found.errors.size() == 1, std::to_string(found.errors.size()).c_str());
        const Error& error = found.errors.front();
        QVERIFY2(error.code.text == code.toStdString(), error.message.c_str());
        QVERIFY2(error.message.find(says.toStdString()) != std::string::npos, error.message.c_str());
        QVERIFY2(error.message.find(file.toStdString()) != std::string::npos, error.message.c_str());
        QVERIFY2(error.message.find('\n') == std::string::npos && error.message.size() < 700,
                 error.message.c_str());
        QCOMPARE(found.examples, static_cast<std::size_t>(examples));
    }

    void whatIsNoFileIsNeverOpened_data() {
        QTest::addColumn<QByteArray>("name");
        for (const char* name : {"folder", "pipe", "device"})
            QTest::newRow(("DS-21 " + std::string(name)).c_str()) << QByteArray(name);
    }
    void whatIsNoFileIsNeverOpened() {
        QFETCH(QByteArray, name);
        const TemporaryFolder folder;
        fs::create_directory(folder / "folder");
        QCOMPARE(::mkfifo((folder / "pipe").c_str(), 0600), 0);
        fs::create_symlink("/dev/zero", folder / "device");
        const Found found = readAll(folder / name.toStdString());
        QCOMPARE(found.errors.size(), std::size_t{1});
        QVERIFY2(found.errors[0].code.text == "FILE-08", found.errors[0].message.c_str());
    }

    void aFormulaStaysText() { // CS-10
        const TemporaryFolder folder;
        std::ofstream(folder / "x.csv") << kHead << "=HYPERLINK(\"\"x\"\"),@SUM(1)\n";
        auto reader = DatasetReader::open(folder / "x.csv");
        QVERIFY(reader);
        const auto row = reader->next();
        QVERIFY(row && *row && std::holds_alternative<Example>(**row));
        QCOMPARE(std::get<Example>(**row).messages[1].content, std::string("@SUM(1)"));
    }
};

QTEST_GUILESS_MAIN(TestDataDamage)
#include "test_data_damage.moc"
