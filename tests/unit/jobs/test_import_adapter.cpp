// Import of a PEFT adapter's folder: it becomes one of the library's, usable by name, and its base is found.
#include <QtTest>

#include "core/error_codes.h"
#include "export_ground.h"
#include "jobs/import/import_source.h"
#include "jobs/library/model_spec.h"
#include "jobs/library/remove_model.h"
#include "jobs/verify/verify_model.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

void nameBase(const ExportGround& ground, const std::string& base) {
    auto adapter = formats::readPeftAdapter(ground.adapter.path);
    adapter->baseModel = base;
    QVERIFY(formats::writePeftAdapter(systemFiles(), ground.adapter.path, *adapter));
}

Result<ImportResult> importAs(const ExportGround& ground, const std::string& name,
                              const std::string& version = {}) {
    return ground.fixture.import({ground.adapter.path, name, version, false});
}

} // namespace

class TestImportAdapter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anAdapterFromElsewhereIsUsedByItsName() {
        const ExportGround ground;
        const auto imported = importAs(ground, "mine");
        QVERIFY2(imported, imported ? "" : imported.error().message.c_str());
        QCOMPARE(imported->entry.name, std::string("mine"));
        QCOMPARE(imported->entry.path, ground.fixture.root().finetuned() / "mine");
        QVERIFY(imported->base && imported->notes.empty());
        QCOMPARE(imported->base->name, ground.base.name);
        const Library library = ground.fixture.library();
        QCOMPARE(library.installedAdapters().size(), std::size_t{1});
        const auto entry = resolveAdapter(library, "mine");
        QVERIFY(entry && entry->kind == kAdapterKind);
        const auto report = verifyModel(*entry, true, {}, {}, *baseOfAdapter(library, *entry));
        QVERIFY(report && report->ok);
        QCOMPARE(dependentsOf(library, ground.base).adapters, std::vector<std::string>{"mine"});
    }

    void theFoldersNameServesWithoutAnother() {
        const ExportGround ground;
        const auto imported = importAs(ground, {});
        QVERIFY2(imported, imported ? "" : imported.error().message.c_str());
        QCOMPARE(imported->entry.name, std::string("adapter"));
    }

    void anAdapterHasANameOfOneWord_data() {
        QTest::addColumn<QString>("family");
        QTest::addColumn<QString>("version");
        QTest::addColumn<bool>("isRight");
        QTest::newRow("one word") << "mine"
                                  << "" << true;
        QTest::newRow("shelf and name") << "finetuned"
                                        << "mine" << true;
        QTest::newRow("shelf and name in one") << "finetuned/mine"
                                               << "" << true;
        QTest::newRow("another shelf") << "local"
                                       << "mine" << false;
        QTest::newRow("a hidden name") << ".mine"
                                       << "" << false;
        QTest::newRow("out of the shelf") << "finetuned"
                                          << "../mine" << false;
    }
    void anAdapterHasANameOfOneWord() {
        QFETCH(QString, family);
        QFETCH(QString, version);
        QFETCH(bool, isRight);
        const ExportGround ground;
        const auto imported = importAs(ground, family.toStdString(), version.toStdString());
        QCOMPARE(static_cast<bool>(imported), isRight);
        if (isRight)
            QCOMPARE(imported->entry.name, std::string("mine"));
        else
            QVERIFY2(imported.error().code == codes::kImportName && names(imported.error(), {"--as"}),
                     imported.error().message.c_str());
        QCOMPARE(ground.fixture.library().installedAdapters().size(), std::size_t{isRight ? 1U : 0U});
    }

    void theSameAdapterIsThereAndAnotherIsRefused() {
        const ExportGround ground;
        QVERIFY(importAs(ground, "mine"));
        const auto again = importAs(ground, "mine");
        QVERIFY(again && again->wasThere && again->base);
        nameBase(ground, "other/base");
        const auto other = importAs(ground, "mine");
        QVERIFY(!other && other.error().code == codes::kImportExists);
        QVERIFY2(names(other.error(), {"another adapter", "--replace", "--as NAME"}),
                 other.error().message.c_str());
    }

    void theOnlyModelThatFitsIsTakenForABaseThatIsNotThere() {
        const ExportGround ground;
        nameBase(ground, "elsewhere/model");
        const auto imported = importAs(ground, "mine");
        QVERIFY2(imported, imported ? "" : imported.error().message.c_str());
        QCOMPARE(imported->notes.size(), std::size_t{1});
        QVERIFY2(imported->notes.front().find("elsewhere/model") != std::string::npos &&
                     imported->notes.front().find(ground.base.name) != std::string::npos,
                 imported->notes.front().c_str());
        const Library library = ground.fixture.library();
        QCOMPARE(baseOfAdapter(library, imported->entry)->name, ground.base.name);
        QCOMPARE(dependentsOf(library, ground.base).adapters, std::vector<std::string>{"mine"});
    }

    void severalModelsThatFitAreNamedAndNoneIsChosen() {
        const ExportGround ground;
        nameBase(ground, "elsewhere/model");
        writeTinyModel(ground.fixture.folder() / "twin", tinyConfig(), 2);
        QVERIFY(ground.fixture.import({ground.fixture.folder() / "twin", "local", "twin", false}));
        const auto imported = importAs(ground, "mine");
        QVERIFY2(imported, imported ? "" : imported.error().message.c_str());
        QVERIFY(!imported->base);
        QCOMPARE(imported->notes.size(), std::size_t{1});
        for (const char* name : {"elsewhere/model", "smollm2/135m-instruct", "local/twin"})
            QVERIFY2(imported->notes.front().find(name) != std::string::npos, name);
    }

    void anAdapterWhoseBaseIsNotThereIsTakenWithANote() {
        const ExportGround ground;
        nameBase(ground, "elsewhere/model");
        QVERIFY(fs::remove_all(ground.base.path) > 0);
        const auto imported = importAs(ground, "mine");
        QVERIFY2(imported, imported ? "" : imported.error().message.c_str());
        QVERIFY(!imported->base);
        QCOMPARE(imported->notes.size(), std::size_t{1});
        QVERIFY(imported->notes.front().find("import its base") != std::string::npos);
    }

    void anAdapterThatDoesNotFitTheBaseItNamesIsRefused() {
        const ExportGround ground;
        auto adapter = formats::readPeftAdapter(ground.adapter.path);
        adapter->pairs.front().inFeatures += 1;
        adapter->pairs.front().loraA.push_back(0.0F);
        QVERIFY(formats::writePeftAdapter(systemFiles(), ground.adapter.path, *adapter));
        const auto imported = importAs(ground, "mine");
        QVERIFY(!imported);
        QVERIFY2(names(imported.error(), {ground.base.name, "down_proj"}), imported.error().message.c_str());
        QVERIFY(!fs::exists(ground.fixture.root().finetuned() / "mine"));
    }

    void aConfigurationOfTheBaseBesideItDoesNotMakeItAModel() {
        const ExportGround ground;
        fs::copy_file(ground.fixture.source() / "config.json", ground.adapter.path / "config.json");
        const auto source = inspectSource(ground.adapter.path);
        QVERIFY2(source, source ? "" : source.error().message.c_str());
        QVERIFY(source->form == SourceForm::Adapter);
    }

    void linkedWeightsStayWhereTheyAre() {
        const ExportGround ground;
        const auto imported = ground.fixture.import({ground.adapter.path, "mine", {}, true});
        QVERIFY2(imported, imported ? "" : imported.error().message.c_str());
        QVERIFY(fs::is_symlink(imported->entry.path / formats::kPeftWeightsFile));
        QVERIFY(fs::is_regular_file(fs::symlink_status(imported->entry.path / formats::kPeftConfigFile)));
        fs::remove(ground.adapter.path / formats::kPeftWeightsFile);
        QVERIFY(ground.fixture.library().findAdapter("mine")->state == ModelState::Offline);
    }
};

QTEST_GUILESS_MAIN(TestImportAdapter)
#include "test_import_adapter.moc"
