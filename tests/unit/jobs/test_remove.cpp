#include <algorithm>
#include <map>
#include <string>

#include <QTest>

#include "core/error_codes.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/remove_model.h"
#include "library_fixture.h"
#include "support/forwarding_files.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

/// Bytes of all regular files under a folder.
std::uint64_t bytesUnder(const fs::path& folder) {
    std::uint64_t total = 0;
    std::error_code failure;
    for (const auto& entry : fs::recursive_directory_iterator(folder, failure))
        if (entry.symlink_status().type() == fs::file_type::regular) total += entry.file_size();
    return total;
}

Result<std::uint64_t> removeWith(const LibraryFixture& fixture, const RemovalPlan& plan,
                                 FileLayer& files = systemFiles()) {
    const auto lock = RootLock::acquire(fixture.root());
    if (!lock) return lock.error();
    return removeModel(plan, *lock, files);
}

void writeText(const fs::path& path, std::string_view text) {
    QVERIFY(writeFileAtomically(systemFiles(), path, text));
}

/// Swaps a folder for a link, at one call of the removal.
class Swapping final : public ForwardingFiles {
public:
    Swapping(std::uint64_t at, fs::path folder, fs::path outside)
        : m_at(at)
        , m_folder(std::move(folder))
        , m_outside(std::move(outside)) {}

    std::uint64_t calls() const { return m_calls; }
    Result<void> rename(const fs::path& from, const fs::path& to) override {
        swapWhereDue();
        return ForwardingFiles::rename(from, to);
    }
    Result<void> remove(const fs::path& path) override {
        swapWhereDue();
        return ForwardingFiles::remove(path);
    }
    Result<void> syncDirectory(const fs::path& path) override {
        swapWhereDue();
        return ForwardingFiles::syncDirectory(path);
    }

private:
    void swapWhereDue() {
        if (++m_calls != m_at) return;
        std::error_code gone; // where the removal is past it
        fs::rename(m_folder, m_folder.string() + "-before", gone);
        fs::create_directory_symlink(m_outside, m_folder);
    }

    std::uint64_t m_at;
    std::uint64_t m_calls = 0;
    fs::path m_folder;
    fs::path m_outside;
};

/// Every name under a folder, with the bytes of files.
std::map<std::string, std::string> contentOf(const fs::path& folder) {
    std::map<std::string, std::string> content;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        content[entry.path().string()] =
            entry.is_regular_file() ? *readFile(entry.path()) : std::string("a folder");
    return content;
}

bool isListedAsInstalled(const LibraryFixture& fixture) {
    const ModelState state = fixture.library().find("smollm2", "135m-instruct")->state;
    return state != ModelState::Absent && state != ModelState::Partial;
}

} // namespace

class TestRemove final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void removalFreesExactlyWhatThePlanSaid() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const auto plan = planRemoval(fixture.root(), model);
        QVERIFY(plan);
        QCOMPARE(plan->files.size(), std::size_t{8});
        QVERIFY(plan->foreign.empty());
        const std::uint64_t before = bytesUnder(fixture.root().path);
        const auto freed = removeWith(fixture, *plan);
        QVERIFY(freed);
        QCOMPARE(*freed, plan->freedBytes);
        QVERIFY(!fs::exists(fixture.root().models() / "smollm2"));
        QVERIFY(fs::is_directory(fixture.root().models()));
        QCOMPARE(before - bytesUnder(fixture.root().path), plan->freedBytes);
        QVERIFY(!isListedAsInstalled(fixture));
    }

    void filesOfSomebodyElseStayWhereTheyAre() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        writeText(model.path / "notes.txt", "mine");
        fs::create_directories(model.path / "mine");
        writeText(model.path / "mine" / "more.txt", "also mine");
        const auto plan = planRemoval(fixture.root(), model);
        QVERIFY(plan->foreign == (std::vector<std::string>{"mine", "notes.txt"}));
        QCOMPARE(*removeWith(fixture, *plan), plan->freedBytes);
        QCOMPARE(*readFile(model.path / "notes.txt"), std::string("mine"));
        QCOMPARE(*readFile(model.path / "mine" / "more.txt"), std::string("also mine"));
        QCOMPARE(bytesUnder(model.path), std::uint64_t{13});
        QVERIFY(!isListedAsInstalled(fixture));
    }

    void linkedWeightsAreUnlinkedAndTheirTargetsStay() {
        const LibraryFixture fixture;
        ImportRequest request = fixture.request();
        request.link = true;
        const auto imported = fixture.import(request);
        QVERIFY(imported);
        const auto before = *readFile(fixture.source() / "model.safetensors");
        const auto plan = planRemoval(fixture.root(), imported->entry);
        const auto link = std::find_if(plan->files.begin(), plan->files.end(),
                                       [](const PlannedFile& file) { return file.isLink; });
        QVERIFY(link != plan->files.end());
        QCOMPARE(link->path, std::string("model.safetensors"));
        QCOMPARE(link->freedBytes, std::uint64_t{0});
        QCOMPARE(*removeWith(fixture, *plan), plan->freedBytes);
        QVERIFY(*readFile(fixture.source() / "model.safetensors") == before);
    }

    void aLinkedFolderInAFilesPlaceIsOnlyUnlinked() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::create_directories(fixture.folder() / "outside");
        writeText(fixture.folder() / "outside" / "kept", "kept");
        fs::remove(model.path / "LICENSE");
        fs::create_directory_symlink(fixture.folder() / "outside", model.path / "LICENSE");
        const auto plan = planRemoval(fixture.root(), model);
        QVERIFY(removeWith(fixture, *plan));
        QCOMPARE(*readFile(fixture.folder() / "outside" / "kept"), std::string("kept"));
    }

    void aFileWithAnotherNameFreesNothing() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const auto whole = planRemoval(fixture.root(), model)->freedBytes;
        fs::create_hard_link(model.path / "model.safetensors", fixture.folder() / "second name");
        const auto plan = planRemoval(fixture.root(), model);
        QCOMPARE(plan->freedBytes, whole - fs::file_size(model.path / "model.safetensors"));
        QVERIFY(removeWith(fixture, *plan));
        QVERIFY(fs::exists(fixture.folder() / "second name"));
    }

    void aModelOutsideOfTheRootOrBehindALinkIsRefused() {
        const LibraryFixture fixture;
        const auto outside = planRemoval(fixture.root(), *fixture.library().describeFolder(fixture.source()));
        QVERIFY(outside.error().code == codes::kRemoveRefused);
        QVERIFY(names(outside.error(), {fixture.source().string()}));
        const ModelEntry model = fixture.importedModel();
        const fs::path family = fixture.root().models() / "smollm2";
        fs::rename(family, fixture.folder() / "moved");
        fs::create_directory_symlink(fixture.folder() / "moved", family);
        const auto linked = planRemoval(fixture.root(), model);
        QVERIFY(linked.error().code == codes::kRemoveRefused);
        QVERIFY(names(linked.error(), {family.string(), "link"}));
    }

    void whatIsNotInstalledOrHasNoReadableManifestIsNotDeleted() {
        const LibraryFixture fixture;
        const auto absent = planRemoval(fixture.root(), *fixture.library().find("llama", "3.2-1b"));
        QVERIFY(absent.error().code == codes::kModelNotInstalled);
        const ModelEntry model = fixture.importedModel();
        writeText(model.path / "llamahome.json", "{}");
        const auto damaged = planRemoval(fixture.root(), model);
        QVERIFY(damaged.error().code == codes::kRemoveRefused);
        QVERIFY2(names(damaged.error(),
                       {"llamahome.json", "yourself", "llamahome remove smollm2 135m-instruct --force"}),
                 damaged.error().message.c_str());
        QVERIFY(fs::exists(model.path / "model.safetensors"));
    }

    void aModelWithADamagedManifestIsRemovedByNameOnRequest() {
        const LibraryFixture fixture;
        (void)fixture.importedModel();
        writeText(fixture.installed() / "llamahome.json", "{}");
        writeText(fixture.installed() / "notes.txt", "mine");
        const ModelEntry damaged = *fixture.library().find("smollm2", "135m-instruct");
        const auto plan = planRemoval(fixture.root(), damaged, RemovalBasis::Names);
        QVERIFY2(plan, plan ? "" : plan.error().message.c_str());
        QVERIFY(plan->isByName);
        QVERIFY(plan->foreign == (std::vector<std::string>{"notes.txt"}));
        QCOMPARE(plan->files.back().path, std::string("llamahome.json"));
        const std::uint64_t before = bytesUnder(fixture.installed());
        QCOMPARE(*removeWith(fixture, *plan), plan->freedBytes);
        QCOMPARE(before - bytesUnder(fixture.installed()), plan->freedBytes);
        QCOMPARE(bytesUnder(fixture.installed()), std::uint64_t{4}); // notes.txt
        QVERIFY(!isListedAsInstalled(fixture));
        fs::remove_all(fixture.installed());
        QVERIFY(fixture.import(fixture.request()));
    }

    // Cut off anywhere, the folder is a damaged model that can be removed again, or gone.
    void aRemovalByNameCanBeRepeatedAfterAFaultAtEveryCall() {
        const auto damagedPlan = [](const LibraryFixture& fixture) {
            writeText(fixture.installed() / "llamahome.json", "{}");
            return planRemoval(fixture.root(), *fixture.library().find("smollm2", "135m-instruct"),
                               RemovalBasis::Names);
        };
        FaultFileLayer counter;
        {
            const LibraryFixture fixture;
            (void)fixture.importedModel();
            QVERIFY(removeWith(fixture, *damagedPlan(fixture), counter));
            QVERIFY(!fs::exists(fixture.root().models() / "smollm2"));
        }
        QVERIFY(counter.calls() >= 10);
        for (const Fault fault : {Fault::Kill, Fault::IoError})
            for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
                const LibraryFixture fixture;
                (void)fixture.importedModel();
                const auto plan = damagedPlan(fixture);
                FaultFileLayer layer(k, fault);
                if (fault == Fault::Kill)
                    (void)isKilledDuring([&] { (void)removeWith(fixture, *plan, layer); });
                else
                    (void)removeWith(fixture, *plan, layer);
                const auto left = fixture.library().find("smollm2", "135m-instruct");
                if (left->state == ModelState::Absent) continue;
                const auto again = planRemoval(fixture.root(), *left, RemovalBasis::Names);
                QVERIFY2(again, again ? "" : again.error().message.c_str());
                QVERIFY(removeWith(fixture, *again));
                QVERIFY(!fs::exists(fixture.installed()));
            }
    }

    void anAdapterWithADamagedManifestKeepsWhatIsNotItsOwn() {
        const LibraryFixture fixture;
        const fs::path adapter = fixture.root().finetuned() / "mine";
        fs::create_directories(adapter);
        for (const char* name : {"adapter_config.json", "adapter_model.safetensors", "training_record.yaml",
                                 "tokenizer.json", "llamahome.json", "results.csv"})
            writeText(adapter / name, "x");
        const auto entry = fixture.library().findAdapter("mine");
        const auto refused = planRemoval(fixture.root(), *entry);
        QVERIFY2(names(refused.error(), {"llamahome remove mine --force"}), refused.error().message.c_str());
        const auto plan = planRemoval(fixture.root(), *entry, RemovalBasis::Names);
        QVERIFY(removeWith(fixture, *plan));
        QVERIFY(plan->foreign == (std::vector<std::string>{"results.csv"}));
        QCOMPARE(bytesUnder(adapter), std::uint64_t{1});
    }

    void aDamagedModelWithMissingFilesCanBeRemoved() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::remove(model.path / "model.safetensors");
        const auto plan = planRemoval(fixture.root(), *fixture.library().find("smollm2", "135m-instruct"));
        QCOMPARE(*removeWith(fixture, *plan), plan->freedBytes);
        QVERIFY(!fs::exists(model.path));
    }

    // Wholly there or wholly gone, foreign files untouched, and the next removal or import tidies up.
    void aFaultAtEveryFileCall() {
        FaultFileLayer counter;
        {
            const LibraryFixture fixture;
            QVERIFY(removeWith(fixture, *planRemoval(fixture.root(), fixture.importedModel()), counter));
        }
        QVERIFY(counter.calls() >= 12);
        for (const Fault fault : {Fault::Kill, Fault::DiskFull, Fault::IoError})
            for (std::uint64_t k = 1; k <= counter.calls(); ++k)
                surviveFault(fault, k);
    }

    /// F83: of a folder that looks the same, of one that holds such a folder, and of one that holds an empty
    /// one.
    void aFolderThatIsSwappedForALinkMeanwhileLeadsNowhere() {
        std::uint64_t calls = 1;
        for (std::uint64_t k = 0; k <= calls; ++k)
            for (const bool isParent : {false, true})
                for (const bool isEmpty : {false, true}) {
                    const LibraryFixture fixture;
                    const ModelEntry model = fixture.importedModel();
                    const fs::path outside = fixture.folder() / "outside";
                    fs::create_directories(outside);
                    const fs::path copy = isParent ? outside / "135m-instruct" : outside;
                    if (isEmpty)
                        fs::create_directories(copy);
                    else
                        fs::copy(model.path, copy, fs::copy_options::recursive);
                    const auto before = contentOf(outside);
                    const auto plan = planRemoval(fixture.root(), model);
                    QVERIFY(plan);
                    Swapping files(k, isParent ? model.path.parent_path() : model.path, outside);
                    const auto removed = removeWith(fixture, *plan, files);
                    QVERIFY2(contentOf(outside) == before, std::to_string(k).c_str());
                    if (!removed) QVERIFY(removed.error().message.find("/proc/") == std::string::npos);
                    calls = std::max(calls, files.calls());
                }
        QVERIFY(calls >= 12);
    }

    void aLinkInTheFoldersPlaceIsRefusedAtTheRemovalToo() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const auto plan = planRemoval(fixture.root(), model);
        fs::rename(model.path, fixture.folder() / "moved");
        fs::create_directory_symlink(fixture.folder() / "moved", model.path);
        const auto before = contentOf(fixture.folder() / "moved");
        const auto removed = removeWith(fixture, *plan);
        QVERIFY(!removed);
        QCOMPARE(removed.error().code, codes::kRemoveRefused);
        QVERIFY(names(removed.error(), {model.path.string(), "link"}));
        QVERIFY(contentOf(fixture.folder() / "moved") == before);
    }

    void anAdapterIsRemovedInTheSameWay() {
        const LibraryFixture fixture;
        const fs::path adapter = fixture.root().finetuned() / "mine";
        fs::create_directories(adapter);
        for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
            fs::copy_file(std::string(LLAMAHOME_TEST_DATA) + "/formats/adapter/" + name, adapter / name);
        Manifest labels;
        labels.kind = kAdapterKind;
        labels.family = "finetuned";
        labels.version = "mine";
        QVERIFY(writeManifest(systemFiles(), adapter, *buildManifest(adapter, labels, "first seen", {}, {})));
        const auto plan = planRemoval(fixture.root(), *fixture.library().findAdapter("mine"));
        QVERIFY(plan);
        QCOMPARE(*removeWith(fixture, *plan), plan->freedBytes);
        QVERIFY(!fs::exists(adapter));
    }

private:
    static void surviveFault(Fault fault, std::uint64_t k) {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        writeText(model.path / "notes.txt", "mine");
        const auto plan = planRemoval(fixture.root(), model);
        FaultFileLayer layer(k, fault);
        if (fault == Fault::Kill)
            (void)isKilledDuring([&] { (void)removeWith(fixture, *plan, layer); });
        else
            (void)removeWith(fixture, *plan, layer);
        if (isListedAsInstalled(fixture)) {
            QVERIFY(fixture.library().find("smollm2", "135m-instruct")->isUsable());
            QVERIFY(removeWith(fixture, *planRemoval(fixture.root(), model)));
        } else {
            const auto lock = RootLock::acquire(fixture.root());
            clearLeftovers(*lock, systemFiles());
        }
        QVERIFY(findLeftovers(fixture.root()).empty());
        QCOMPARE(bytesUnder(model.path), std::uint64_t{4}); // notes.txt
        QVERIFY(!isListedAsInstalled(fixture));
    }
};

QTEST_GUILESS_MAIN(TestRemove)
#include "test_remove.moc"
