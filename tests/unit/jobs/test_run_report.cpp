// The HTML file of a run: complete, well-formed, alone, and harmless whatever models and data say.
#include <algorithm>
#include <cmath>
#include <limits>

#include <QSet>
#include <QTest>
#include <QXmlStreamReader>

#include "jobs/report/html_page.h"
#include "jobs/report/run_report.h"
#include "jobs/report/svg_chart.h"
#include "jobs/train/evaluation_record.h"
#include "jobs/train/run_note.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

const std::string kHostile =
    "</pre></style><script>alert('&amp;\"')</script><img src=x onerror=\"a()\"> ]]> <!-- "
    "javascript:x {{7*7}} \xE2\x80\xAE";

/// What a reader finds in a page.
struct Page {
    bool isWellFormed = false;
    QString problem;
    QSet<QString> elements;
    QStringList attributes; ///< name=value
    QString text;

    explicit Page(const std::string& html) {
        QXmlStreamReader reader(QByteArray::fromStdString(html));
        while (!reader.atEnd()) {
            const auto token = reader.readNext();
            if (token == QXmlStreamReader::Characters) text += reader.text();
            if (token != QXmlStreamReader::StartElement) continue;
            elements.insert(reader.name().toString());
            for (const QXmlStreamAttribute& attribute : reader.attributes())
                attributes << attribute.name().toString() + u'=' + attribute.value().toString();
        }
        isWellFormed = !reader.hasError();
        problem = reader.errorString();
    }
    bool says(const std::string& words) const { return text.contains(QString::fromStdString(words)); }
    /// Nothing that runs, nothing that is fetched.
    bool isAlone() const {
        const QSet<QString> known{
            QStringLiteral("html"),    QStringLiteral("head"),    QStringLiteral("meta"),
            QStringLiteral("title"),   QStringLiteral("style"),   QStringLiteral("body"),
            QStringLiteral("h1"),      QStringLiteral("h2"),      QStringLiteral("h3"),
            QStringLiteral("p"),       QStringLiteral("table"),   QStringLiteral("tr"),
            QStringLiteral("th"),      QStringLiteral("td"),      QStringLiteral("pre"),
            QStringLiteral("div"),     QStringLiteral("svg"),     QStringLiteral("line"),
            QStringLiteral("details"), QStringLiteral("text"),    QStringLiteral("circle"),
            QStringLiteral("summary"), QStringLiteral("polyline")};
        return known.contains(elements) &&
               std::none_of(attributes.begin(), attributes.end(), [](const QString& attribute) {
                   return attribute.startsWith(QStringLiteral("on")) ||
                          attribute.startsWith(QStringLiteral("src=")) ||
                          attribute.startsWith(QStringLiteral("href=")) ||
                          attribute.startsWith(QStringLiteral("style="));
               });
    }
};

/// A finished run with an evaluation and a note.
struct Finished {
    TrainingGround ground;
    RunInfo run;

    explicit Finished(const std::string& answer = "the answer #### 7") {
        ground.engine.script().answer = answer;
        if (!ground.train(ground.plan())) throw std::runtime_error("no run");
        run = *findRun(ground.root, ground.sink.started.filename().string());
    }
    void evaluate() {
        auto request = evaluationOfRun(run, {}, {}, {});
        request->answerRows = 2;
        const auto report = evaluateModel(*request, ground.engine, systemFiles(), {}, {});
        if (!report || !keepEvaluation(systemFiles(), run.path, *report, ground.clock))
            throw std::runtime_error("no evaluation");
    }
};

} // namespace

class TestRunReport final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aReportTellsTheWholeRun() {
        Finished finished;
        finished.evaluate();
        QVERIFY(writeRunNote(systemFiles(), finished.run.path, "my note"));
        auto content = readRunReport(finished.run);
        QVERIFY2(content, content ? "" : content.error().message.c_str());
        const std::filesystem::path file = finished.ground.folder / "report.html";
        QVERIFY(writeRunReport(systemFiles(), file, *content, "9.9.9", finished.ground.clock));
        const std::string html = *readFile(file);
        const Page page(html);
        QVERIFY2(page.isWellFormed, qPrintable(page.problem));
        QVERIFY(page.isAlone());
        const RunRecord& record = finished.run.record;
        for (const std::string& words :
             {finished.run.name, std::string("my note"), std::string("tiny/v1"), record.modelDigest,
              record.dataFiles.front().sha256, record.commandLine, std::string("training.learning_rate"),
              std::string("Before training"), std::string("After training"), std::string("Perplexity"),
              std::string("7.389"), std::string("Base model"), std::string("Rows of the greatest loss"),
              std::string("#### 7"), std::string("9.9.9"), record.adapterFolder.string()})
            QVERIFY2(page.says(words), words.c_str());
        QVERIFY(page.elements.contains(QStringLiteral("polyline")));
        QVERIFY(!contains(html, "http:") || contains(html, "http://www.w3.org/"));
    }

    void whatModelsAndDataSayIsShownAndNeverMarkup() {
        Finished finished(kHostile);
        finished.evaluate();
        auto content = readRunReport(finished.run);
        QVERIFY(content);
        content->note = kHostile;
        content->run->record.cause = kHostile;
        content->run->record.settings.push_back({kHostile, kHostile});
        content->comparisons.push_back(
            {kHostile, kHostile, 7, {{{kHostile, kHostile}, {kHostile, kHostile}}}});
        content->evaluation->worst.front().text = kHostile;
        content->evaluation->answers.front().question = kHostile;
        const std::string html = runReportHtml(*content);
        const Page page(html);
        QVERIFY2(page.isWellFormed, qPrintable(page.problem));
        QVERIFY(page.isAlone());
        QVERIFY(!contains(html, "<script") && !contains(html, "<img"));
        QVERIFY(page.text.count(QString::fromStdString(kHostile)) >= 12);
    }

    void bytesThatAreNoTextDoNotBreakIt() {
        std::string every;
        for (int byte = 0; byte < 256; ++byte)
            every += static_cast<char>(byte);
        every += "\xEF\xBF\xBE\xEF\xBF\xBF\xED\xA0\x80\xF0\x9F\xA6\x99";
        RunReport report;
        report.comparisons.push_back({"m", every, 1, {{{"a", every}, {"b", every}}}});
        const Page page(runReportHtml(report));
        QVERIFY2(page.isWellFormed, qPrintable(page.problem));
        QVERIFY(page.says("\xF0\x9F\xA6\x99"));
        QVERIFY(page.says("ABC"));
    }

    void textComesBackAsItWas() {
        const std::string text = "a\tb\nc\r\nd & <e> \"f\" 'g' \xC3\xA4";
        HtmlPage page(text);
        page.addPlainText(text);
        QVERIFY(Page(page.text()).says(text));
        QCOMPARE(htmlText("<&>"), std::string("&lt;&amp;&gt;"));
        QCOMPARE(htmlText(std::string_view("\0", 1)), std::string("\xEF\xBF\xBD"));
    }

    void aRunWithoutNumbersHasAReportToo() {
        RunReport report;
        report.run = RunInfo{"empty", "/nowhere", {}, {}, 0};
        const Page page(runReportHtml(report));
        QVERIFY2(page.isWellFormed, qPrintable(page.problem));
        QVERIFY(page.says("empty"));
        QVERIFY(!page.elements.contains(QStringLiteral("svg")));
    }

    void aChartHasAllLinesAndLeavesOutWhatIsNoNumber() {
        SvgLine one{"one", "red", 1.0};
        SvgLine none{"none", "blue", 1.0};
        for (int step = 0; step < 100'000; ++step)
            one.points.push_back({static_cast<double>(step), std::sin(step * 0.001)});
        one.points[50'000].y = 9.0; // a peak stays, however many points there are
        one.points[50'001].y = std::numeric_limits<double>::quiet_NaN();
        none.points.push_back({1.0, std::numeric_limits<double>::infinity()});
        const std::string svg = svgChart("a < b", {one, none});
        const Page page(svg);
        QVERIFY2(page.isWellFormed, qPrintable(page.problem));
        QVERIFY(page.says("a < b") && page.says("one") && !page.says("none"));
        QVERIFY(page.says("9"));
        QVERIFY2(svg.size() < 40'000, std::to_string(svg.size()).c_str());
        QVERIFY(!contains(svg, "nan") && !contains(svg, "inf"));
        QVERIFY(contains(svg, ",34.0 ")); // the peak lies at the top
        QVERIFY(svgChart("nothing", {none}).empty());
        QVERIFY(Page(svgChart("one point", {{"p", "red", 1.0, false, {{3.0, 2.0}}}})).isWellFormed);
    }
};

QTEST_GUILESS_MAIN(TestRunReport)
#include "test_run_report.moc"
