// What is hashed beside is what would be hashed in line, however it is cut and whenever it is asked for.
#include <QTest>

#include "download/hash_lane.h"
#include "support/noise.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;

namespace {

constexpr std::size_t kManyBytes = 5'000'011; // more than all blocks hold
const ExpectedHash kNothing;

std::span<const std::byte> bytesOf(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string hashOf(std::string_view text) {
    ContentHash hash(kNothing, {});
    hash.update(bytesOf(text));
    return hash.sha256();
}

} // namespace

class TestHashLane final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyCutGivesTheSameHash() {
        const std::string all = noise(kManyBytes, 3);
        for (const std::size_t piece :
             {std::size_t{1009}, std::size_t{16'384}, std::size_t{262'144}, kManyBytes}) {
            const auto lane = HashLane::open(ContentHash(kNothing, {}));
            QVERIFY(lane);
            for (std::size_t at = 0; at < all.size(); at += piece)
                lane->update(bytesOf(std::string_view(all).substr(at, piece)));
            QCOMPARE(lane->settled().sha256(), hashOf(all));
        }
    }

    void itGoesOnFromAHashAndAfterEachAnswer() {
        const std::string all = noise(kManyBytes, 4);
        const std::string_view text = all;
        ContentHash begun(kNothing, {});
        begun.update(bytesOf(text.substr(0, 700)));
        const auto lane = HashLane::open(begun);
        QCOMPARE(lane->settled().sha256(), hashOf(text.substr(0, 700)));
        lane->update(bytesOf(text.substr(700, 3'000'000)));
        const ContentHash half = lane->settled();
        lane->update(bytesOf(text.substr(3'000'700)));
        QCOMPARE(lane->settled().sha256(), hashOf(all));
        QCOMPARE(half.sha256(), hashOf(text.substr(0, 3'000'700)));
    }

    void itEndsWithWorkLeft() {
        const std::string all = noise(kManyBytes, 5);
        for (int i = 0; i < 50; ++i)
            HashLane::open(ContentHash(kNothing, {}))->update(bytesOf(all));
    }
};

QTEST_APPLESS_MAIN(TestHashLane)
#include "test_hash_lane.moc"
