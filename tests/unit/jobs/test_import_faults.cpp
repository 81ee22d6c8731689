// Imports and replacements that are killed, fail or are stopped at every call: whole, or not there.
#include <functional>

#include <QTest>

#include "import_ground.h"
#include "jobs/library/leftovers.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

/// What the next start may see: the model wholly there or not at all, and the source as it was.
void checkAfterFault(const LibraryFixture& fixture, const std::vector<std::string>& sourceBefore) {
    const auto entry = fixture.library().find("smollm2", "135m-instruct");
    QVERIFY(!entry->isUsable() || isWhole(*entry));
    QVERIFY(contentOf(fixture.source()) == sourceBefore);
}

/// The next import succeeds and nothing but the model, the lock and their folders is left.
void checkNextImport(const LibraryFixture& fixture, const ImportRequest& request) {
    const auto next = fixture.import(request);
    QVERIFY2(next, next ? "" : next.error().message.c_str());
    QVERIFY(isWhole(next->entry));
    QVERIFY(findLeftovers(fixture.root()).empty());
    for (const auto& entry : fs::recursive_directory_iterator(fixture.root().models()))
        QVERIFY2(entry.path().filename().string().find(".tmp-") == std::string::npos, entry.path().c_str());
}

void surviveEveryFault(Fault fault, const std::function<ImportRequest(const LibraryFixture&)>& requestOf) {
    FaultFileLayer counter;
    {
        const LibraryFixture fixture;
        QVERIFY(fixture.import(requestOf(fixture), counter));
    }
    QVERIFY(counter.calls() > 20);
    for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
        const LibraryFixture fixture;
        const ImportRequest request = requestOf(fixture);
        const auto before = contentOf(fixture.source());
        FaultFileLayer layer(k, fault);
        if (fault == Fault::Kill) {
            QVERIFY(isKilledDuring([&] { (void)fixture.import(request, layer); }));
        } else if (const auto result = fixture.import(request, layer); !result) {
            QVERIFY(!result.error().message.empty());
        }
        checkAfterFault(fixture, before);
        checkNextImport(fixture, request);
    }
}

/// Whatever happens while a damaged model is replaced: it is there, as it was or whole; where names cannot be
/// exchanged and the process dies, once the next one has cleared up.
void surviveEveryReplacement(Fault fault, bool canExchange) {
    const auto damage = [](const LibraryFixture& fixture) {
        fs::remove(fixture.importedModel().path / "tokenizer.json");
    };
    FaultFileLayer counter;
    {
        const LibraryFixture fixture;
        damage(fixture);
        if (!canExchange) counter.forgetExchange();
        QVERIFY(fixture.import(fixture.request(), counter)->replaced);
    }
    for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
        const LibraryFixture fixture;
        damage(fixture);
        const auto old = contentOf(fixture.installed());
        FaultFileLayer layer(k, fault);
        if (!canExchange) layer.forgetExchange();
        if (fault == Fault::Kill)
            QVERIFY(isKilledDuring([&] { (void)fixture.import(fixture.request(), layer); }));
        else
            (void)fixture.import(fixture.request(), layer);
        if (!canExchange && fault == Fault::Kill)
            clearLeftovers(*RootLock::acquire(fixture.root()), systemFiles());
        const auto entry = fixture.library().find("smollm2", "135m-instruct");
        QVERIFY2(entry->isUsable() ? isWhole(*entry) : contentOf(fixture.installed()) == old,
                 std::to_string(k).c_str());
        checkNextImport(fixture, fixture.request());
    }
}

} // namespace

class TestImportFaults final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aCancelAtEveryStepLeavesNothing() {
        std::uint64_t steps = 0;
        {
            const LibraryFixture fixture;
            QVERIFY(fixture.import(fixture.request(), systemFiles(), {}, [&](const Progress&) { ++steps; }));
        }
        for (std::uint64_t stop = 1; stop < steps; ++stop) {
            const LibraryFixture fixture;
            const CancelToken cancel;
            std::uint64_t seen = 0;
            const auto result =
                fixture.import(fixture.request(), systemFiles(), cancel, [&](const Progress&) {
                    if (++seen == stop) cancel.cancel();
                });
            if (result) continue; // told after the last look at the token
            QCOMPARE(result.error().code.errorClass, ErrorClass::Interrupted);
            QVERIFY(findLeftovers(fixture.root()).empty());
            QVERIFY(fixture.library().find("smollm2", "135m-instruct")->state == ModelState::Absent);
        }
    }

    void killedAtEveryFileCallOfAReplacement() { surviveEveryReplacement(Fault::Kill, true); }
    void killedAtEveryFileCallWhereNamesCannotBeExchanged() { surviveEveryReplacement(Fault::Kill, false); }
    void anErrorAtEveryFileCallWhereNamesCannotBeExchanged() {
        surviveEveryReplacement(Fault::IoError, false);
    }
    void killedAtEveryFileCallOfACopy() { surviveEveryFault(Fault::Kill, folderRequest); }
    void killedAtEveryFileCallOfALinkedImport() { surviveEveryFault(Fault::Kill, linkRequest); }
    void killedAtEveryFileCallOfAConversion() { surviveEveryFault(Fault::Kill, ggufRequest); }
    void aFullDiskAtEveryFileCall() { surviveEveryFault(Fault::Short, folderRequest); }
    void anErrorAtEveryFileCallOfAConversion() { surviveEveryFault(Fault::IoError, ggufRequest); }
};

QTEST_GUILESS_MAIN(TestImportFaults)
#include "test_import_faults.moc"
