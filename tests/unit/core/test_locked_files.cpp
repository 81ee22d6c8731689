// Files that are written in parts and by one writer: digests, room, truncation, locks.
#include <csignal>

#include <QTest>

#include "core/digest.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/file_lock.h"
#include "support/killed.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

bool isFree(const fs::path& path) {
    const auto lock = FileLock::tryAcquire(path);
    return lock && lock->has_value();
}

} // namespace

class TestLockedFiles final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void digestsAreThoseOfTheirStandards() {
        const auto hexOf = [](DigestKind kind) {
            Digest digest(kind);
            digest.update("a");
            digest.update("bc");
            return digest.hex();
        };
        QCOMPARE(hexOf(DigestKind::Sha256),
                 std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        QCOMPARE(hexOf(DigestKind::Sha1), std::string("a9993e364706816aba3e25717850c26c9cd0d89d"));
        QCOMPARE(hexOf(DigestKind::Md5), std::string("900150983cd24fb0d6963f7d28e17f72"));
    }

    void aDigestGoesOnAfterItWasRead() {
        Digest one(DigestKind::Sha256);
        one.update("a");
        const Digest copy = one;
        const std::string before = one.hex();
        one.update("bc");
        Digest whole(DigestKind::Sha256);
        whole.update("abc");
        QCOMPARE(one.hex(), whole.hex());
        QCOMPARE(copy.hex(), before);
    }

    void aFileIsCutAndGoneOnWith() {
        const TemporaryFolder folder;
        const fs::path path = folder / "part";
        const auto file = systemFiles().createNew(path);
        QVERIFY(file && (*file)->write(std::as_bytes(std::span(std::string_view("hello world")))));
        QVERIFY(systemFiles().truncate(path, 5));
        const auto again = systemFiles().openAppend(path);
        QVERIFY(again && (*again)->write(std::as_bytes(std::span(std::string_view("!")))));
        QCOMPARE(*readFile(path), std::string("hello!"));
        const auto absent = systemFiles().truncate(folder / "absent", 0);
        QVERIFY(!absent && absent.error().code == codes::kFileNotFound);
    }

    void roomSetAsideIsNoLength() {
        const TemporaryFolder folder;
        const auto file = systemFiles().createNew(folder / "large");
        QVERIFY(file && (*file)->reserve(1U << 20));
        QCOMPARE(*fileSize(folder / "large"), std::uint64_t{0});
        const auto tooMuch = (*file)->reserve(1ULL << 60); // more than any disk has
        QVERIFY(!tooMuch);
    }

    void aFileHasOneHolder() {
        const TemporaryFolder folder;
        const fs::path path = folder / "part";
        QVERIFY(systemFiles().createNew(path));
        {
            const auto held = FileLock::tryAcquire(path);
            QVERIFY(held && held->has_value());
            QVERIFY(!isFree(path));
            QVERIFY(isFree(folder.path())); // a folder is something else than what lies in it
        }
        QVERIFY(isFree(path));
    }

    void aKilledHolderHoldsNothing() {
        const TemporaryFolder folder;
        QVERIFY(isKilledDuring([&] {
            const auto held = FileLock::tryAcquire(folder.path());
            if (held && *held) ::kill(::getpid(), SIGKILL);
        }));
        QVERIFY(isFree(folder.path()));
    }

    void whatIsGoneOrALinkIsNotHeld() {
        const TemporaryFolder folder;
        QVERIFY(!isFree(folder / "absent"));
        fs::create_symlink(folder.path(), folder / "link");
        QVERIFY(!FileLock::tryAcquire(folder / "link"));
    }
};

QTEST_APPLESS_MAIN(TestLockedFiles)
#include "test_locked_files.moc"
