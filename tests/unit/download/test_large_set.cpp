// Many files: a thousand over ten pages of a listing, with a source that refuses now and then; and listings
// as a hostile or broken Hub sends them.
#include <sys/resource.h>

#include <QTest>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/json.h"
#include "core/machine.h"
#include "download/fetch_set.h"
#include "download/hub_listing.h"
#include "network/transport_loader.h"
#include "support/hub_server.h"
#include "support/noise.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* kId = "org/model";
constexpr std::size_t kFiles = 1000;
constexpr std::size_t kPages = 10;

void noPause(double, const CancelToken&) {}

std::string lower(std::string_view name) {
    return lowerAscii(name);
}

bool isTree(const ServedRequest& request) {
    return request.target.find("/tree/") != std::string::npos;
}

Result<HubRepository> list(const HubServer& hub) {
    const auto transport = network::openTransport();
    if (!transport) return transport.error();
    return listHubRepository(**transport, {{hub.endpoint(), HubServer::kLicensedToken}, kId, "main"}, lower,
                             noPause, {});
}

/// As few open files as a shell may allow, for as long as it lives.
class FewFiles {
public:
    FewFiles() {
        ::getrlimit(RLIMIT_NOFILE, &m_before);
        rlimit few = m_before;
        few.rlim_cur = 96;
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewFiles() { ::setrlimit(RLIMIT_NOFILE, &m_before); }
    FewFiles(const FewFiles&) = delete;
    FewFiles& operator=(const FewFiles&) = delete;

private:
    rlimit m_before{};
};

} // namespace

class TestLargeSet final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aThousandFilesArriveThoughTheSourceRefusesNowAndThen() {
        HubServer hub;
        for (std::size_t i = 0; i < kFiles; ++i)
            hub.models[kId].files["part-" + std::to_string(i) + (i % 3 == 0 ? ".safetensors" : ".json")] =
                noise(200 + i * 7, static_cast<std::uint32_t>(i));
        hub.namesPerPage = kFiles / kPages;
        const auto repository = list(hub);
        QVERIFY2(repository, repository ? "" : repository.error().message.c_str());
        QCOMPARE(repository->files.size(), kFiles);
        QCOMPARE(hub.countOf("/tree/"), kPages);

        int asked = 0;
        hub.spoil([&asked](HubExchange& exchange) {
            if (++asked % 50 == 0) exchange.answer = {httpAnswer(503, "busy")};
            if (asked % 67 == 0) exchange.answer.bytes.resize(exchange.answer.bytes.size() * 2 / 3);
        });
        const TemporaryFolder folder;
        const FewFiles few;
        SetTools tools{[] { return network::openTransport(); }, systemFiles(), noPause};
        std::size_t mostAtOnce = 0;
        const auto fetched =
            fetchSet(hubSet({hub.endpoint(), HubServer::kLicensedToken}, *repository, repository->files),
                     folder / "model", tools, {}, [&](const SetStatus& status) {
                         mostAtOnce = std::max(mostAtOnce, status.countOf(TransferState::Receiving));
                     });
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QCOMPARE(fetched->size(), kFiles);
        QVERIFY(mostAtOnce <= static_cast<std::size_t>(kConnections));
        for (const auto& [path, bytes] : hub.models[kId].files)
            QCOMPARE(*readFile(folder / "model" / path), bytes);
        QCOMPARE(std::distance(fs::directory_iterator(folder / "model"), fs::directory_iterator()),
                 static_cast<std::ptrdiff_t>(kFiles));
        QCOMPARE(hub.leaks(), 0);
    }

    /// F47: what a page late in the listing can do.
    void aListingWithABadPageIsNeverTakenForTheWhole_data() {
        QTest::addColumn<std::string>("answer");
        QTest::addColumn<QByteArray>("code");
        const auto row = [](const char* name, const std::string& answer, const char* code) {
            QTest::newRow(name) << answer << QByteArray(code);
        };
        row("fails for ever", httpAnswer(503, "busy"), "NET-05");
        row("is not there", httpAnswer(404, "{}"), "HUB-01");
        row("is cut in its middle", httpAnswer(200, R"([{"type":"file","path":"a")"), "HUB-07");
        row("wants a login", httpAnswer(200, "<html>log in</html>", {"Content-Type: text/html"}), "HUB-07");
        row("is larger than any", httpAnswer(200, "[" + std::string(40'000'000, ' ') + "]"), "NET-07");
        row("leads to another host", httpAnswer(200, "[]", {"Link: <https://evil.example/x>; rel=\"next\""}),
            "DL-04");
        row("leads back", httpAnswer(200, "[]", {"Link: </api/models/org/model/tree/FIRST>; rel=\"next\""}),
            "DL-04");
        row("names a file again",
            httpAnswer(200, R"([{"type":"file","path":"Part-1.json","size":1,"oid":")" +
                                std::string(40, 'b') + R"("}])"),
            "DL-03");
    }
    void aListingWithABadPageIsNeverTakenForTheWhole() {
        QFETCH(const std::string, answer);
        QFETCH(const QByteArray, code);
        HubServer hub;
        for (int i = 0; i < 40; ++i)
            hub.models[kId].files["part-" + std::to_string(i) + ".json"] = "x";
        hub.namesPerPage = 10;
        hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (!isTree(request) || request.target.find("cursor=20") == std::string::npos)
                return std::nullopt;
            ServedAnswer bad{answer};
            if (const auto first = bad.bytes.find("FIRST"); first != std::string::npos)
                bad.bytes.replace(first, 5, hub.models[kId].commit + "?recursive=true");
            return bad;
        };
        const auto listed = list(hub);
        QVERIFY(!listed);
        QCOMPARE(QByteArray::fromStdString(std::string(listed.error().code.text)), code);
    }

    /// F48: a hostile name among ten thousand, on the last of ten pages; nothing is fetched.
    void aHostileNameAmongTenThousandIsRefused_data() {
        QTest::addColumn<std::string>("name");
        for (const char* name : {"../x", "a/../../x", "/etc/passwd", "a\\..\\x", "C:x", "a:b", "CON",
                                 "nul.json", "a/com1.txt", "a./x", "a /x", "a//x", "./x", "x/.", "tab\there",
                                 "FILE-7.json", "file-7.json/x", "bad\xffutf8"})
            QTest::newRow(name) << std::string(name);
        QTest::newRow("a part of 256 bytes") << std::string(256, 'x');
        QTest::newRow("empty") << std::string();
    }
    void aHostileNameAmongTenThousandIsRefused() {
        QFETCH(const std::string, name);
        constexpr std::size_t kNames = 10'000;
        HubServer hub;
        hub.models[kId].files["config.json"] = "{}";
        std::size_t page = 0;
        hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (!isTree(request)) return std::nullopt;
            Json entries = Json::array();
            for (std::size_t i = page * kNames / kPages; i < (page + 1) * kNames / kPages; ++i)
                entries.push_back({{"type", "file"},
                                   {"path", "file-" + std::to_string(i) + ".json"},
                                   {"size", 1},
                                   {"oid", std::string(40, 'b')}});
            ++page;
            if (page == kPages)
                entries.push_back(
                    {{"type", "file"}, {"path", name}, {"size", 1}, {"oid", std::string(40, 'b')}});
            std::string body = writeJson(entries);
            if (const auto bad = body.find("\uFFFD"); bad != std::string::npos) body.replace(bad, 3, "\xff");
            std::vector<std::string> headers;
            if (page < kPages)
                headers.push_back("Link: </api/models/org/model/tree/x?cursor=" + std::to_string(page) +
                                  ">; rel=\"next\"");
            return ServedAnswer{httpAnswer(200, body, headers)};
        };
        const auto listed = list(hub);
        QVERIFY(!listed);
        QVERIFY2(listed.error().code == codes::kRemoteName || listed.error().code == codes::kNotTheHub,
                 listed.error().message.c_str());
        QCOMPARE(page, kPages);
        QCOMPARE(hub.countOf("/resolve/"), std::size_t{0});
    }

    void tenThousandGoodNamesAreListed() {
        HubServer hub;
        for (int i = 0; i < 10'000; ++i)
            hub.models[kId].files["file-" + std::to_string(i) + ".json"];
        const double before = peakMemoryMib();
        const auto listed = list(hub);
        QVERIFY(listed);
        QCOMPARE(listed->files.size(), std::size_t{10'000});
        QVERIFY(peakMemoryMib() - before < 128.0);
    }
};

QTEST_GUILESS_MAIN(TestLargeSet)
#include "test_large_set.moc"
