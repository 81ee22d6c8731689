#include <QTest>

#include "core/error_codes.h"
#include "jobs/train/inspect_data.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

void writeText(const fs::path& path, std::string_view text) {
    QVERIFY(writeFileAtomically(systemFiles(), path, text));
}

std::string joined(const std::vector<TrainedSpan>& spans, bool supervised) {
    std::string text;
    for (const TrainedSpan& span : spans)
        if (span.supervised == supervised) text += span.text;
    return text;
}

} // namespace

class TestInspectData final : public QObject {
    Q_OBJECT

private:
    const LibraryFixture m_fixture;
    const fs::path m_file = m_fixture.folder() / "data.jsonl";

private Q_SLOTS:
    void countsAndOneRowAsItIsTrained() {
        writeText(m_file, "{\"question\": \"2+2?\", \"answer\": \"It is 4 \u2713\"}\n"
                          "{\"question\": \"broken\n"
                          "{\"question\": \"1+1?\", \"answer\": \"2\"}\n");
        Progress last;
        const auto report = inspectData({m_file}, m_fixture.source(), {}, {}, [&](const Progress& step) {
            QVERIFY(step.done >= last.done);
            last = step;
        });
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        QCOMPARE(report->summary.rows, std::uint64_t{2});
        QCOMPARE(report->summary.badRows, std::uint64_t{1});
        QCOMPARE(report->summary.problems.size(), std::size_t{1});
        QCOMPARE(report->summary.problems.front().line, std::size_t{2});
        QVERIFY(names(report->summary.problems.front().error, {"data.jsonl"}));
        QVERIFY(report->templateName.find("chatml") != std::string::npos ||
                report->templateName.find("smollm") != std::string::npos);
        QCOMPARE(joined(report->example, true), std::string("It is 4 \u2713<|im_end|>"));
        const std::string asked = joined(report->example, false);
        QVERIFY(asked.starts_with("<|im_start|>system\n"));
        QVERIFY(asked.find("<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n") != std::string::npos);
        QCOMPARE(report->exampleRow.tokens.size(), report->exampleRow.supervised.size());
        QCOMPARE(last.done, last.total);
    }

    void theSettingsDecideLengthTemplateAndColumns() {
        writeText(m_file, "{\"q\": \"a long question\", \"a\": \"a long answer\"}\n");
        config::Settings settings;
        settings.data.map = {"prompt=q", "completion=a"};
        settings.data.template_name = "plain";
        const auto plain = inspectData({m_file}, m_fixture.source(), settings, {}, {});
        QVERIFY2(plain, plain ? "" : plain.error().message.c_str());
        QCOMPARE(plain->templateName, std::string("plain"));
        QVERIFY(joined(plain->example, false).find("<|im_start|>") == std::string::npos);
        settings.training.max_length = 20;
        const auto cut = inspectData({m_file}, m_fixture.source(), settings, {}, {});
        QCOMPARE(cut->summary.cutRows, std::uint64_t{1});
        QCOMPARE(cut->exampleRow.tokens.size(), std::size_t{20});
        settings.training.max_length = 4; // the answer is cut off
        const auto nothing = inspectData({m_file}, m_fixture.source(), settings, {}, {});
        QCOMPARE(nothing->summary.droppedRows, std::uint64_t{1});
        QVERIFY(nothing->example.empty());
    }

    void missingFilesAndUnknownTemplatesAreErrors() {
        const auto file = inspectData({m_fixture.folder() / "absent.jsonl"}, m_fixture.source(), {}, {}, {});
        QCOMPARE(file.error().code.errorClass, ErrorClass::NotFound);
        QVERIFY(names(file.error(), {"absent.jsonl"}));
        writeText(m_file, "{\"text\": \"x y z\"}\n");
        config::Settings settings;
        settings.data.template_name = "chat-ml";
        const auto unknown = inspectData({m_file}, m_fixture.source(), settings, {}, {});
        QVERIFY(unknown.error().code == codes::kTemplateUnknown);
        const CancelToken cancel;
        cancel.cancel();
        const auto stopped = inspectData({m_file}, m_fixture.source(), {}, cancel, {});
        QCOMPARE(stopped.error().code.errorClass, ErrorClass::Interrupted);
    }
};

QTEST_GUILESS_MAIN(TestInspectData)
#include "test_inspect_data.moc"
