#include <algorithm>
#include <mutex>
#include <set>

#include <sys/stat.h>

#include <QTest>

#include "core/error_codes.h"
#include "core/file_lock.h"
#include "core/hash.h"
#include "download/fetch_set.h"
#include "download/partial_file.h"
#include "network/transport_loader.h"
#include "support/http_server.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

std::string contentOf(const std::string& name, std::size_t size) {
    std::string content;
    while (content.size() < size)
        content += sha256Hex(name + std::to_string(content.size()));
    content.resize(size);
    return content;
}

/// Some files at a server, and a folder for them.
struct SetGround {
    explicit SetGround(const std::map<std::string, std::size_t>& sizes) {
        for (const auto& [name, size] : sizes) {
            contents["/" + name] = contentOf(name, size);
            set.files.push_back(
                {name, server.url("/" + name), size, {HashKind::Sha256, sha256Hex(contents["/" + name])}});
        }
        set.source = "here";
        set.name = "org/name";
    }

    Result<std::vector<FetchedFile>> fetch(const SetSink& sink = {}) {
        SetTools tools{[] { return network::openTransport(); }, systemFiles(),
                       [this](double seconds, const CancelToken& stop) {
                           if (onPause) onPause(seconds, stop);
                       }};
        tools.connections = connections;
        tools.control = &control;
        return fetchSet(set, target(), tools, cancel, sink);
    }

    fs::path target() const { return folder / "model"; }

    void checkAll() const {
        for (const auto& [name, content] : contents) {
            const auto text = readFile(target() / name.substr(1));
            QVERIFY2(text && *text == content, name.c_str());
        }
        for (const auto& entry : fs::recursive_directory_iterator(target()))
            QVERIFY2(contents.contains("/" + fs::relative(entry.path(), target()).string()) ||
                         entry.is_directory(),
                     entry.path().c_str());
    }

    ServedAnswer serve(const ServedRequest& request) {
        if (onRequest) onRequest(request);
        const auto found = contents.find(request.target);
        ServedAnswer answer{found == contents.end() || broken.contains(request.target)
                                ? httpAnswer(404, "")
                                : fileAnswer(request, found->second)};
        return answer;
    }

    std::map<std::string, std::string> contents; ///< "/a/b": bytes
    std::set<std::string> broken;
    std::function<void(const ServedRequest&)> onRequest;
    std::function<void(double, const CancelToken&)> onPause;
    int connections = kConnections;
    TransferControl control;
    CancelToken cancel;
    TemporaryFolder folder;
    RemoteSet set;
    HttpServer server{[this](const ServedRequest& request) { return serve(request); }};
};

const char* messageOf(const Result<std::vector<FetchedFile>>& result) {
    return result ? "" : result.error().message.c_str();
}

std::vector<std::string> asked(const SetGround& ground) {
    std::vector<std::string> targets;
    for (const ServedRequest& request : ground.server.requests())
        targets.push_back(request.target);
    return targets;
}

} // namespace

class TestFetchSet final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void allFilesArriveInTheirFolders() {
        SetGround ground(
            {{"config.json", 600}, {"sub/deep/a.bin", 70'000}, {"sub/b.bin", 50'000}, {"empty", 0}});
        SetStatus last;
        const auto fetched = ground.fetch([&](const SetStatus& status) { last = status; });
        QVERIFY2(fetched, messageOf(fetched));
        ground.checkAll();
        QCOMPARE(fetched->size(), std::size_t{4});
        for (std::size_t i = 0; i < 4; ++i) {
            QCOMPARE((*fetched)[i].sha256, ground.set.files[i].hash.hex);
            QVERIFY(!(*fetched)[i].wasThere);
        }
        QCOMPARE(last.countOf(TransferState::Done), std::size_t{4});
        QCOMPARE(last.doneBytes, std::uint64_t{120'600});
        QCOMPARE(last.totalBytes, std::uint64_t{120'600});
    }

    void whatIsThereIsNotFetchedAgain() {
        SetGround ground({{"a", 1000}, {"b", 2000}, {"c", 3000}});
        QVERIFY(ground.fetch());
        const auto before = ground.server.requests().size();
        fs::remove(ground.target() / "b");
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, messageOf(fetched));
        ground.checkAll();
        QCOMPARE(ground.server.requests().size(), before + 1);
        QVERIFY((*fetched)[0].wasThere && !(*fetched)[1].wasThere && (*fetched)[2].wasThere);
    }

    void aDamagedFileIsReplaced() {
        SetGround ground({{"a", 1000}});
        QVERIFY(ground.fetch());
        QVERIFY(writeFileAtomically(systemFiles(), ground.target() / "a", std::string(1000, 'x')));
        QVERIFY(ground.fetch());
        ground.checkAll();
    }

    void largeFilesComeFirstAndAWishBeforeThem() {
        SetGround ground({{"a", 10}, {"b", 3000}, {"c", 200}, {"d", 1000}});
        ground.connections = 1;
        ground.control.putFirst("c");
        QVERIFY(ground.fetch());
        QCOMPARE(asked(ground), (std::vector<std::string>{"/c", "/b", "/d", "/a"}));
    }

    void aWishIsHeardWhileTheSetRuns() {
        SetGround ground({{"a", 10}, {"b", 3000}, {"c", 200}, {"d", 1000}});
        ground.connections = 1;
        ground.onRequest = [&](const ServedRequest& request) {
            if (request.target == "/b") ground.control.putFirst("a");
        };
        QVERIFY(ground.fetch());
        QCOMPARE(asked(ground), (std::vector<std::string>{"/b", "/a", "/d", "/c"}));
    }

    void aThousandFilesArrive() {
        std::map<std::string, std::size_t> sizes;
        for (int i = 0; i < 1000; ++i)
            sizes["part" + std::to_string(i / 100) + "/file" + std::to_string(i)] =
                static_cast<std::size_t>(i);
        SetGround ground(sizes);
        const auto fetched = ground.fetch();
        QVERIFY2(fetched, messageOf(fetched));
        ground.checkAll();
    }

    void aFileThatFailsLeavesTheOthersAlone() {
        SetGround ground({{"a", 1000}, {"b", 2000}, {"c", 3000}, {"d", 4000}});
        ground.broken = {"/b"};
        SetStatus last;
        const auto fetched = ground.fetch([&](const SetStatus& status) { last = status; });
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kHttpStatus);
        QVERIFY(fetched.error().message.find("3 of 4 files are there") != std::string::npos);
        QCOMPARE(last.countOf(TransferState::Done), std::size_t{3});
        QCOMPARE(last.files[1].state, TransferState::Failed);
        QVERIFY(last.files[1].error);
        ground.broken.clear();
        QVERIFY(ground.fetch());
        ground.checkAll();
    }

    void aSourceThatRefusesEverythingIsNotAskedForAll() {
        std::map<std::string, std::size_t> sizes;
        for (int i = 0; i < 50; ++i)
            sizes["f" + std::to_string(i)] = 10;
        SetGround ground(sizes);
        for (const auto& [name, size] : sizes)
            ground.broken.insert("/" + name);
        QVERIFY(!ground.fetch());
        QVERIFY(ground.server.requests().size() <= 3 + kConnections);
    }

    void cancelKeepsWhatHasBeenReceived() {
        SetGround ground({{"a", 3'000'000}, {"b", 100}});
        ground.control.setLimit(100'000);
        ground.onPause = [&, waits = 0](double, const CancelToken& stop) mutable {
            if (++waits < 8) return;
            ground.cancel.cancel();
            pauseForSeconds(60.0, stop);
        };
        ground.connections = 1;
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kCancelled);
        const auto kept = readPartRecord(ground.target() / "a.part");
        QVERIFY(kept && kept->points.back().bytes > 0);
        ground.cancel = {};
        ground.onPause = {};
        const std::size_t before = ground.server.requests().size();
        QVERIFY(ground.fetch());
        ground.checkAll();
        QVERIFY(ground.server.requests().at(before).headers.contains("range"));
    }

    void theSpeedLimitIsSharedByAll() {
        SetGround ground({{"a", 1'000'000}, {"b", 1'000'000}, {"c", 1'000'000}});
        ground.control.setLimit(100'000);
        std::mutex guard;
        double waited = 0.0;
        double longest = 0.0;
        ground.onPause = [&](double seconds, const CancelToken&) {
            const std::lock_guard held(guard);
            waited += seconds;
            longest = std::max(longest, seconds);
        };
        QVERIFY(ground.fetch());
        ground.checkAll();
        QVERIFY(waited > 20.0); // whoever comes last waits for the bytes of all three
        QVERIFY(longest < 1.0); // so that another limit holds at once
    }

    void anotherLimitHoldsAtOnce() {
        SetGround ground({{"a", 1'000'000}});
        ground.control.setLimit(1); // a byte a second: days
        int waits = 0;
        ground.onPause = [&](double, const CancelToken&) {
            if (++waits == 3) ground.control.setLimit(0);
        };
        QVERIFY(ground.fetch());
        ground.checkAll();
        QCOMPARE(waits, 3);
    }

    void whatIsThereAndWhatIsSetAsideNeedsNoRoom() {
        SetGround ground({{"a", 1000}, {"b", 200'000}});
        QCOMPARE(missingBytes(ground.set, ground.target()), std::uint64_t{201'000});
        fs::create_directories(ground.target());
        {
            const auto part = systemFiles().createNew(partPath(ground.target() / "b"));
            QVERIFY(part && (*part)->reserve(200'000) && (*part)->close());
        }
        struct stat status {};
        QCOMPARE(::stat(partPath(ground.target() / "b").c_str(), &status), 0);
        const auto setAside =
            std::min<std::uint64_t>(200'000, 512U * static_cast<std::uint64_t>(status.st_blocks));
        QCOMPARE(missingBytes(ground.set, ground.target()), 201'000 - setAside);
        QVERIFY(ground.fetch());
        QCOMPARE(missingBytes(ground.set, ground.target()), std::uint64_t{0});
    }

    void aPathThatLeadsOutIsRefusedBeforeAnythingIsMade() {
        for (const char* path : {"../a", "/a", "sub/../../a", "a\\..\\b", "a:b", ""}) {
            SetGround ground({{"a", 1000}});
            ground.set.files.front().path = path;
            const auto fetched = ground.fetch();
            QVERIFY2(!fetched, path);
            QCOMPARE(fetched.error().code, codes::kRemoteName);
            QVERIFY(!isThere(ground.target()));
            QVERIFY(ground.server.requests().empty());
        }
    }

    void aFolderTakesOneSetAtATime() {
        SetGround ground({{"a", 1000}});
        fs::create_directories(ground.target());
        const auto held = FileLock::tryAcquire(ground.target());
        QVERIFY(held && *held);
        const auto fetched = ground.fetch();
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kDownloadBusy);
    }

    void aLinkAmongTheFoldersIsNotFollowed() {
        SetGround ground({{"sub/a", 1000}});
        const TemporaryFolder elsewhere;
        fs::create_directories(ground.target());
        fs::create_symlink(elsewhere.path(), ground.target() / "sub");
        QVERIFY(!ground.fetch());
        QVERIFY(fs::is_empty(elsewhere.path()));
    }

    void aNetworkThatCannotBeOpenedIsAnError() {
        const SetGround ground({{"a", 1000}});
        const SetTools tools{[]() -> Result<std::unique_ptr<network::Transport>> {
                                 return Error{codes::kNetworkMissing, "no network library"};
                             },
                             systemFiles()};
        const auto fetched = fetchSet(ground.set, ground.target(), tools, {}, {});
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, codes::kNetworkMissing);
    }
};

QTEST_APPLESS_MAIN(TestFetchSet)
#include "test_fetch_set.moc"
