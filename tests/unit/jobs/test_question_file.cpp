#include <QTest>

#include "core/error_codes.h"
#include "jobs/train/question_file.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

class TestQuestionFile final : public QObject {
    Q_OBJECT

private:
    const TemporaryFolder m_folder;

    fs::path written(const char* name, std::string_view text) const {
        const fs::path file = m_folder / name;
        if (!writeFileAtomically(systemFiles(), file, text)) qFatal("cannot write");
        return file;
    }

private Q_SLOTS:
    void whatIsWrittenIsReadAgain() {
        const std::vector<QuestionAnswer> rows{{"1+1?", "2"}, {"two\nlines \u2713", "\"quoted\"\t"}};
        const fs::path file = m_folder / "new/folder/table.jsonl";
        QVERIFY(writeQuestions(systemFiles(), file, rows, true));
        const auto read = readQuestions(file);
        QVERIFY2(read, read ? "" : read.error().message.c_str());
        QVERIFY(*read == rows);
        QVERIFY(!writeQuestions(systemFiles(), file, {{"other", "table"}}, false));
        QVERIFY(*readQuestions(file) == rows);
        for (std::uint64_t k = 1;; ++k) { // the old table stays until the new one is whole
            FaultFileLayer layer(k, Fault::Short);
            const auto again = writeQuestions(layer, file, {{"other", "table"}}, true);
            if (again && layer.calls() < k) break;
            QVERIFY(again || *readQuestions(file) == rows || readQuestions(file)->size() == 1);
            QVERIFY(writeQuestions(systemFiles(), file, rows, true));
        }
    }

    void otherFormatsWithOneQuestionAndItsAnswerAreReadToo() {
        const std::vector<QuestionAnswer> expected{{"a?", "b"}, {"c?", "d"}};
        QVERIFY(*readQuestions(written("t.csv", "question,answer\na?,b\nc?,d\n")) == expected);
        QVERIFY(*readQuestions(written("t.json", R"([{"prompt":"a?","completion":"b"},)"
                                                 R"({"prompt":"c?","completion":"d"}])")) == expected);
        QVERIFY(*readQuestions(written("chat.jsonl", R"({"messages":[{"role":"user","content":"a?"},)"
                                                     R"({"role":"assistant","content":"b"}]})"
                                                     "\n"
                                                     R"({"messages":[{"role":"user","content":"c?"},)"
                                                     R"({"role":"assistant","content":"d"}]})"
                                                     "\n")) == expected);
    }

    void whatATableHasNoPlaceForIsNamed() {
        const auto longer = readQuestions(written(
            "long.jsonl", R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"a?"},)"
                          R"({"role":"assistant","content":"b"}]})"
                          "\n"));
        QCOMPARE(longer.error().code, codes::kDataKind);
        QVERIFY(longer.error().message.find("long.jsonl line 1") != std::string::npos);
        QCOMPARE(readQuestions(written("plain.txt", "just text\n")).error().code, codes::kDataKind);
        QVERIFY(!readQuestions(written("bad.jsonl", "{\"question\": \"a\n")));
        QCOMPARE(readQuestions(m_folder / "absent.csv").error().code, codes::kFileNotFound);
    }
};

QTEST_GUILESS_MAIN(TestQuestionFile)
#include "test_question_file.moc"
