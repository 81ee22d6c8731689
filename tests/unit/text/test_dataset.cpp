#include <fstream>

#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "support/temporary_folder.h"
#include "text/data/dataset.h"
#include "text/data/dataset_summary.h"
#include "text/data/length_histogram.h"
#include "text/data/split.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::text;
namespace fs = std::filesystem;

namespace {

fs::path put(const fs::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

struct Rows {
    std::vector<Example> examples;
    std::vector<RowProblem> problems;
    std::optional<Error> error;
    std::optional<DataFormat> format;
};

Rows readAll(const fs::path& path, const DatasetOptions& options = {}) {
    Rows rows;
    auto reader = DatasetReader::open(path, options);
    if (!reader) {
        rows.error = reader.error();
        return rows;
    }
    while (true) {
        auto row = reader->next();
        if (!row) {
            rows.error = row.error();
            break;
        }
        if (!*row) break;
        if (auto* example = std::get_if<Example>(&**row))
            rows.examples.push_back(std::move(*example));
        else
            rows.problems.push_back(std::get<RowProblem>(**row));
    }
    rows.format = reader->format();
    return rows;
}

/// The only row of a JSON Lines file.
Rows readLine(const TemporaryFolder& folder, const std::string& json) {
    return readAll(put(folder / "rows.jsonl", json + "\n"));
}

std::string codeOf(const Rows& rows) {
    if (rows.error) return std::string(rows.error->code.text);
    return rows.problems.empty() ? "none" : std::string(rows.problems.front().error.code.text);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const std::string kPair = "{\"question\":\"q\",\"answer\":\"a\"}";

} // namespace

class TestDataset final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyShapeIsRecognisedByItsFields_data() {
        QTest::addColumn<std::string>("json");
        QTest::addColumn<int>("format");
        QTest::addColumn<std::string>("turns");
        const auto row = [](const char* name, const std::string& json, DataFormat format, const char* turns) {
            QTest::newRow(name) << json << static_cast<int>(format) << std::string(turns);
        };
        const std::string user = R"({"role":"user","content":"q"},)";
        const std::string answer = R"({"role":"assistant","content":"a"})";
        const std::string human = R"({"from":"human","value":"q"},)";
        const std::string gpt = R"({"from":"gpt","value":"a"})";
        const std::string messages = R"({"messages":[)";
        const std::string conversations = R"("conversations":[)";
        row("messages", messages + R"({"role":"developer","content":"s"},)" + user + answer + "]}",
            DataFormat::ChatMessages, "system=s|user=q|assistant=a");
        const std::string parts = R"([{"type":"text","text":"q"},{"type":"text","text":"2"}])";
        row("content parts", messages + R"({"role":"user","content":)" + parts + "}," + answer + "]}",
            DataFormat::ChatMessages, "user=q2|assistant=a");
        row("trailing question", messages + user + answer + "," + user.substr(0, user.size() - 1) + "]}",
            DataFormat::ChatMessages, "user=q|assistant=a");
        row("ShareGPT", R"({"system":"s",)" + conversations + gpt + "," + human + gpt + "]}",
            DataFormat::ShareGpt, "system=s|user=q|assistant=a");
        row("ShareGPT tool",
            "{" + conversations + human + R"({"from":"observation","value":"t"},)" + gpt + "]}",
            DataFormat::ShareGpt, "user=q|tool=t|assistant=a");
        row("Alpaca", R"({"instruction":"i","input":"x","output":"o"})", DataFormat::Alpaca,
            "user=i\nx|assistant=o");
        row("Alpaca without input", R"({"instruction":"i","input":"","output":"o","system":"s"})",
            DataFormat::Alpaca, "system=s|user=i|assistant=o");
        row("Alpaca history", R"({"instruction":"i","output":"o","history":[["q","a"]]})", DataFormat::Alpaca,
            "user=q|assistant=a|user=i|assistant=o");
        row("Dolly", R"({"instruction":"i","context":"c","response":"r"})", DataFormat::Alpaca,
            "user=i\nc|assistant=r");
        row("prompt and completion", R"({"prompt":"p","completion":"c"})", DataFormat::PromptCompletion,
            "user=p|assistant=c");
        row("prompt and response", R"({"prompt":"p","response":"r"})", DataFormat::PromptCompletion,
            "user=p|assistant=r");
        row("prompt as turns",
            R"({"prompt":[{"role":"user","content":"p"}],"completion":[{"role":"assistant","content":"c"}]})",
            DataFormat::PromptCompletion, "user=p|assistant=c");
        row("question and answer", R"({"question":"q","answer":"a"})", DataFormat::QuestionAnswer,
            "user=q|assistant=a");
    }
    void everyShapeIsRecognisedByItsFields() {
        QFETCH(std::string, json);
        QFETCH(int, format);
        QFETCH(std::string, turns);
        const TemporaryFolder folder;
        const Rows rows = readLine(folder, json);
        QVERIFY2(rows.problems.empty(), rows.problems.empty() ? "" : rows.problems[0].error.message.c_str());
        QCOMPARE(rows.examples.size(), std::size_t{1});
        QCOMPARE(static_cast<int>(*rows.format), format);
        std::string joined;
        for (const Message& m : rows.examples[0].messages)
            joined += (joined.empty() ? "" : "|") + m.role + "=" + m.content;
        QCOMPARE(joined, turns);
        QCOMPARE(rows.examples[0].line, std::size_t{1});
        QVERIFY(!rows.examples[0].plainText);
    }

    void badRowsAreNamed_data() {
        QTest::addColumn<std::string>("json");
        QTest::addColumn<std::string>("code");
        QTest::addColumn<std::string>("named");
        const auto row = [](const char* json, const char* code, const char* named) {
            const std::string tag = "DS-" + std::string(code).substr(5) + " " + named;
            QTest::newRow(tag.c_str()) << std::string(json) << std::string(code) << std::string(named);
        };
        row(R"({"question":"q"})", "DATA-12", "\"question\", expected");
        row(R"({"a":1,"b":2})", "DATA-12", "found the fields \"a\", \"b\"");
        row(R"({"question":"q","answer":null})", "DATA-12", "\"answer\" is null");
        row(R"({"question":"q","answer":7})", "DATA-12", "\"answer\" is number");
        row(R"({"question":" ","answer":"a"})", "DATA-12", "\"question\" is empty");
        row(R"({"text":""})", "DATA-12", "\"text\" is empty");
        row(R"({"prompt":"p","chosen":"c","rejected":"r"})", "DATA-12",
            "--map prompt=prompt,completion=chosen");
        row(R"({"instruction":"i","output":"o","history":["x"]})", "DATA-12", "\"history\"");
        row(R"({"messages":"x"})", "DATA-12", "list of turns");
        row(R"({"messages":[{"role":"user","content":null}]})", "DATA-12", "turn 1: the content is null");
        row(R"({"messages":[{"role":"user","content":[{"type":"image"}]}]})", "DATA-12",
            "turn 1: the content has a part");
        row(R"({"messages":[]})", "DATA-13", "no assistant turn");
        row(R"({"messages":[{"role":"user","content":"q"}]})", "DATA-13", "no assistant");
        row(R"({"messages":[{"role":"king","content":"q"}]})", "DATA-13", "turn 1: found the role \"king\"");
        row(R"({"messages":[{"role":"user","content":"q"},{"role":"user","content":"q"}]})", "DATA-13",
            "turn 2: found user twice");
        row(R"({"messages":[{"role":"user","content":"q"},{"role":"system","content":"q"}]})", "DATA-13",
            "turn 2: a system");
        row(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":""}]})", "DATA-13",
            "turn 2: the text of assistant");
        row(R"({"messages":[{"role":"assistant","tool_calls":[{}]}]})", "DATA-13", "one call in a turn");
        row(R"({"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"x"}}]}]})",
            "DATA-13", "the arguments");
        row(R"({"messages":[{"role":"assistant","tool_calls":[{},{}]}]})", "DATA-13", "no list of one");
        row(R"({"conversations":[{"from":"function_call","value":"no call"}]})", "DATA-13", "the call");
        row(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":7})",
            "DATA-12", "\"tools\" is number");
        row(R"({"messages":["x"]})", "DATA-13", "turn 1: found string");
        row(R"({"a":NaN})", "DATA-01", "column 6");
        row(R"({"a":1e400})", "DATA-01", "number overflow");
        row(R"({"a":1} {"b":2})", "DATA-01", "one object a line");
        row(R"({'a':1})", "DATA-01", "double quotes");
        row(R"({"a":1,})", "DATA-01", "comma too many");
        row(R"({"a":"\ud800"})", "DATA-01", "surrogate");
        row(R"({"a":1,"a":2})", "DATA-09", "stands twice");
        row("{\"a\":\"\xE9\"}", "DATA-07", "UTF-8");
    }
    void badRowsAreNamed() {
        QFETCH(std::string, json);
        QFETCH(std::string, code);
        QFETCH(std::string, named);
        const TemporaryFolder folder;
        // First, so that its shape meets no other.
        const Rows rows = readAll(put(folder / "rows.jsonl", "\n" + json + "\n" + kPair + "\n"));
        QCOMPARE(rows.examples.size(), std::size_t{1});
        QCOMPARE(rows.problems.size(), std::size_t{1});
        const RowProblem& problem = rows.problems[0];
        QVERIFY2(codeOf(rows) == code, problem.error.message.c_str());
        QVERIFY2(contains(problem.error.message, "rows.jsonl line 2, column "),
                 problem.error.message.c_str());
        QVERIFY2(contains(problem.error.message, named), problem.error.message.c_str());
        QVERIFY(problem.error.message.find('\n') == std::string::npos);
        QCOMPARE(problem.line, std::size_t{2});
        QVERIFY(problem.column >= 1);
    }

    void callsOfFunctionsAreReadInBothShapes() {
        const TemporaryFolder folder;
        const Json question{{"role", "user"}, {"content", "q"}};
        const Json function{{"name", "f"}, {"arguments", "{\"x\": 1}"}};
        const Json call{{"role", "assistant"}, {"tool_calls", Json::array({Json{{"function", function}}})}};
        const Json result{{"role", "tool"}, {"content", "7"}};
        const Json answer{{"role", "assistant"}, {"content", "a"}};
        const Json tools = Json::array({Json{{"name", "f"}}});
        const std::string openAiRow = writeJsonLine(
            Json{{"messages", Json::array({question, call, result, answer})}, {"tools", tools}});
        const auto turn = [](const char* from, const std::string& value) {
            return Json{{"from", from}, {"value", value}};
        };
        const Json turns = Json::array({turn("human", "q"),
                                        turn("function_call", "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"),
                                        turn("observation", "7"), turn("gpt", "a")});
        const std::string shareGptRow =
            writeJsonLine(Json{{"conversations", turns}, {"tools", writeJsonLine(tools)}});
        const Rows openAi = readAll(put(folder / "a.jsonl", openAiRow + "\n"));
        const Rows shareGpt = readAll(put(folder / "b.jsonl", shareGptRow + "\n"));
        for (const Rows* rows : {&openAi, &shareGpt}) {
            QVERIFY(rows->problems.empty());
            QCOMPARE(rows->examples.size(), std::size_t{1});
            const Example& example = rows->examples[0];
            QCOMPARE(example.messages.size(), std::size_t{4});
            QVERIFY(example.messages[1].toolCall);
            QCOMPARE(example.messages[1].toolCall->name, std::string("f"));
            QCOMPARE(writeJsonLine(example.messages[1].toolCall->arguments), std::string(R"({"x":1})"));
            QCOMPARE(writeJsonLine(example.tools), std::string(R"([{"name":"f"}])"));
        }
        QCOMPARE(openAi.examples[0].messages, shareGpt.examples[0].messages);
    }

    void theInputOfAnAlpacaRowKeepsItsPlace() {
        const TemporaryFolder folder;
        const std::string row = R"({"instruction":"do","input":"it","output":"done"})";
        const std::string bare = R"({"instruction":"do","output":"done"})";
        const Rows rows = readAll(put(folder / "a.jsonl", row + "\n" + bare + "\n"));
        QCOMPARE(rows.examples.size(), std::size_t{2});
        const Message& question = rows.examples[0].messages[0];
        QCOMPARE(question.content, std::string("do\nit"));
        QCOMPARE(question.content.substr(question.inputAt), std::string("it"));
        QCOMPARE(rows.examples[1].messages[0].inputAt, std::size_t{0});
    }

    void mixedShapesNameBothLines() {
        const TemporaryFolder folder;
        const Rows rows = readAll(put(folder / "x.jsonl", kPair + "\n\n{\"text\":\"t\"}\n"));
        QCOMPARE(codeOf(rows), std::string("DATA-14"));
        const std::string& message = rows.problems[0].error.message;
        QVERIFY2(contains(message, "line 3") && contains(message, "as in line 1"), message.c_str());
        QVERIFY(contains(message, "plain text") && contains(message, "question and answer"));
    }

    void blankLinesCarriageReturnsMarksAndAMissingLastLineEndAreFine() {
        const TemporaryFolder folder;
        const Rows rows = readAll(put(folder / "x.jsonl", "\xEF\xBB\xBF\r\n" + kPair + "\r\n\r\n  " + kPair));
        QVERIFY(rows.problems.empty() && !rows.error);
        QCOMPARE(rows.examples.size(), std::size_t{2});
        QCOMPARE(rows.examples[1].line, std::size_t{4});
    }

    void aCutLastLineSaysSo() {
        const TemporaryFolder folder;
        const Rows rows = readAll(put(folder / "x.jsonl", kPair + "\n" + kPair.substr(0, 20)));
        QCOMPARE(codeOf(rows), std::string("DATA-02"));
        QVERIFY(contains(rows.problems[0].error.message, "line 2"));
    }

    void filesThatAreNoDataAreRefusedByWhatTheyAre_data() {
        QTest::addColumn<std::string>("content");
        QTest::addColumn<std::string>("name");
        QTest::addColumn<std::string>("code");
        QTest::addColumn<std::string>("named");
        QTest::newRow("DS-03 empty") << std::string() << std::string("x.jsonl") << std::string("DATA-03")
                                     << std::string("empty");
        QTest::newRow("DS-03 blank") << std::string(" \n\n") << std::string("x.jsonl")
                                     << std::string("DATA-03") << std::string("blank");
        QTest::newRow("DS-19 gzip") << std::string("\x1f\x8b\x08\0", 4) << std::string("x.jsonl")
                                    << std::string("DATA-19") << std::string("gzip");
        QTest::newRow("DS-19 zstd") << std::string("\x28\xb5\x2f\xfd", 4) << std::string("x.csv")
                                    << std::string("DATA-19") << std::string("zstd");
        QTest::newRow("DS-19 zip") << std::string("PK\x03\x04", 4) << std::string("x.jsonl")
                                   << std::string("DATA-19") << std::string("unpack");
        QTest::newRow("Parquet") << std::string("PAR1....") << std::string("x.parquet")
                                 << std::string("DATA-40") << std::string("read_parquet");
        QTest::newRow("UTF-16") << std::string("\xff\xfe{\0", 4) << std::string("x.jsonl")
                                << std::string("DATA-07") << std::string("UTF-16");
        QTest::newRow("UTF-16 without mark") << std::string("{\0\"\0", 4) << std::string("x.jsonl")
                                             << std::string("DATA-07") << std::string("NUL");
        QTest::newRow("web page") << std::string("<!DOCTYPE html>") << std::string("x.jsonl")
                                  << std::string("DATA-19") << std::string("web page");
        QTest::newRow("DS-05 pretty JSON")
            << std::string("{\n  \"text\": \"a\"\n}\n") << std::string("x.json") << std::string("DATA-05")
            << std::string("jq");
        QTest::newRow("unknown") << std::string("hello") << std::string("x.dat") << std::string("DATA-19")
                                 << std::string(".txt");
        QTest::newRow("DS-03 empty array")
            << std::string("[]") << std::string("x.json") << std::string("DATA-03") << std::string("no rows");
        QTest::newRow("DS-03 header only") << std::string("a,b\n") << std::string("x.csv")
                                           << std::string("DATA-03") << std::string("no rows");
    }
    void filesThatAreNoDataAreRefusedByWhatTheyAre() {
        QFETCH(std::string, content);
        QFETCH(std::string, name);
        QFETCH(std::string, code);
        QFETCH(std::string, named);
        const TemporaryFolder folder;
        const Rows rows = readAll(put(folder / name, content));
        QCOMPARE(codeOf(rows), code);
        QVERIFY2(contains(rows.error->message, named), rows.error->message.c_str());
        QVERIFY(contains(rows.error->message, name));
    }

    void whatIsNoFileIsRefused() {
        const TemporaryFolder folder;
        QCOMPARE(codeOf(readAll(folder / "absent.jsonl")), std::string("FILE-01"));
        QCOMPARE(codeOf(readAll(folder.path())), std::string("FILE-08"));
        QCOMPARE(codeOf(readAll("/dev/zero")), std::string("FILE-08"));
    }

    void arraysGiveEachRowAPlace() {
        const TemporaryFolder folder;
        const Rows rows = readAll(put(
            folder / "x.json", "[\n  " + kPair + ",\n  {\"question\":\"]},{\\\"\"},\n  " + kPair + "\n]\n"));
        QCOMPARE(rows.examples.size(), std::size_t{2});
        QCOMPARE(rows.examples[1].line, std::size_t{4});
        QCOMPARE(rows.problems.size(), std::size_t{1});
        QVERIFY2(contains(rows.problems[0].error.message, "x.json line 3, column 3: "),
                 rows.problems[0].error.message.c_str());
    }

    void damagedArraysEndInProblems_data() {
        QTest::addColumn<std::string>("content");
        QTest::addColumn<std::string>("code");
        const std::string& pair = kPair;
        QTest::newRow("DS-04 cut in a row")
            << std::string("[") + pair + "," + pair.substr(0, 9) << std::string("DATA-02");
        QTest::newRow("DS-04 cut after a comma") << std::string("[") + pair + "," << std::string("DATA-02");
        QTest::newRow("DS-04 cut after a row") << std::string("[") + pair << std::string("DATA-02");
        QTest::newRow("DS-04 comma at the end") << std::string("[") + pair + ",]" << std::string("DATA-01");
        QTest::newRow("DS-04 two commas")
            << std::string("[") + pair + ",," + pair + "]" << std::string("DATA-01");
        QTest::newRow("DS-04 no comma")
            << std::string("[") + pair + " " + pair + "]" << std::string("DATA-01");
        QTest::newRow("DS-04 more after it") << std::string("[") + pair + "] x" << std::string("DATA-01");
        QTest::newRow("DS-04 stray brace") << std::string("[") + pair + ", } ]" << std::string("DATA-01");
        QTest::newRow("DS-04 numbers") << std::string("[1, 2]") << std::string("DATA-01");
    }
    void damagedArraysEndInProblems() {
        QFETCH(std::string, content);
        QFETCH(std::string, code);
        const TemporaryFolder folder;
        const Rows rows = readAll(put(folder / "x.json", content));
        QVERIFY(!rows.error);
        QCOMPARE(codeOf(rows), code);
        QVERIFY(contains(rows.problems[0].error.message, "x.json line 1"));
    }

    void largeArraysAreRefusedWithTheWayOut() {
        const TemporaryFolder folder;
        const fs::path path = folder / "x.json";
        {
            std::ofstream out(path, std::ios::binary);
            out << '[' << std::string(64U << 20, ' ') << ']';
        }
        const Rows full = readAll(path);
        QCOMPARE(codeOf(full), std::string("DATA-04"));
        QVERIFY(contains(full.error->message, "jq"));
    }

    void dataMayBeAboutErrorsAndWebPages() {
        const TemporaryFolder folder;
        const Rows page = readAll(put(folder / "x.txt", "<html> is how a page begins.\n"));
        QCOMPARE(page.examples.size(), std::size_t{1});
        const Rows errors =
            readAll(put(folder / "x.jsonl", R"({"error":"404","question":"q","answer":"a"})"));
        QVERIFY2(!errors.error, errors.error ? errors.error->message.c_str() : "");
        QCOMPARE(errors.examples.size(), std::size_t{1});
    }

    void aBadLineLeavesTheLinesAroundItInTheData() {
        const TemporaryFolder folder;
        const Rows rows = readAll(put(folder / "x.txt", "one\ntwo\nbad \xE9\nthree\n\nfour\n"));
        QCOMPARE(rows.problems.size(), std::size_t{1});
        QCOMPARE(rows.problems[0].line, std::size_t{3});
        QCOMPARE(rows.examples.size(), std::size_t{3});
        QCOMPARE(rows.examples[0].text, std::string("one\ntwo"));
        QCOMPARE(rows.examples[1].text, std::string("three"));
        QCOMPARE(rows.examples[2].line, std::size_t{6});
    }

    void tablesFollowTheirQuotes() {
        const TemporaryFolder folder;
        const Rows rows = readAll(put(folder / "x.csv", "\xEF\xBB\xBFquestion, answer\r\n"
                                                        "\"a, \"\"b\"\"\r\nc\",=SUM(1)\r\n"
                                                        "\r\n"
                                                        "5\" pipe,\"\"\n"
                                                        "last,one"));
        QCOMPARE(rows.examples.size(), std::size_t{2});
        QCOMPARE(rows.examples[0].messages[0].content, std::string("a, \"b\"\nc"));
        QCOMPARE(rows.examples[0].messages[1].content, std::string("=SUM(1)"));
        QCOMPARE(rows.examples[1].line, std::size_t{6});
        QCOMPARE(rows.problems.size(), std::size_t{1}); // the empty answer
        QCOMPARE(rows.problems[0].line, std::size_t{5});
    }

    void otherDelimitersAreFound() {
        const TemporaryFolder folder;
        for (const char delimiter : {';', '\t'}) {
            const std::string d(1, delimiter);
            const Rows rows = readAll(put(folder / "x.tsv", "question" + d + "answer\na,b" + d + "c\n"));
            QCOMPARE(rows.examples.size(), std::size_t{1});
            QCOMPARE(rows.examples[0].messages[0].content, std::string("a,b"));
        }
    }

    void damagedTablesNameTheRow() {
        const TemporaryFolder folder;
        const auto first = [&](const std::string& content) {
            const Rows rows = readAll(put(folder / "x.csv", content));
            return rows.error              ? *rows.error
                   : rows.problems.empty() ? Error{codes::kInternal, ""}
                                           : rows.problems[0].error;
        };
        const std::string head = "question,answer\n";
        QCOMPARE(std::string(first(head + "a\n").code.text), std::string("DATA-32"));
        QVERIFY(contains(first(head + "a\n").message, "line 2: found 1 fields, expected 2"));
        QVERIFY(contains(first(head + "a,\"b\nc\n").message, "line 2: a quote"));
        QVERIFY(contains(first(head + "a,\"b\"c\n").message, "line 2, column 6"));
        QVERIFY(contains(first(head + "a,\xE9\n").message, "line 2, column 3"));
        QVERIFY(contains(first(head + std::string("a,\0\n", 4)).message, "NUL"));
        QVERIFY(contains(first("a,a\n1,2\n").message, "\"a\" again"));
        QVERIFY(contains(first("a,\n1,2\n").message, "column 2 has no name"));
        QVERIFY(contains(first("q,a\n1,2\n").message, "--map"));
        QVERIFY(contains(first(std::string(2000, ',') + "\n").message, "2001 columns"));
        QVERIFY(contains(first(head + std::string(3000, ',') + "\n").message, "3001 fields"));
    }

    void aColumnMapNamesTheFields() {
        const TemporaryFolder folder;
        const fs::path path = put(folder / "x.csv", "q,a,text\n1,2,3\n");
        const Rows rows = readAll(path, {{"question=q", "answer=a"}});
        QCOMPARE(rows.examples.size(), std::size_t{1});
        QCOMPARE(rows.examples[0].messages[1].content, std::string("2"));
        const Rows absent = readAll(path, {{"question=q", "answer=b"}});
        QVERIFY(contains(absent.problems[0].error.message, "no column \"b\""));
        for (const char* wrong : {"question", "question=", "color=q"})
            QCOMPARE(codeOf(readAll(path, {{wrong}})), std::string("DATA-50"));
        QCOMPARE(codeOf(readAll(path, {{"text=q", "text=a"}})), std::string("DATA-50"));
    }

    void textsAreReadByParagraphs() {
        const TemporaryFolder folder;
        const std::string longLine(1600, 'x');
        const Rows rows =
            readAll(put(folder / "x.txt", "[one]\ntwo\r\n\r\n \nthree\n" + longLine + "\nfour"));
        QCOMPARE(rows.examples.size(), std::size_t{3});
        QVERIFY(rows.examples[0].plainText);
        QCOMPARE(rows.examples[0].text, std::string("[one]\ntwo"));
        QCOMPARE(rows.examples[1].text, "three\n" + longLine);
        QCOMPARE(rows.examples[1].line, std::size_t{5});
        QCOMPARE(rows.examples[2].text, std::string("four"));
        QCOMPARE(static_cast<int>(*rows.format), static_cast<int>(DataFormat::PlainText));
        QVERIFY(contains(readAll(put(folder / "y.txt", "ok\n\n\xFF")).problems[0].error.message,
                         "line 3, column 1"));
    }

    void jsonLinesUnderAnotherNameAreJsonLines() {
        const TemporaryFolder folder;
        QCOMPARE(readAll(put(folder / "x.txt", kPair + "\n")).examples[0].messages.size(), std::size_t{2});
        QVERIFY(readAll(put(folder / "y.txt", "{not json\n")).examples[0].plainText);
    }

    void aRowWithoutAnEndIsBounded() {
        const TemporaryFolder folder;
        const fs::path path = folder / "x.jsonl";
        {
            std::ofstream out(path, std::ios::binary);
            out << kPair << "\n{" << std::string(64U << 20, 'x') << "\n" << kPair << "\n";
        }
        const Rows bounded = readAll(path);
        QCOMPARE(codeOf(bounded), std::string("DATA-08"));
        QCOMPARE(bounded.examples.size(), std::size_t{2});
    }

    void aFileThatChangesWhileItIsReadIsRefused() {
        const TemporaryFolder folder;
        const fs::path path = put(folder / "x.jsonl", kPair + "\n" + kPair + "\n");
        auto reader = DatasetReader::open(path);
        QVERIFY(reader && reader->next());
        fs::resize_file(path, 3);
        std::string code = "none";
        for (int i = 0; i < 4 && code == "none"; ++i) {
            const auto row = reader->next();
            if (!row) code = std::string(row.error().code.text);
        }
        QCOMPARE(code, std::string("DATA-20"));
    }

    void theSummaryCountsEveryKindOfRow() {
        const TemporaryFolder folder;
        const auto json = readJsonFile(LLAMAHOME_TEST_DATA "/text/digits_bytelevel/tokenizer.json");
        const auto tokenizer = Tokenizer::parse(*json, "x");
        RowOptions options;
        options.maxLength = 24;
        const RowBuilder builder(*tokenizer, *ChatTemplate::named("chatml", {}), options);
        const auto row = [](const std::string& q, const std::string& a) {
            return "{\"question\":\"" + q + "\",\"answer\":\"" + a + "\"}\n";
        };
        const fs::path one = put(folder / "one.jsonl", row("1", "2") + row("1", "2") + "broken\n");
        const fs::path two =
            put(folder / "two.jsonl", row("1", "2") + row("1", std::string(60, '7')) +
                                          row(std::string(60, '7'), "dropped") + row("", "x"));
        std::vector<Progress> reports;
        const auto summary =
            summariseDataset({one, two}, {}, builder, {}, [&](const Progress& p) { reports.push_back(p); });
        QVERIFY(summary);
        QCOMPARE(summary->rows, std::uint64_t{5});
        QCOMPARE(summary->badRows, std::uint64_t{2});
        QCOMPARE(summary->duplicates, std::uint64_t{2});
        QCOMPARE(summary->cutRows, std::uint64_t{2});
        QCOMPARE(summary->droppedRows, std::uint64_t{1});
        QCOMPARE(summary->usableRows(), std::uint64_t{4});
        QVERIFY(contains(summary->problems[0].error.message, "one.jsonl line 3"));
        QVERIFY(contains(summary->problems[1].error.message, "two.jsonl line 4"));
        const auto single = builder.build(std::get<Example>(**DatasetReader::open(one)->next()));
        QCOMPARE(summary->lengths.min, single->fullLength);
        QVERIFY(summary->lengths.max > 60);
        QCOMPARE(summary->tokens, 3 * single->fullLength + 24);
        QVERIFY(summary->supervisedShare() > 0.1 && summary->supervisedShare() < 0.9);
        for (std::size_t i = 1; i < reports.size(); ++i)
            QVERIFY(reports[i].done >= reports[i - 1].done);
        QCOMPARE(reports.back().done, reports.back().total);
        QCOMPARE(reports.back().total, std::uint64_t{fs::file_size(one) + fs::file_size(two)});
        const CancelToken cancel;
        cancel.cancel();
        QVERIFY(summariseDataset({one}, {}, builder, cancel).error().code == codes::kCancelled);
    }

    void lengthStatisticsAreExact() {
        LengthHistogram histogram;
        QVERIFY(histogram.statistics().buckets.empty());
        for (std::size_t length = 1; length <= 100; ++length)
            histogram.add(length);
        histogram.add(5'000'000);
        const LengthStatistics s = histogram.statistics();
        QCOMPARE(s.min, std::size_t{1});
        QCOMPARE(s.median, std::size_t{51});
        QCOMPARE(s.p95, std::size_t{96});
        QCOMPARE(s.max, std::size_t{5'000'000});
        QVERIFY(s.buckets.size() <= 20);
        std::uint64_t rows = 0;
        for (std::size_t i = 0; i < s.buckets.size(); ++i) {
            rows += s.buckets[i].rows;
            QVERIFY(i == 0 || s.buckets[i].from == s.buckets[i - 1].to);
        }
        QCOMPARE(rows, std::uint64_t{101});
    }

    void theSplitIsAPartitionAndDependsOnTheSeedAlone() {
        const RowSplit a = splitRows(1000, 0.1, 42);
        const RowSplit b = splitRows(1000, 0.1, 42);
        QVERIFY(a.validation == b.validation && a.train == b.train);
        QVERIFY(splitRows(1000, 0.1, 43).validation != a.validation);
        QCOMPARE(a.validation.size(), std::size_t{100});
        std::vector<std::size_t> all = a.train;
        all.insert(all.end(), a.validation.begin(), a.validation.end());
        std::sort(all.begin(), all.end());
        for (std::size_t i = 0; i < all.size(); ++i)
            QCOMPARE(all[i], i);
        QCOMPARE(all.size(), std::size_t{1000});
        QVERIFY(std::is_sorted(a.validation.begin(), a.validation.end()));
    }

    void theSplitKeepsItsBounds() {
        QCOMPARE(splitRows(100'000, 0.1, 1).validation.size(), std::size_t{2000});
        QCOMPARE(splitRows(3, 0.01, 1).validation.size(), std::size_t{1});
        QCOMPARE(splitRows(3, 1.0, 1).train.size(), std::size_t{1});
        QCOMPARE(splitRows(1, 0.5, 1).validation.size(), std::size_t{0});
        QCOMPARE(splitRows(100, 0.0, 1).validation.size(), std::size_t{0});
        QCOMPARE(splitRows(0, 0.5, 1).train.size(), std::size_t{0});
    }
};

QTEST_GUILESS_MAIN(TestDataset)
#include "test_dataset.moc"
