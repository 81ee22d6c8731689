// Models that LM Studio has: where it keeps them, and their names there.
#include <QTest>

#include "config/lm_studio.h"
#include "core/error_codes.h"
#include "jobs/import/import_lm_studio.h"
#include "import_ground.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

/// A home with LM Studio's folder in it.
struct Home {
    config::Environment environment() const { return {{"HOME", folder.path().string()}}; }
    std::vector<fs::path> folders() const { return config::lmStudioFolders(environment()); }

    TemporaryFolder folder;
    fs::path models = folder / ".lmstudio/models";
};

} // namespace

class TestLmStudio final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void itsFoldersAreFoundByPointerAndSettings() {
        const Home home;
        QCOMPARE(home.folders(),
                 (std::vector<fs::path>{home.models, home.folder / ".cache/lm-studio/models"}));
        writeText(home.folder / ".lmstudio/settings.json", R"({"downloadsFolder": "/mnt/disk/models"})");
        QCOMPARE(home.folders().front(), fs::path("/mnt/disk/models"));
        writeText(home.folder / ".lmstudio/settings.json", R"({"downloadsFolder": 7})");
        QCOMPARE(home.folders().front(), home.models);
        writeText(home.folder / ".lmstudio-home-pointer", (home.folder / "other").string() + "\r\n");
        QCOMPARE(home.folders().front(), home.folder / "other/models");
        QVERIFY(config::lmStudioFolders({}).empty());
    }

    void aRepositoryWithOneModelIsThatModel() {
        const Home home;
        const fs::path file = home.models / "somebody/tiny-GGUF/tiny.gguf";
        writeText(file, "x");
        writeText(home.models / "somebody/tiny-GGUF/mmproj-tiny.gguf", "x");
        QCOMPARE(*lmStudioModel(home.folders(), "somebody/tiny-GGUF"), file);
        QCOMPARE(*lmStudioModel(home.folders(), "somebody/tiny-GGUF/tiny.gguf"), file);
        for (const char* name :
             {"somebody/other", "somebody", "../models/x", "/somebody/tiny-GGUF", "a/b/c/d"})
            QVERIFY2(lmStudioModel(home.folders(), name)->empty(), name);
    }

    void ofSeveralOneIsToBeNamed() {
        const Home home;
        for (const char* name : {"a-Q4.gguf", "a-Q8.gguf"})
            writeText(home.models / "somebody/a" / name, "x");
        const auto found = lmStudioModel(home.folders(), "somebody/a");
        QVERIFY(!found);
        QCOMPARE(found.error().code, codes::kImportSource);
        QVERIFY(names(found.error(), {"a-Q4.gguf", "a-Q8.gguf"}));
        for (const char* part : {"b-00001-of-00002.gguf", "b-00002-of-00002.gguf"})
            writeText(home.models / "somebody/b" / part, "x");
        QCOMPARE(lmStudioModel(home.folders(), "somebody/b")->filename(), fs::path("b-00001-of-00002.gguf"));
    }

    void itIsImportedByItsNameAndStaysWhereItIs() {
        const Home home;
        const LibraryFixture fixture;
        const fs::path file = home.models / "somebody/tiny-GGUF/tiny.gguf";
        fs::create_directories(file.parent_path());
        fs::copy_file(kGguf, file);
        ImportRequest request{"somebody/tiny-GGUF", "local", "tiny", false};
        request.places.lmStudioFolders = home.folders();
        const auto imported = fixture.import(request);
        QVERIFY2(imported, imported ? "" : imported.error().message.c_str());
        QVERIFY(imported->entry.isUsable());
        QVERIFY(isThere(file));
    }
};

QTEST_GUILESS_MAIN(TestLmStudio)
#include "test_lm_studio.moc"
