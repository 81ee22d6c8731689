// Meta's signed link: the usual slips are named, the expiry is read, and the link is in no message.
#include <QByteArray>
#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "download/meta_link.h"

using namespace llamahome;
using namespace llamahome::download;

namespace {

using Time = std::chrono::system_clock::time_point;

const Time kNow(std::chrono::seconds(1'800'000'000));
constexpr const char* kCanary = "canaryOfTheSignature";

/// As CloudFront writes Base64.
std::string policy(const std::string& json) {
    QByteArray text = QByteArray::fromStdString(json).toBase64();
    text.replace('+', '-').replace('=', '_').replace('/', '~');
    return text.toStdString();
}

std::string policyUntil(std::uint64_t second) {
    const Json until{{"DateLessThan", Json{{"AWS:EpochTime", second}}}};
    const Json statement{{"Resource", "https://download.llamameta.net/all"}, {"Condition", until}};
    return policy(writeJsonLine(Json{{"Statement", Json::array({statement})}}));
}

std::string linkWith(const std::string& policyText,
                     const std::string& before = "https://download.llamameta.net/*") {
    return before + "?Policy=" + policyText + "&Signature=" + kCanary + "&Key-Pair-Id=K15QRJLYKIFSLZ" +
           "&Download-Request-ID=123";
}

} // namespace

class TestMetaLink final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aFileTakesThePlaceOfTheStar() {
        const std::string text = linkWith(policyUntil(1'800'000'060));
        const auto link = MetaLink::parse("  '" + text + "'\r\n", kNow);
        QVERIFY2(link, link ? "" : link.error().message.c_str());
        QCOMPARE(link->origin(), std::string("https://download.llamameta.net"));
        QVERIFY(link->expires() == Time(std::chrono::seconds(1'800'000'060)));
        QCOMPARE(link->urlOf("Llama-3.2-1B/params.json"),
                 "https://download.llamameta.net/Llama-3.2-1B/params.json" + text.substr(text.find('?')));
    }

    void otherHostsOfMetaAndThisMachinePass() {
        for (const char* before :
             {"https://llama3-1.llamameta.net/*", "http://127.0.0.1:8080/*", "https://localhost/sub/*"})
            QVERIFY2(MetaLink::parse(linkWith(policyUntil(1'900'000'000), before), kNow), before);
    }

    void aPolicyInAnotherFormIsNoReasonToRefuse() {
        for (const std::string& text : {std::string("noBase64!"), policy("{}"), policy("[1]"),
                                        policy("{\"Statement\":[]}"), std::string("abcd")}) {
            const auto link = MetaLink::parse(linkWith(text), kNow);
            QVERIFY2(link, text.c_str());
            QVERIFY(!link->expires());
        }
    }

    void anExpiredOneIsToldWithItsTime() {
        const auto link = MetaLink::parse(linkWith(policyUntil(1'799'999'999)), kNow);
        QVERIFY(!link);
        QCOMPARE(link.error().code, codes::kMetaLinkExpired);
        QVERIFY2(link.error().message.find("2027-01-15T07:59:59") != std::string::npos,
                 link.error().message.c_str());
    }

    void otherLinksAreRefused_data() {
        QTest::addColumn<std::string>("link");
        const std::string good = linkWith(policyUntil(1'900'000'000));
        const std::string query = good.substr(good.find('?'));
        QTest::newRow("nothing") << std::string(" \n");
        QTest::newRow("an address") << std::string("somebody@example.com");
        QTest::newRow("words") << std::string("see the e-mail");
        QTest::newRow("broken by a mail client") << good.substr(0, 60) + "\n" + good.substr(60);
        QTest::newRow("the tracker's link") << "https://l.facebook.com/l.php?u=x" + query;
        QTest::newRow("a star in the host") << "https://*.llamameta.net/" + query;
        QTest::newRow("a look-alike") << "https://download.llamameta.net.evil.example/*" + query;
        QTest::newRow("another ending") << "https://evilllamameta.net/*" + query;
        QTest::newRow("plain http") << "http://download.llamameta.net/*" + query;
        QTest::newRow("a user in it") << "https://download.llamameta.net@evil.example/*" + query;
        QTest::newRow("no star") << "https://download.llamameta.net/x" + query;
        QTest::newRow("two stars") << "https://download.llamameta.net/*/*" + query;
        QTest::newRow("cut at the first &") << good.substr(0, good.find('&'));
        QTest::newRow("without a key") << good.substr(0, good.find("&Key-Pair-Id"));
    }

    void otherLinksAreRefused() {
        QFETCH(const std::string, link);
        const auto parsed = MetaLink::parse(link, kNow);
        QVERIFY(!parsed);
        QCOMPARE(parsed.error().code, codes::kMetaLink);
        const std::string told = parsed.error().message + parsed.error().detail;
        QVERIFY(told.find(kCanary) == std::string::npos && told.find("Policy=e") == std::string::npos);
        QVERIFY(parsed.error().message.find('\n') == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestMetaLink)
#include "test_meta_link.moc"
