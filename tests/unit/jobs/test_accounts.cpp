// A root of somebody else's: it is read, and what would write is refused with a reason and changes nothing.
#include <sys/stat.h>
#include <unistd.h>

#include <QTest>

#include "core/error_codes.h"
#include "import_ground.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/library_folders.h"
#include "jobs/library/remove_model.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534;

/// Nobody may write below `folder`, and this process has the rights of another account where it had all.
class AsStranger {
public:
    explicit AsStranger(fs::path folder)
        : m_folder(std::move(folder)) {
        allow(false);
        if (::geteuid() == 0) m_isOther = ::seteuid(kNobody) == 0;
    }
    ~AsStranger() {
        if (m_isOther) (void)::seteuid(0);
        allow(true);
    }
    AsStranger(const AsStranger&) = delete;
    AsStranger& operator=(const AsStranger&) = delete;

private:
    void allow(bool writes) const {
        for (const auto& entry : fs::recursive_directory_iterator(m_folder))
            if (!entry.is_symlink()) set(entry.path(), entry.is_directory(), writes);
        set(m_folder, true, writes);
    }
    static void set(const fs::path& path, bool isFolder, bool writes) {
        const mode_t read = isFolder ? 0555 : 0444;
        QCOMPARE(::chmod(path.c_str(), writes ? read | 0200 : read), 0);
    }

    fs::path m_folder;
    bool m_isOther = false;
};

bool isRefusal(const Error& error) {
    return error.code.errorClass == ErrorClass::Refused;
}

} // namespace

class TestAccounts final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anotherAccountReadsAndDoesNotWrite() {
        const LibraryFixture fixture;
        fixture.importedModel();
        const auto before = contentOf(fixture.root().path);
        {
            const AsStranger stranger(fixture.folder());
            const auto found = fixture.library().find("smollm2", "135m-instruct");
            QVERIFY(found && found->isUsable());
            QVERIFY(isWhole(*found));
            QVERIFY(!fixture.library().list().empty());
            const auto lock = RootLock::acquire(fixture.root());
            QVERIFY(!lock);
            QVERIFY2(isRefusal(lock.error()), lock.error().message.c_str());
            QVERIFY2(lock.error().message.find(fixture.root().path.string()) != std::string::npos,
                     lock.error().message.c_str());
            const auto imported = fixture.import(fixture.request());
            QVERIFY(!imported && isRefusal(imported.error()));
        }
        QCOMPARE(contentOf(fixture.root().path), before);
    }

    void aLibraryThatIsReadOnlyIsUsedAndNotWrittenTo() {
        const LibraryFixture fixture;
        const fs::path drive = fixture.folder() / "drive";
        const DataRoot root{fixture.root().path, {drive}};
        const fs::path there = drive / "smollm2" / "135m-instruct";
        fixture.importedModel();
        fs::create_directories(there.parent_path());
        fs::rename(fixture.installed(), there);
        const auto before = contentOf(drive);
        ::chmod(fixture.folder().c_str(), 0755);
        {
            const AsStranger stranger(drive);
            const auto model = Library(root, fixture.catalog()).find("smollm2", "135m-instruct");
            QVERIFY(model && model->isUsable());
            QCOMPARE(model->path, there);
            QVERIFY(isWhole(*model));
            QVERIFY(modelPlaces(root)[1].freeBytes.has_value());
            // The root's own folder is this account's: only the drive refuses.
            const auto removal = planRemoval(root, *model);
            QVERIFY(removal);
            const auto held = HeldFolder::open(there);
            QVERIFY(held);
            const auto removed = removeFiles(*held, {std::string("model.safetensors")}, systemFiles());
            QVERIFY(!removed && isRefusal(removed.error()));
        }
        QCOMPARE(contentOf(drive), before);
    }
};

QTEST_GUILESS_MAIN(TestAccounts)
#include "test_accounts.moc"
