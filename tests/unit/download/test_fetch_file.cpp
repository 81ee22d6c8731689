#include <QTest>

#include "core/error_codes.h"
#include "download/http_get.h"
#include "fetch_ground.h"

using namespace llamahome;
using namespace llamahome::testing;

class TestFetchFile final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aFileArrivesWholeUnderItsName() {
        Ground ground([](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QCOMPARE(read(ground.target()), kFile);
        QVERIFY(!fs::exists(ground.part()));
        QCOMPARE(ground.progress.front(), std::uint64_t{0});
        QCOMPARE(ground.progress.back(), std::uint64_t{kFile.size()});
        QVERIFY(std::is_sorted(ground.progress.begin(), ground.progress.end()));
    }

    void aFileThatIsThereIsNotAskedForAgain() {
        Ground ground([](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
        QVERIFY(ground.fetch());
        QVERIFY(ground.fetch());
        QCOMPARE(ground.server.requests().size(), std::size_t{1});
    }

    void aBrokenConnectionGoesOnWhereItEnded_data() {
        QTest::addColumn<int>("bytes");
        QTest::addColumn<bool>("reset");
        for (const int bytes : {1, 150'000, static_cast<int>(kFile.size()) - 1}) {
            QTest::addRow("closed after %d", bytes) << bytes << false;
            QTest::addRow("reset after %d", bytes) << bytes << true;
        }
    }
    void aBrokenConnectionGoesOnWhereItEnded() {
        QFETCH(int, bytes);
        QFETCH(bool, reset);
        // After a reset the receiver may have lost what had arrived, and asks once more.
        const auto cut = static_cast<std::size_t>(bytes);
        Ground ground(reset ? cutFirst(1, cut, Then::Reset) : cutBeginnings(cut));
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QCOMPARE(read(ground.target()), kFile);
        const auto requests = ground.server.requests();
        QVERIFY(requests.size() >= 2); // Qt asks again by itself now and then
        if (!reset) QCOMPARE(requests.back().headers.at("range"), "bytes=" + std::to_string(bytes) + "-");
    }

    void triesWithoutProgressAreCountedAndTheirPausesGrow() {
        Ground ground([](const ServedRequest&) { return ServedAnswer{httpAnswer(503, "")}; });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpStatus);
        QCOMPARE(ground.server.requests().size(), std::size_t{kTriesWithoutProgress});
        QVERIFY(areAbout(ground.pauses, {1, 2, 4, 8, 16}));
    }

    void progressStartsTheCountAnew() {
        Ground ground(cutFirst(20, 10'000, Then::Close));
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QCOMPARE(read(ground.target()), kFile);
        QVERIFY(ground.server.requests().size() >= 21); // Qt asks again by itself now and then
    }

    void theServersPauseIsObeyedWithinReason() {
        Ground ground([left = 2](const ServedRequest& request) mutable {
            if (left-- > 0)
                return ServedAnswer{
                    httpAnswer(429, "", {left == 1 ? "Retry-After: 7" : "Retry-After: 864000"})};
            return ServedAnswer{fileAnswer(request, kFile)};
        });
        QVERIFY(ground.fetch());
        QCOMPARE(ground.pauses, (std::vector<double>{7, kLongestServerPauseSeconds}));
    }

    void aRefusalIsNotRepeated() {
        Ground ground([](const ServedRequest&) { return ServedAnswer{httpAnswer(404, "")}; });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpStatus);
        QVERIFY(fetched.error().message.find("wheel.whl") != std::string::npos);
        QCOMPARE(ground.server.requests().size(), std::size_t{1});
        QVERIFY(!fs::exists(ground.target()));
    }

    void oneWrongByteIsFoundAndTheFileFetchedAgain() {
        Ground ground([first = true](const ServedRequest& request) mutable {
            std::string file = kFile;
            if (first) file[1000] ^= 1;
            first = false;
            return ServedAnswer{fileAnswer(request, file)};
        });
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
    }

    void aServerOfOtherBytesNeverGivesTheFileItsName() {
        std::string other = kFile;
        other.back() ^= 1;
        Ground ground([&](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, other)}; });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHashMismatch);
        QCOMPARE(ground.server.requests().size(), std::size_t{2});
        QVERIFY(!fs::exists(ground.target()));
    }

    void aWrongByteInWhatWasKeptIsFound() {
        Ground ground([](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
        std::string kept = kFile.substr(0, 100'000);
        kept[5] ^= 1;
        QVERIFY(writeFileAtomically(systemFiles(), ground.part(), kept));
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
    }

    void moreThanPromisedIsStopped() {
        Ground ground([](const ServedRequest&) { return ServedAnswer{httpAnswer(200, kFile + "more")}; });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpBody);
        QVERIFY(!fs::exists(ground.target()));
        QCOMPARE(ground.server.requests().size(), std::size_t{1});
    }

    void moreThanPromisedIsStoppedWhereNoLengthIsTold() {
        Ground ground([](const ServedRequest&) {
            return ServedAnswer{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + kFile + "more"};
        });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpBody);
        QVERIFY(!fs::exists(ground.target()));
    }

    void aLoginPageIsRefusedBeforeAByteOfItIsKept() {
        Ground ground(
            [](const ServedRequest&) { return ServedAnswer{httpAnswer(200, "<html>log in</html>")}; });
        QVERIFY(writeFileAtomically(systemFiles(), ground.part(), kFile.substr(0, 1234)));
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpBody);
        QVERIFY(fetched.error().message.find("login") != std::string::npos);
        QCOMPARE(read(ground.part()), kFile.substr(0, 1234));
        QCOMPARE(ground.server.requests().size(), std::size_t{1});
    }

    void aServerThatTakesBackWhatItGaveIsGivenUp() {
        Ground ground([](const ServedRequest& request) {
            if (request.headers.contains("range")) return ServedAnswer{httpAnswer(416, "")};
            ServedAnswer answer{fileAnswer(request, kFile)};
            answer.bytes.resize(answer.bytes.size() - 1000);
            return answer;
        });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QVERIFY(ground.server.requests().size() <= 2 * std::size_t{kTriesWithoutProgress});
        QVERIFY(!fs::exists(ground.target()));
    }

    void anOldPauseIsNotWaitedForAgain() {
        Ground ground([n = 0](const ServedRequest& request) mutable {
            ++n;
            if (n == 1) return ServedAnswer{httpAnswer(503, "", {"Retry-After: 50"})};
            if (n < 5) return ServedAnswer{"", Then::Reset}; // one of them Qt repeats unseen
            return ServedAnswer{fileAnswer(request, kFile)};
        });
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QVERIFY(ground.pauses.size() >= 2);
        QCOMPARE(ground.pauses[0], 50.0);
        QVERIFY(areAbout({ground.pauses[1]}, {2.0}));
    }

    void aServerWithoutRangesBeginsAnew() {
        Ground ground([](const ServedRequest&) { return ServedAnswer{httpAnswer(200, kFile)}; });
        QVERIFY(writeFileAtomically(systemFiles(), ground.part(), kFile.substr(0, 1234)));
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
    }

    void aRangeThatIsNotOursIsRefusedAndBegunAnew_data() {
        QTest::addColumn<QString>("range");
        QTest::newRow("another start") << "Content-Range: bytes 999-299999/300000";
        QTest::newRow("another total") << "Content-Range: bytes 1234-299999/400000";
        QTest::newRow("no range") << "X-None: 1";
        QTest::newRow("nonsense") << "Content-Range: bytes -/";
    }
    void aRangeThatIsNotOursIsRefusedAndBegunAnew() {
        QFETCH(QString, range);
        const std::string header = range.toStdString();
        Ground ground([header](const ServedRequest& request) {
            if (request.headers.contains("range"))
                return ServedAnswer{httpAnswer(206, kFile.substr(1234), {header})};
            return ServedAnswer{httpAnswer(200, kFile)};
        });
        QVERIFY(writeFileAtomically(systemFiles(), ground.part(), kFile.substr(0, 1234)));
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, fetched ? "" : fetched.error().message.c_str());
        QCOMPARE(read(ground.target()), kFile);
    }

    void aPartThatIsTooLongIsBegunAnew() {
        Ground ground([](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
        QVERIFY(writeFileAtomically(systemFiles(), ground.part(), kFile + "x"));
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
        QVERIFY(!ground.server.requests()[0].headers.contains("range"));
    }

    void packedBytesAreRefused() {
        Ground ground([](const ServedRequest&) {
            return ServedAnswer{httpAnswer(200, kFile, {"Content-Encoding: gzip"})};
        });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QVERIFY(!fs::exists(ground.target()));
    }

    void cancelKeepsWhatHasBeenReceived() {
        Ground ground([](const ServedRequest& request) {
            ServedAnswer answer{fileAnswer(request, kFile), Then::Silence};
            answer.bytes.resize(answer.bytes.size() - 1000);
            return answer;
        });
        ground.cancelAfter = 1;
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kCancelled);
        const std::string kept = read(ground.part());
        QVERIFY(!kept.empty() && kFile.starts_with(kept));
        QVERIFY(!fs::exists(ground.target()));
    }

    void aFaultAtEveryFileCallLeavesAWholeFileOrNone() {
        for (const Fault fault : {Fault::DiskFull, Fault::IoError, Fault::Short}) {
            for (std::uint64_t at = 1;; ++at) {
                Ground ground(
                    [](const ServedRequest& request) { return ServedAnswer{fileAnswer(request, kFile)}; });
                FaultFileLayer files(at, fault);
                const auto fetched = ground.fetch(files);
                if (files.calls() < at) {
                    QVERIFY(fetched);
                    break;
                }
                if (fs::exists(ground.target())) QCOMPARE(read(ground.target()), kFile);
                QVERIFY(ground.fetch()); // goes on as if nothing had been
                QCOMPARE(read(ground.target()), kFile);
            }
        }
    }

    void redirectsAreFollowedAndTheirAddressesChecked() {
        Ground ground([](const ServedRequest& request) {
            if (request.target == "/wheel.whl")
                return ServedAnswer{httpAnswer(302, "moved", {"Location: /elsewhere/w.whl"})};
            return ServedAnswer{fileAnswer(request, kFile)};
        });
        QVERIFY(ground.fetch());
        QCOMPARE(read(ground.target()), kFile);
    }

    void aRedirectToAnUnsafePlaceIsRefused_data() {
        QTest::addColumn<QString>("location");
        for (const char* location :
             {"http://example.com/w.whl", "file:///etc/passwd", "http://169.254.169.254/",
              "https://user:secret@example.com/", "ftp://127.0.0.1/w"})
            QTest::newRow(location) << location;
    }
    void aRedirectToAnUnsafePlaceIsRefused() {
        QFETCH(QString, location);
        const std::string header = "Location: " + location.toStdString();
        Ground ground([header](const ServedRequest&) { return ServedAnswer{httpAnswer(302, "", {header})}; });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpRedirect);
        QVERIFY(fetched.error().message.find("secret") == std::string::npos);
    }

    void credentialsGoToTheFirstHostOnly() {
        const HttpServer other([](const ServedRequest&) { return ServedAnswer{httpAnswer(200, "there")}; });
        const HttpServer first([&](const ServedRequest& request) {
            const std::string target = request.target == "/a" ? "/b" : other.url("/c");
            return ServedAnswer{httpAnswer(302, "", {"Location: " + target})};
        });
        const auto transport = network::openTransport();
        QVERIFY(transport);
        const network::HttpRequest request{
            first.url("/a"), {{"Authorization", "Bearer x"}, {"Range", "bytes=0-"}, {"X-Kept", "1"}}};
        const auto answer = getText(**transport, request, 100, [](double, const CancelToken&) {}, {});
        QVERIFY2(answer, answer ? "" : answer.error().message.c_str());
        QCOMPARE(answer->text, std::string("there"));
        QCOMPARE(answer->url, other.url("/c"));
        for (const ServedRequest& asked : first.requests())
            QVERIFY(asked.headers.contains("authorization"));
        QVERIFY(!other.requests()[0].headers.contains("authorization"));
        QVERIFY(!other.requests()[0].headers.contains("x-kept"));
        QVERIFY(other.requests()[0].headers.contains("range"));
    }

    void aRedirectThatNeverEndsIsGivenUp() {
        Ground ground([](const ServedRequest&) {
            return ServedAnswer{httpAnswer(302, std::string(3U << 20, 'x'), {"Location: /x"})};
        });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpRedirect);
    }

    void aCircleOfRedirectsEnds() {
        Ground ground(
            [](const ServedRequest&) { return ServedAnswer{httpAnswer(302, "", {"Location: /wheel.whl"})}; });
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpRedirect);
        QCOMPARE(ground.server.requests().size(), std::size_t{11});
    }

    void onlySafeAddressesAreAllowed() {
        for (const char* url :
             {"https://pypi.org/simple", "http://127.0.0.1:80/", "http://localhost/x", "http://[::1]:8/"})
            QVERIFY2(checkAddress(url), url);
        for (const char* url : {"http://pypi.org/", "http://127.0.0.1.example.com/", "http://localhost.evil/",
                                "https://a:b@c/", "file:///", "", "https://", "HTTP"})
            QVERIFY2(!checkAddress(url), url);
    }
};

QTEST_APPLESS_MAIN(TestFetchFile)
#include "test_fetch_file.moc"
