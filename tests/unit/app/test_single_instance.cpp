#include <future>
#include <thread>

#include <QFile>
#include <QSignalSpy>
#include <QTest>

#include "app/window/single_instance.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using llamahome::app::SingleInstance;

namespace {

constexpr int kPatienceMs = 30'000;

QString socketIn(const testing::TemporaryFolder& folder) {
    return QString::fromStdString((folder / "socket").string());
}

} // namespace

class TestSingleInstance final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aSecondStartHandsItsFilesToTheFirst() {
        const testing::TemporaryFolder folder;
        SingleInstance first(socketIn(folder));
        QCOMPARE(first.enter({}), SingleInstance::Role::First);
        QSignalSpy again(&first, &SingleInstance::startedAgain);
        const QStringList files{QStringLiteral("/models/a b.gguf"), QStringLiteral("/ä\n")};
        auto second = std::async(std::launch::async, [&] {
            SingleInstance other(socketIn(folder));
            return other.enter(files);
        });
        QTRY_COMPARE_WITH_TIMEOUT(again.size(), 1, kPatienceMs);
        QCOMPARE(again.at(0).at(0).toStringList(), files);
        QCOMPARE(second.get(), SingleInstance::Role::Second);
    }

    void whatAKilledWindowLeftIsNoWindow() {
        const testing::TemporaryFolder folder;
        {
            QFile left(socketIn(folder));
            QVERIFY(left.open(QIODevice::WriteOnly));
        }
        SingleInstance first(socketIn(folder));
        QCOMPARE(first.enter({}), SingleInstance::Role::First);
    }

    void afterTheFirstHasGoneTheNextIsFirst() {
        const testing::TemporaryFolder folder;
        {
            SingleInstance first(socketIn(folder));
            QCOMPARE(first.enter({}), SingleInstance::Role::First);
        }
        SingleInstance next(socketIn(folder));
        QCOMPARE(next.enter({}), SingleInstance::Role::First);
    }

    void onlyTheUserMayReachTheSocket() {
        const testing::TemporaryFolder folder;
        SingleInstance first(socketIn(folder));
        QCOMPARE(first.enter({}), SingleInstance::Role::First);
        const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
        QVERIFY(!(QFile::permissions(socketIn(folder)) & others));
    }

    void aFolderThatCannotHoldASocketStillGivesAWindow() {
        SingleInstance instance(QStringLiteral("/proc/llamahome/socket"));
        QCOMPARE(instance.enter({}), SingleInstance::Role::Unguarded);
    }

    void rootsHaveSocketsOfTheirOwnAndOneHasOne() {
        const testing::TemporaryFolder folder;
        const QString one = SingleInstance::socketFor(folder / "root");
        QCOMPARE(SingleInstance::socketFor(folder / "." / "root"), one);
        QVERIFY(SingleInstance::socketFor(folder / "other") != one);
        QVERIFY(one.toUtf8().size() < 108);
    }
};

QTEST_GUILESS_MAIN(TestSingleInstance)
#include "test_single_instance.moc"
