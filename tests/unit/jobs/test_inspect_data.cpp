#include <algorithm>

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

/// The texts of the tokens of these parts.
std::string joined(const std::optional<ShownRow>& row, std::initializer_list<TokenPart> parts) {
    std::string text;
    for (const ShownToken& token : row->tokens)
        if (std::find(parts.begin(), parts.end(), token.part) != parts.end()) text += token.text;
    return text;
}

std::size_t tokensSeen(const ShownRow& row) {
    std::size_t count = 0;
    for (const ShownToken& token : row.tokens)
        if (token.part != TokenPart::Cut) count += token.ids.size();
    return count;
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
        QCOMPARE(joined(report->example, {TokenPart::Learned}), std::string("It is 4 \u2713"));
        QCOMPARE(joined(report->example, {TokenPart::TurnEnd}), std::string("<|im_end|>"));
        const std::string asked = joined(report->example, {TokenPart::Given});
        QVERIFY(asked.starts_with("<|im_start|>system\n"));
        QVERIFY(asked.find("<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n") != std::string::npos);
        QCOMPARE(report->example->number, std::uint64_t{1});
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
        QVERIFY(joined(plain->example, {TokenPart::Given}).find("<|im_start|>") == std::string::npos);
        settings.training.max_length = 20;
        const auto cut = inspectData({m_file}, m_fixture.source(), settings, {}, {});
        QCOMPARE(cut->summary.cutRows, std::uint64_t{1});
        QVERIFY(cut->example->isCut());
        QCOMPARE(tokensSeen(*cut->example), std::size_t{20});
        settings.training.max_length = 4; // the answer is cut off
        const auto nothing = inspectData({m_file}, m_fixture.source(), settings, {}, {});
        QCOMPARE(nothing->summary.droppedRows, std::uint64_t{1});
        QVERIFY(!nothing->example);
    }

    void everyRowCanBeLookedAt() {
        const fs::path more = m_fixture.folder() / "more.jsonl";
        writeText(m_file, "{\"question\": \"1+1?\", \"answer\": \"2\"}\n"
                          "{\"question\": \"broken\n"
                          "{\"question\": \"2+2?\", \"answer\": \"4\"}\n");
        writeText(more, "{\"question\": \"3+3?\", \"answer\": \"a long, long answer \u2713\u2713\"}\n");
        config::Settings settings;
        auto whole = RowBrowser::open({m_file, more}, m_fixture.source(), settings);
        QVERIFY2(whole, whole ? "" : whole.error().message.c_str());
        RowBrowser rows = std::move(*whole);
        const auto third = rows.row(3, {});
        QVERIFY(third && *third);
        QVERIFY((*third)->file == more);
        QCOMPARE((*third)->line, std::size_t{1});
        const auto second = rows.row(2, {}); // back
        QCOMPARE((*second)->line, std::size_t{3});
        QCOMPARE(joined(*second, {TokenPart::Learned}), std::string("4"));
        QVERIFY(!*rows.row(4, {}));
        const std::size_t length = tokensSeen(**third);
        settings.training.max_length = static_cast<int>(length - 4);
        auto cutting = RowBrowser::open({more}, m_fixture.source(), settings);
        const auto cut = cutting->row(1, {});
        QVERIFY((*cut)->isCut());
        QCOMPARE(tokensSeen(**cut), length - 4);
        QVERIFY(joined(*cut, {TokenPart::TurnEnd}).empty());
        std::string text;
        for (const ShownToken& token : (*cut)->tokens)
            text += token.text;
        std::string expected;
        for (const ShownToken& token : (*third)->tokens)
            expected += token.text;
        QCOMPARE(text, expected);
        settings.training.max_length = 2;
        QVERIFY((*RowBrowser::open({more}, m_fixture.source(), settings)->row(1, {}))->isDropped());
        CancelToken stopped;
        stopped.cancel();
        QCOMPARE(rows.row(1, stopped).error().code, codes::kCancelled);
    }

    void whatKeepsARunFromBeginningIsSaid() {
        config::Settings settings;
        settings.data.template_name = "plain";
        const auto obstacle = [&](std::string_view rows) {
            writeText(m_file, rows);
            const auto report = inspectData({m_file}, m_fixture.source(), settings, {}, {});
            return report ? report->obstacle : std::optional(report.error());
        };
        constexpr std::string_view kGood = "{\"question\": \"1+1?\", \"answer\": \"2\"}\n";
        constexpr std::string_view kBad = "{\"question\": \"broken\n";
        QVERIFY(!obstacle(kGood));
        const std::string both = std::string(kGood) + std::string(kBad);
        QVERIFY(names(*obstacle(both), {"1 bad row, the first", "data.jsonl", "--skip-bad-rows"}));
        settings.data.skip_bad_rows = true;
        QVERIFY(!obstacle(both));
        QVERIFY(names(*obstacle(kBad), {"no row can be used: correct them"}));
        settings.training.max_length = 4; // the answers are cut off
        QVERIFY(names(*obstacle(kGood), {"1 row with nothing to learn within 4 tokens", "--max-length"}));
        QCOMPARE(obstacle(kGood)->code, codes::kNoTrainingRows);
        const fs::path table = m_fixture.folder() / "table.csv";
        writeText(table, "frage;antwort\nwas;das\n");
        const auto report = inspectData({table}, m_fixture.source(), settings, {}, {});
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        QVERIFY(names(*report->obstacle, {"--map instruction=COLUMN", "frage;antwort"}));
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
