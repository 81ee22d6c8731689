#include <QTest>

#include "download/answer_rules.h"

using namespace llamahome;
using namespace llamahome::download;

namespace {

network::HttpResponse answerWith(const std::string& name, const std::string& value) {
    network::HttpResponse response;
    response.headers[name] = value;
    return response;
}

/// 2026-01-31T12:00:00Z.
std::chrono::system_clock::time_point noon() {
    return std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + std::chrono::hours(12);
}

bool beginsAsPage(const char* text, const char* path) {
    return beginsAsWebPage(std::as_bytes(std::span(std::string_view(text))), path);
}

} // namespace

class TestAnswerRules final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rangesAreReadAndNonsenseIsNot_data() {
        QTest::addColumn<QString>("header");
        QTest::addColumn<bool>("isRange");
        QTest::addColumn<int>("first"); // -1: none
        QTest::addColumn<int>("total");
        QTest::newRow("a part") << "bytes 5-9/10" << true << 5 << 10;
        QTest::newRow("one byte") << "bytes 0-0/1" << true << 0 << 1;
        QTest::newRow("of unknown length") << "bytes 5-9/*" << true << 5 << -1;
        QTest::newRow("no such part") << "bytes */10" << true << -1 << 10;
        for (const char* nonsense : {"", "bytes", "bytes 5-9", "bytes -9/10", "bytes 5-/10", "bytes 9-5/10",
                                     "bytes 5-10/10", "lines 5-9/10", "bytes 5-9/x", "bytes +5-9/10",
                                     "bytes 5-9/10 ", "bytes 99999999999999999999-5/6"})
            QTest::newRow(nonsense) << nonsense << false << -1 << -1;
    }
    void rangesAreReadAndNonsenseIsNot() {
        QFETCH(QString, header);
        QFETCH(bool, isRange);
        QFETCH(int, first);
        QFETCH(int, total);
        const auto range = contentRange(header.toStdString());
        QCOMPARE(range.has_value(), isRange);
        if (!range) return;
        QCOMPARE(range->first ? static_cast<int>(*range->first) : -1, first);
        QCOMPARE(range->total ? static_cast<int>(*range->total) : -1, total);
    }

    void onlyAStrongEtagCounts() {
        QCOMPARE(strongEtag(answerWith("etag", "\"abc\"")), std::string("\"abc\""));
        for (const char* weak : {"W/\"abc\"", "abc", "\"\"", "\"abc", ""})
            QVERIFY2(strongEtag(answerWith("etag", weak)).empty(), weak);
    }

    void aPauseIsReadInEachOfItsForms_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("value");
        QTest::addColumn<double>("seconds"); // -1: none
        QTest::newRow("nothing left") << "ratelimit"
                                      << "\"api\";r=0;t=55" << 55.0;
        QTest::newRow("something left") << "ratelimit"
                                        << "\"api\";r=12;t=55" << -1.0;
        QTest::newRow("with blanks") << "ratelimit"
                                     << "\"api\"; r=0; t=7" << 7.0;
        QTest::newRow("no time") << "ratelimit"
                                 << "\"api\";r=0" << -1.0;
        QTest::newRow("seconds") << "retry-after"
                                 << "120" << 120.0;
        QTest::newRow("ten days") << "retry-after"
                                  << "864000" << 864000.0;
        QTest::newRow("negative") << "retry-after"
                                  << "-5" << -1.0;
        QTest::newRow("a date") << "retry-after"
                                << "Sat, 31 Jan 2026 12:01:30 GMT" << 90.0;
        QTest::newRow("a past date") << "retry-after"
                                     << "Sat, 31 Jan 2026 11:00:00 GMT" << -1.0;
        QTest::newRow("no such date") << "retry-after"
                                      << "Sat, 31 Feb 2026 12:01:30 GMT" << -1.0;
        QTest::newRow("half a date") << "retry-after"
                                     << "Sat, 31 Jan 2026" << -1.0;
        QTest::newRow("words") << "retry-after"
                               << "soon" << -1.0;
    }
    void aPauseIsReadInEachOfItsForms() {
        QFETCH(QString, name);
        QFETCH(QString, value);
        QFETCH(double, seconds);
        const auto asked = pauseAsked(answerWith(name.toStdString(), value.toStdString()), noon());
        QCOMPARE(asked.value_or(-1.0), seconds);
    }

    void theLimitGoesBeforeRetryAfter() {
        auto response = answerWith("ratelimit", "\"resolve\";r=0;t=55");
        response.headers["retry-after"] = "3";
        QCOMPARE(pauseAsked(response, noon()), std::optional(55.0));
    }

    void aWebPageIsToldFromAFile() {
        QVERIFY(isWebPage(answerWith("content-type", "text/html; charset=utf-8"), "model.safetensors"));
        QVERIFY(isWebPage(answerWith("content-type", "TEXT/HTML"), "config.json"));
        QVERIFY(!isWebPage(answerWith("content-type", "text/html"), "index.html"));
        QVERIFY(!isWebPage(answerWith("content-type", "text/plain"), "config.json"));
        QVERIFY(beginsAsPage("\r\n <!DOCTYPE html><html>", "params.json"));
        QVERIFY(beginsAsPage("<HTML lang=en>", "checklist.chk"));
        QVERIFY(!beginsAsPage("<html>", "README.md"));
        QVERIFY(!beginsAsPage("{\"dim\": 1}", "params.json"));
        QVERIFY(!beginsAsPage("", "params.json"));
    }
};

QTEST_APPLESS_MAIN(TestAnswerRules)
#include "test_answer_rules.moc"
