// What the Hub says of a repository, and what is made of answers that are wrong, hostile or refusals.
#include <QTest>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/json.h"
#include "download/hub_listing.h"
#include "network/transport_loader.h"
#include "support/hub_server.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;

namespace {

constexpr const char* kId = "org/model";

std::string lower(std::string_view name) {
    return lowerAscii(name);
}

void noPause(double, const CancelToken&) {}

struct Ground {
    Ground() { hub.models[kId].files = {{"config.json", "{}"}, {"model.safetensors", "weights"}}; }

    Result<HubRepository> list(const std::string& id = kId, const std::string& revision = "main",
                               const std::string& token = {}) {
        const auto transport = network::openTransport();
        if (!transport) return transport.error();
        return listHubRepository(**transport, {{hub.endpoint(), token}, id, revision}, lower, noPause, {});
    }

    HubServer hub;
};

ServedAnswer jsonAnswer(const Json& json, const std::vector<std::string>& headers = {}) {
    return {httpAnswer(200, writeJson(json), headers)};
}

bool isTree(const ServedRequest& request) {
    return request.target.find("/tree/") != std::string::npos;
}

QByteArray told(const Error& error) {
    return QByteArray::fromStdString(std::string(error.code.text) + " " + error.message);
}

} // namespace

class TestHubListing final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRepositoryIsListedAtOneCommit() {
        Ground ground;
        const auto listed = ground.list();
        QVERIFY2(listed, listed ? "" : told(listed.error()).constData());
        QCOMPARE(listed->id, std::string(kId));
        QCOMPARE(listed->commit, std::string(40, 'a'));
        QCOMPARE(listed->files.size(), std::size_t{2});
        QCOMPARE(listed->files[0].path, std::string("config.json"));
        QVERIFY(listed->files[0].hash.kind == HashKind::GitBlobSha1);
        QCOMPARE(listed->files[0].hash.hex, std::string("9e26dfeeb6e641a33dae4961196235bdb965b21b"));
        QCOMPARE(listed->files[1].sizeBytes, std::uint64_t{7});
        QVERIFY(listed->files[1].hash.kind == HashKind::Sha256);
        QVERIFY(ground.hub.hubRequests().back().target.find("/tree/" + std::string(40, 'a')) !=
                std::string::npos);
    }

    void allPagesAreRead() {
        Ground ground;
        for (int i = 0; i < 25; ++i)
            ground.hub.models[kId].files["notes/" + std::to_string(i)] = "x";
        ground.hub.namesPerPage = 4;
        const auto listed = ground.list();
        QVERIFY2(listed, listed ? "" : told(listed.error()).constData());
        QCOMPARE(listed->files.size(), std::size_t{27});
        QCOMPARE(ground.hub.countOf("/tree/"), std::size_t{7});
    }

    void aBranchMayHaveASlash() {
        Ground ground;
        const auto listed = ground.list(kId, "a/branch");
        QVERIFY2(listed, listed ? "" : told(listed.error()).constData());
        QVERIFY(ground.hub.hubRequests().front().target.ends_with("/revision/a%2Fbranch"));
    }

    void aRenamedRepositoryIsFollowed() {
        Ground ground;
        ground.hub.models["old/name"].calledNow = kId;
        const auto listed = ground.list("old/name");
        QVERIFY2(listed, listed ? "" : told(listed.error()).constData());
        QCOMPARE(listed->id, std::string(kId));
    }

    void aPageThatFailsIsAskedForAgain() {
        Ground ground;
        int failures = 2;
        ground.hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (!isTree(request) || failures-- <= 0) return std::nullopt;
            return ServedAnswer{httpAnswer(503, "busy")};
        };
        QVERIFY(ground.list());
        QCOMPARE(ground.hub.countOf("/tree/"), std::size_t{3});
    }

    void theTokenGoesToTheHub() {
        Ground ground;
        QVERIFY(ground.list(kId, "main", HubServer::kLicensedToken));
        for (const ServedRequest& request : ground.hub.hubRequests())
            QCOMPARE(request.headers.at("authorization"), std::string("Bearer ") + HubServer::kLicensedToken);
    }

    void refusalsAreToldInWords_data() {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("headers");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("token");
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("word");
        const auto row = [](const char* name, int status, const char* headers, const char* body,
                            const char* token, const char* code, const char* word) {
            QTest::newRow(name) << status << QByteArray(headers) << QByteArray(body) << QByteArray(token)
                                << QByteArray(code) << QByteArray(word);
        };
        row("hidden or not there", 401, "X-Error-Code: RepoNotFound", "", "", "HUB-01",
            "or it needs a token");
        row("no code at all", 401, "X-Nothing: x", "", "", "HUB-01", "HF_TOKEN");
        row("not there", 404, "X-Error-Code: RepoNotFound", "", "hf_x", "HUB-01", "with this token");
        row("gated", 403, "X-Error-Code: GatedRepo", "", "hf_x", "HUB-02",
            "https://huggingface.co/org/model");
        row("gated, nobody asked", 401, "X-Error-Code: GatedRepo", "", "", "HUB-02", "set HF_TOKEN");
        row("bad token", 401, "X-Error-Message: Invalid credentials in Authorization header", "", "hf_x",
            "HUB-03", "has expired");
        row("bad token in the body", 401, "X-Nothing: x",
            "{\"error\":\"Invalid credentials in Authorization header\"}", "hf_x", "HUB-03", "has expired");
        row("lacks a right", 403, "X-Nothing: x", "", "hf_x", "HUB-03", "the right to read");
        row("revision", 404, "X-Error-Code: RevisionNotFound", "", "", "HUB-04", "\"main\"");
        row("disabled", 403, "X-Error-Message: Access to this resource is disabled.", "", "", "HUB-06",
            "disabled");
        row("too many", 429, "Retry-After: 1", "", "", "NET-05", "tried");
        row("teapot", 418, "X-Nothing: x", "", "", "NET-05", "418");
    }

    void refusalsAreToldInWords() {
        QFETCH(const int, status);
        QFETCH(const QByteArray, headers);
        QFETCH(const QByteArray, body);
        QFETCH(const QByteArray, token);
        QFETCH(const QByteArray, code);
        QFETCH(const QByteArray, word);
        Ground ground;
        ground.hub.fault = [&](const ServedRequest&) -> std::optional<ServedAnswer> {
            return ServedAnswer{
                httpAnswer(status, body.toStdString(), {headers.toStdString(), "X-Request-Id: Root=1-77"})};
        };
        const auto listed = ground.list(kId, "main", token.toStdString());
        QVERIFY(!listed);
        QCOMPARE(QByteArray::fromStdString(std::string(listed.error().code.text)), code);
        QVERIFY2(listed.error().message.find(word.toStdString()) != std::string::npos,
                 told(listed.error()).constData());
        QVERIFY(listed.error().detail.find("Root=1-77") != std::string::npos);
        QVERIFY(token.isEmpty() || listed.error().message.find(token.toStdString()) == std::string::npos);
    }

    void whatIsNoHubIsToldSo() {
        for (const ServedAnswer& answer :
             {ServedAnswer{httpAnswer(200, "<html>Sign in</html>", {"Content-Type: text/html"})},
              ServedAnswer{httpAnswer(200, "")}, jsonAnswer(Json{{"id", kId}}),
              jsonAnswer(Json{{"sha", "main"}}), jsonAnswer(Json::array())}) {
            Ground ground;
            ground.hub.fault = [&](const ServedRequest&) -> std::optional<ServedAnswer> { return answer; };
            const auto listed = ground.list();
            QVERIFY(!listed);
            QCOMPARE(listed.error().code, codes::kNotTheHub);
        }
    }

    void aListingThatIsNoneIsNeverTakenForTheWhole_data() {
        QTest::addColumn<std::string>("body");
        QTest::addColumn<std::string>("link");
        QTest::addColumn<QByteArray>("code");
        const std::string sha1(40, 'b');
        const Json good{{"type", "file"}, {"path", "a"}, {"size", 1}, {"oid", sha1}};
        const auto row = [](const char* name, const Json& list, const std::string& link, const char* code) {
            QTest::newRow(name) << writeJson(list) << link << QByteArray(code);
        };
        const auto with = [&](const char* key, const Json& value) {
            Json entry = good;
            entry[key] = value;
            return Json::array({entry});
        };
        const auto without = [&](const char* key) {
            Json entry = good;
            entry.erase(key);
            return Json::array({entry});
        };
        row("no list", Json::object(), "", "HUB-07");
        row("a number in it", Json::array({1}), "", "DL-04");
        row("no size", without("size"), "", "DL-04");
        row("a negative size", with("size", -1), "", "DL-04");
        row("no hash", without("oid"), "", "DL-04");
        row("a hash that is none", with("oid", "zz"), "", "DL-04");
        row("the pointer's hash for a large file", with("lfs", Json{{"size", 1}, {"oid", sha1}}), "",
            "DL-04");
        row("another kind", with("type", "link"), "", "DL-04");
        row("another host", Json::array({good}), "<https://evil.example/api>; rel=\"next\"", "DL-04");
        row("in circles", Json::array(), "<SELF>; rel=\"next\"", "DL-04");
        row("a hostile name", with("path", "../x"), "", "DL-03");
        row("one name twice", Json::array({good, good}), "", "DL-03");
    }

    void aListingThatIsNoneIsNeverTakenForTheWhole() {
        QFETCH(const std::string, body);
        QFETCH(const std::string, link);
        QFETCH(const QByteArray, code);
        Ground ground;
        ground.hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (!isTree(request)) return std::nullopt;
            std::string next = link;
            if (const auto self = next.find("SELF"); self != std::string::npos)
                next.replace(self, 4, ground.hub.endpoint() + request.target);
            return ServedAnswer{
                httpAnswer(200, body, {"Link: " + (next.empty() ? "<x>; rel=\"last\"" : next)})};
        };
        const auto listed = ground.list();
        QVERIFY(!listed);
        QCOMPARE(QByteArray::fromStdString(std::string(listed.error().code.text)), code);
    }

    void pagesWithoutEndAreGivenUp() {
        Ground ground;
        std::size_t page = 0;
        ground.hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (!isTree(request)) return std::nullopt;
            const std::string next =
                ground.hub.endpoint() + "/api/models/org/model/tree/x?cursor=" + std::to_string(++page);
            return ServedAnswer{httpAnswer(200, "[]", {"Link: <" + next + ">; rel=\"next\""})};
        };
        const auto listed = ground.list();
        QVERIFY(!listed);
        QCOMPARE(listed.error().code, codes::kListing);
        QCOMPARE(page, kMaxListingPages);
    }

    void idsAndCommits() {
        for (const char* id : {"org/name", "HuggingFaceTB/SmolLM2-135M-Instruct", "a/b", "o_r-g.x/n.a_m-e"})
            QVERIFY2(isHubId(id), id);
        for (const char* id : {"", "name", "a/b/c", "/b", "a/", "../b", "a/..", "a b/c", "a/b?c", ".a/b",
                               "-a/b", "a/b..c", "ä/b"})
            QVERIFY2(!isHubId(id), id);
        QVERIFY(isCommit(std::string(40, '0')) && !isCommit(std::string(40, 'A')) && !isCommit("main"));
    }

    void endpointsAreChecked() {
        QCOMPARE(*hubEndpoint("https://mirror.example/hf//", false),
                 std::string("https://mirror.example/hf"));
        for (const char* wrong : {"http://mirror.example", "mirror.example", "ftp://x", "https://a?b", ""}) {
            const auto endpoint = hubEndpoint(wrong, false);
            QVERIFY2(!endpoint, wrong);
            QCOMPARE(endpoint.error().code, codes::kAddressRefused);
            QVERIFY(endpoint.error().message.find("HF_ENDPOINT") != std::string::npos);
        }
    }

    void theTokenIsOfSomebody() {
        Ground ground;
        const auto transport = network::openTransport();
        QVERIFY(transport);
        const auto known = whoAmI(**transport, {ground.hub.endpoint(), HubServer::kOtherToken}, noPause, {});
        QVERIFY(known);
        QCOMPARE(*known, std::string("\"somebody\""));
        const auto unknown = whoAmI(**transport, {ground.hub.endpoint(), "hf_nobody"}, noPause, {});
        QVERIFY(!unknown);
        QCOMPARE(unknown.error().code, codes::kHubToken);
    }
};

QTEST_GUILESS_MAIN(TestHubListing)
#include "test_hub_listing.moc"
