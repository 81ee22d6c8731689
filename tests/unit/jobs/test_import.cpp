#include <algorithm>
#include <csignal>
#include <utility>

#include <QTest>

#include "core/error_codes.h"
#include "import_ground.h"
#include "jobs/import/import_name.h"
#include "jobs/library/damage_mark.h"
#include "jobs/library/leftovers.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

class TestImport final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aFolderIsCopiedAndProved() {
        const LibraryFixture fixture;
        writeText(fixture.source() / "pictures.png", "not part of a model");
        Progress last;
        std::vector<std::string> phases;
        const auto result = fixture.import(fixture.request(), systemFiles(), {}, [&](const Progress& step) {
            if (step.phase != last.phase) {
                QVERIFY(last.phase.empty() || last.done == last.total);
                phases.push_back(step.phase);
            } else {
                QVERIFY(step.done >= last.done);
            }
            QVERIFY(step.done <= step.total);
            last = step;
        });
        QVERIFY(result);
        QVERIFY(!result->wasThere);
        QCOMPARE(result->entry.path, fixture.installed());
        QVERIFY(phases == (std::vector<std::string>{"copying", "hashing"}));
        QCOMPARE(last.done, last.total);
        QVERIFY(isWhole(result->entry));
        QVERIFY(!fs::exists(fixture.installed() / "pictures.png"));
        const auto manifest = readManifest(fixture.installed());
        QCOMPARE(manifest->source, std::string("source"));
        QCOMPARE(manifest->files.size(), std::size_t{7});
    }

    void theSameModelIsNotImportedTwiceAndAnotherIsRefused() {
        const LibraryFixture fixture;
        (void)fixture.importedModel();
        const auto before = contentOf(fixture.installed());
        FaultFileLayer counter;
        const auto again = fixture.import(fixture.request(), counter);
        QVERIFY(again);
        QVERIFY(again->wasThere);
        QCOMPARE(counter.calls(), std::uint64_t{0});
        writeTinyWeights(fixture.source(), tinyConfig(), 2);
        const auto other = fixture.import(fixture.request());
        QVERIFY(other.error().code == codes::kImportExists);
        QCOMPARE(other.error().code.errorClass, ErrorClass::Refused);
        QVERIFY(names(other.error(), {fixture.installed().string(), "--replace", "--as local"}));
        QVERIFY(contentOf(fixture.installed()) == before);
    }

    void aDamagedModelIsPutRightByItsImport_data() {
        QTest::addColumn<QString>("damage");
        for (const char* damage : {"a missing file", "other bytes that a check found", "no list of files"})
            QTest::newRow(damage) << QString::fromLatin1(damage);
    }
    void aDamagedModelIsPutRightByItsImport() {
        QFETCH(const QString, damage);
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        ImportRequest request = fixture.request();
        if (damage.startsWith(QLatin1String("a missing"))) {
            fs::remove(model.path / "tokenizer.json");
        } else if (damage.startsWith(QLatin1String("other"))) {
            flipLastByte(model.path / "model.safetensors");
            QVERIFY(fixture.import(request)->wasThere); // which nobody can know yet
            keepVerdict(model, *verifyModel(model, true, {}, {}), systemFiles());
        } else {
            writeText(model.path / kManifestName, "{");
            const auto refused = fixture.import(request); // nobody knows whose files these are
            QVERIFY(refused.error().code == codes::kManifestShape && names(refused.error(), {"--replace"}));
            request.replace = true;
        }
        const auto result = fixture.import(request);
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QVERIFY(result->replaced && !result->wasThere);
        QVERIFY(isWhole(result->entry) && result->entry.isUsable());
        QVERIFY(!fs::exists(model.path / kDamageName));
        QVERIFY(findLeftovers(fixture.root()).empty());
        QVERIFY(fixture.import(fixture.request())->wasThere);
    }

    void anotherModelTakesThePlaceOnlyWhereThatIsAsked() {
        const LibraryFixture fixture;
        (void)fixture.importedModel();
        writeTinyWeights(fixture.source(), tinyConfig(), 2);
        ImportRequest request = fixture.request();
        QVERIFY(fixture.import(request).error().code == codes::kImportExists);
        request.replace = true;
        const auto result = fixture.import(request);
        QVERIFY2(result && result->replaced, result ? "" : result.error().message.c_str());
        QVERIFY(*readFile(fixture.installed() / "model.safetensors") ==
                *readFile(fixture.source() / "model.safetensors"));
        QVERIFY(fixture.import(request)->wasThere); // the same again is not written twice
    }

    void theOldModelStaysWhereTheNewOneIsNotWhole() {
        const LibraryFixture fixture;
        (void)fixture.importedModel();
        const auto before = contentOf(fixture.root().models());
        ImportRequest request = fixture.request();
        request.replace = true;
        writeTinyWeights(fixture.source(), tinyConfig(), 2);
        writeText(fixture.source() / "tokenizer.json", "{}");
        QVERIFY(!fixture.import(request));
        QVERIFY(contentOf(fixture.root().models()) == before);
    }

    void filesOfSomebodyElseKeepAModelFromBeingReplaced() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        writeText(model.path / "notes.txt", "mine");
        fs::remove(model.path / "tokenizer.json");
        const auto result = fixture.import(fixture.request());
        QVERIFY(!result && result.error().code == codes::kImportExists);
        QVERIFY2(names(result.error(), {"notes.txt", "move"}), result.error().message.c_str());
        QCOMPARE(*readFile(model.path / "notes.txt"), std::string("mine"));
    }

    void aFolderThatLiesInItsPlaceIsTakenOverWhereItIs() {
        const LibraryFixture fixture;
        const fs::path folder = modelFolder(fixture.root(), "local", "by hand");
        writeTinyModel(folder);
        writeText(folder / ".gitattributes", "not of the model");
        const auto before = fs::last_write_time(folder / "model.safetensors");
        FaultFileLayer counter;
        const auto result = fixture.import({folder, "", "", false}, counter);
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QCOMPARE(result->entry.name, std::string("local/by hand"));
        QVERIFY(isWhole(result->entry) && result->entry.isUsable());
        QVERIFY(fs::last_write_time(folder / "model.safetensors") == before);
        QVERIFY2(counter.calls() < 10, "nothing but the list of its files is written");
        QVERIFY(fs::exists(folder / ".gitattributes"));
        writeTinyModel(fixture.installed());
        writeText(fixture.installed() / "tokenizer.json", "{}");
        QVERIFY(!fixture.import({fixture.installed(), "", "", false}));
        QVERIFY(fixture.library().find("smollm2", "135m-instruct")->state == ModelState::Foreign);
    }

    void aNameOfTheCatalogueWithAnotherShapeIsTold() {
        const LibraryFixture fixture;
        const auto told = [&](const fs::path& source, const char* family, const char* version) {
            const auto result = fixture.import({source, family, version, false});
            return result ? result->notes : std::vector<std::string>{result.error().message};
        };
        const auto hub = told(fixture.source(), "llama", "3.2-1b");
        QCOMPARE(hub.size(), std::size_t{1});
        QVERIFY2(names(Error{codes::kInternal, hub.front()},
                       {"not that of llama/3.2-1b", "million", "1.24 billion", "another name"}),
                 hub.front().c_str());
        QCOMPARE(told(kGguf, "smollm2", "135m").size(), std::size_t{1});
        QVERIFY(told(fixture.source(), "local", "mine").empty());
        ImportSource source;
        const ModelName name{"llama", "3.1-8b"};
        for (const auto& [parameters, isRight] : std::vector<std::pair<std::uint64_t, bool>>{
                 {0, true}, {8'030'261'248, true}, {1'235'814'400, false}, {70'553'706'496, false}}) {
            source.parameters = parameters;
            QCOMPARE(nameDoubt(fixture.catalog(), name, source).empty(), isRight);
        }
    }

    void aFolderOfSomebodyElseAtThatPlaceStays() {
        const LibraryFixture fixture;
        writeText(fixture.installed() / "notes.txt", "mine");
        const auto result = fixture.import(fixture.request());
        QVERIFY(result.error().code == codes::kImportExists);
        QVERIFY2(names(result.error(), {fixture.installed().string(), "notes.txt", "move", "--as local"}),
                 result.error().message.c_str());
        QCOMPARE(*readFile(fixture.installed() / "notes.txt"), std::string("mine"));
        QVERIFY(findLeftovers(fixture.root()).empty());
    }

    void weightsCanBeLinkedAndTheRestIsCopied() {
        const LibraryFixture fixture;
        const auto result = fixture.import(linkRequest(fixture));
        QVERIFY(result);
        QVERIFY(fs::is_symlink(fixture.installed() / "model.safetensors"));
        QVERIFY(!fs::is_symlink(fixture.installed() / "config.json"));
        QVERIFY(isWhole(result->entry));
        const auto gguf = fixture.import({kGguf, "local", "x", true});
        QCOMPARE(gguf.error().code.errorClass, ErrorClass::Usage);
    }

    void aGgufFileIsConverted() {
        const LibraryFixture fixture;
        const auto result = fixture.import(ggufRequest(fixture));
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QVERIFY(isWhole(result->entry));
        const auto manifest = readManifest(fixture.installed());
        QCOMPARE(manifest->source, std::string("tiny.gguf"));
        QCOMPARE(manifest->sourceSha256, *sha256File(kGguf));
        QCOMPARE(manifest->commit, std::string());
        QVERIFY(fixture.import(ggufRequest(fixture))->wasThere);
        QVERIFY(fixture.import(fixture.request()).error().code == codes::kImportExists);
    }

    void withoutANameAModelIsKeptAsLocal() {
        const LibraryFixture fixture;
        QCOMPARE(fixture.import({kGguf, "", "", false})->entry.name, std::string("local/tiny"));
        for (const char* name :
             {"SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct-GGUF-iq3_xs.gguf"}) {
            const LibraryFixture other;
            fs::copy_file(kGguf, other.folder() / name);
            QCOMPARE(other.import({other.folder() / name, "", "", false})->entry.name,
                     std::string("smollm2/135m-instruct"));
        }
        QCOMPARE(fixture.import({fixture.source(), "", "", false})->entry.name, std::string("local/source"));
        QCOMPARE(fixture.import({fixture.source(), "local", "", false})->entry.name,
                 std::string("local/source"));
        QCOMPARE(fixture.import({fixture.source(), "smollm2/135m", "", false})->entry.name,
                 std::string("smollm2/135m"));
    }

    void namesThatAreNoneAreRefusedBeforeAnythingIsWritten() {
        const LibraryFixture fixture;
        const std::vector<std::pair<std::string, std::string>> wrong{
            {"local", "../outside"}, {"local", ".hidden"}, {"..", "x"},     {"a/b", "x"},
            {"finetuned", "x"},      {"local", "a\nb"},    {"smollm2", ""}, {"local", std::string(200, 'x')}};
        for (const auto& [family, version] : wrong) {
            const auto result = fixture.import({fixture.source(), family, version, false});
            QVERIFY2(!result, (family + " " + version).c_str());
            QVERIFY2(result.error().code == codes::kImportName, result.error().message.c_str());
        }
        const auto version = fixture.import({fixture.source(), "smollm2", "136m", false});
        QVERIFY(version.error().code == codes::kVersionUnknown);
        const auto family = fixture.import({fixture.source(), "smolm2", "135m", false});
        QVERIFY(family.error().code == codes::kImportName);
        QVERIFY(names(family.error(), {"smollm2"}));
        QVERIFY(!fs::exists(fixture.root().models()));
    }

    void whatIsNoModelIsNamed_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("word");
        QTest::newRow("nothing") << ""
                                 << "IMP-01"
                                 << "config.json";
        QTest::newRow("a part of Meta's") << "params.json"
                                          << "IMP-01"
                                          << "but no tokenizer.model and no consolidated.00.pth";
        QTest::newRow("weights of Meta's alone") << "consolidated.00.pth"
                                                 << "IMP-01"
                                                 << "but no params.json and no tokenizer.model";
        QTest::newRow("pickled weights alone") << "pytorch_model.bin"
                                               << "IMP-01"
                                               << "config.json";
        QTest::newRow("adapter") << "adapter_config.json"
                                 << "IMP-01"
                                 << "adapter_model.safetensors";
        QTest::newRow("gguf inside") << "x.gguf"
                                     << "IMP-01"
                                     << "x.gguf";
        QTest::newRow("configuration alone") << "config.json"
                                             << "IMP-01"
                                             << ".safetensors";
    }
    void whatIsNoModelIsNamed() {
        QFETCH(QString, file);
        QFETCH(QString, code);
        QFETCH(QString, word);
        const LibraryFixture fixture;
        const fs::path folder = fixture.folder() / "other";
        fs::create_directories(folder);
        if (!file.isEmpty()) writeText(folder / file.toStdString(), "{}");
        const auto result = fixture.import({folder, "local", "x", false});
        QVERIFY(!result);
        QCOMPARE(std::string(result.error().code.text), code.toStdString());
        const std::string words = word.toStdString();
        QVERIFY2(names(result.error(), {folder.string(), words}), result.error().message.c_str());
        QVERIFY(!fs::exists(fixture.root().models()));
    }

    void aPathThatIsNotThereIsNotFound() {
        const LibraryFixture fixture;
        const auto result = fixture.import({fixture.folder() / "absent", "local", "x", false});
        QCOMPARE(result.error().code.errorClass, ErrorClass::NotFound);
        const auto one = fixture.import({fixture.source() / "model.safetensors", "local", "x", false});
        QVERIFY(one.error().code == codes::kImportSource);
        QVERIFY(names(one.error(), {fixture.source().string()}));
    }

    void aDamagedModelIsRefusedAndLeavesNothing() {
        const LibraryFixture fixture;
        const auto full = fs::file_size(fixture.source() / "model.safetensors");
        fs::resize_file(fixture.source() / "model.safetensors", full - 1);
        const auto cut = fixture.import(fixture.request());
        QCOMPARE(cut.error().code.errorClass, ErrorClass::Failed);
        const std::string cutFile = (fixture.source() / "model.safetensors").string();
        QVERIFY2(names(cut.error(), {cutFile}), cut.error().message.c_str());
        QVERIFY2(!names(cut.error(), {".importing"}), cut.error().message.c_str());
        auto config = tinyConfig();
        config.num_hidden_layers = 3;
        writeTinyModel(fixture.source(), config);
        writeTinyWeights(fixture.source(), tinyConfig(), 1);
        QVERIFY(fixture.import(fixture.request()).error().code == codes::kTensorSet);
        writeTinyModel(fixture.source());
        writeText(fixture.source() / "tokenizer.json", "{}");
        QVERIFY(!fixture.import(fixture.request()));
        QVERIFY(findLeftovers(fixture.root()).empty());
        QVERIFY(contentOf(fixture.root().models()).empty());
    }

    void aDamagedFolderIsRefusedBeforeItsFirstByteIsCopied() {
        const LibraryFixture fixture;
        fs::resize_file(fixture.source() / "model.safetensors",
                        fs::file_size(fixture.source() / "model.safetensors") - 1);
        FaultFileLayer counter;
        QVERIFY(!fixture.import(fixture.request(), counter));
        QCOMPARE(counter.calls(), std::uint64_t{0});
    }

    void whatBecomesDamagedWhileItIsCopiedIsNamedInTheSource() {
        const LibraryFixture fixture;
        const std::string tokenizer = (fixture.source() / "tokenizer.json").string();
        bool isFirst = true;
        const auto result = fixture.import(fixture.request(), systemFiles(), {}, [&](const Progress&) {
            if (std::exchange(isFirst, false)) writeText(tokenizer, "{}");
        });
        QVERIFY(!result);
        QVERIFY2(names(result.error(), {tokenizer}) && !names(result.error(), {".importing"}),
                 result.error().message.c_str());
    }

    void aModelLargerThanTheDiskIsRefusedBeforeTheFirstByte() {
        const LibraryFixture fixture;
        std::error_code failure;
        fs::resize_file(fixture.source() / "model.safetensors", 1ULL << 43, failure); // sparse: 8 TiB
        if (failure) QSKIP("this file system keeps no sparse file of 8 TiB");
        FaultFileLayer counter;
        const auto result = fixture.import(fixture.request(), counter);
        QVERIFY(result.error().code == codes::kDiskFull);
        QCOMPARE(result.error().code.errorClass, ErrorClass::Refused);
        QVERIFY(names(result.error(), {"smollm2/135m-instruct needs 8.8 TB", "--root"}));
        QCOMPARE(counter.calls(), std::uint64_t{0});
        ImportRequest link = fixture.request();
        link.link = true;
        QVERIFY(fixture.import(link).error().code != codes::kDiskFull); // a link takes no room
    }

    void anEntryOfTheHubsCacheIsProvedByItsOwnHashes() {
        const LibraryFixture fixture;
        const fs::path cache = fixture.folder() / "models--HuggingFaceTB--SmolLM2-135M-Instruct";
        const fs::path snapshot = cache / "snapshots" / "abc123";
        fs::create_directories(cache / "blobs");
        fs::create_directories(snapshot);
        for (const auto& file : fs::directory_iterator(fixture.source())) {
            const std::string name = file.path().filename().string();
            const std::string blob = name == "model.safetensors" ? *sha256File(file.path()) : "git-" + name;
            fs::copy_file(file.path(), cache / "blobs" / blob);
            fs::create_symlink("../../blobs/" + blob, snapshot / name);
        }
        writeText(cache / "refs" / "main", "abc123");
        const auto result = fixture.import({cache, "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QCOMPARE(result->entry.name, std::string("smollm2/135m-instruct"));
        QVERIFY(!fs::is_symlink(fixture.installed() / "model.safetensors"));
        const auto manifest = readManifest(fixture.installed());
        QCOMPARE(manifest->source, std::string("HuggingFaceTB/SmolLM2-135M-Instruct"));
        QCOMPARE(manifest->commit, std::string("abc123"));
        // The same bytes under a wrong hash are not the Hub's.
        const std::string blob = *sha256File(fixture.source() / "model.safetensors");
        const std::string wrong(64, 'a');
        fs::rename(cache / "blobs" / blob, cache / "blobs" / wrong);
        fs::remove(snapshot / "model.safetensors");
        fs::create_symlink("../../blobs/" + wrong, snapshot / "model.safetensors");
        QVERIFY(fixture.import({snapshot, "local", "x", false}).error().code == codes::kHashMismatch);
        // A link that leaves the cache is not followed.
        fs::remove(snapshot / "model.safetensors");
        fs::create_symlink(fixture.source() / "model.safetensors", snapshot / "model.safetensors");
        const auto outside = fixture.import({snapshot, "local", "x", false});
        QVERIFY(outside.error().code == codes::kImportSource);
        QVERIFY(names(outside.error(), {"out of the Hub's cache"}));
    }

    void aFolderOfLicencesIsNoPartOfTheModel() {
        const LibraryFixture fixture;
        writeText(fixture.source() / "LICENSES/MIT.txt", "free");
        const auto result = fixture.import(fixture.request());
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QVERIFY(!fs::exists(fixture.installed() / "LICENSES"));
    }

    void aLinkToItselfInTheHubsCacheIsNoCrash() {
        const LibraryFixture fixture;
        const fs::path cache = fixture.folder() / "models--org--name";
        fs::create_directories(cache / "snapshots");
        fs::create_symlink("abc", cache / "snapshots/abc");
        writeText(cache / "refs/main", "abc\n");
        const auto result = fixture.import({cache, "local", "x", false});
        QVERIFY(!result && result.error().code == codes::kImportSource);
    }

    void leftoversOfAKilledImportAreClearedByTheNext() {
        const LibraryFixture fixture;
        QVERIFY(isKilledDuring([&] {
            const StagingFolder staging(fixture.root(), "llama", "3.2-1b");
            writeText(staging.path() / "model.safetensors", "half");
            ::kill(::getpid(), SIGKILL);
        }));
        QCOMPARE(findLeftovers(fixture.root()).size(), std::size_t{1});
        QCOMPARE(findLeftovers(fixture.root()).front().version, std::string("3.2-1b"));
        (void)fixture.importedModel();
        QVERIFY(findLeftovers(fixture.root()).empty());
    }

    void anImportLeavesTheWorkOfOtherJobsAlone() {
        const LibraryFixture fixture;
        const fs::path ofALivingProcess = fixture.root().models() / "llama/.importing-3.2-1b-1.7";
        writeText(ofALivingProcess / "model.safetensors", "half");
        fs::path ofThisProcess;
        {
            const StagingFolder adapter(fixture.root(), "finetuned", "tiny_v1_finetuned");
            ofThisProcess = adapter.path();
            writeText(ofThisProcess / "adapter_model.safetensors", "half");
            (void)fixture.importedModel();
            QVERIFY(fs::exists(ofThisProcess / "adapter_model.safetensors"));
            QVERIFY(fs::exists(ofALivingProcess / "model.safetensors"));
        }
        QVERIFY(fixture.import({fixture.source(), "local", "again", false}));
        QVERIFY(!fs::exists(ofThisProcess));
        QVERIFY(fs::exists(ofALivingProcess));
    }

    void ofTwoImportsOfOneNameOneWins() {
        const LibraryFixture fixture;
        const auto lock = RootLock::acquire(fixture.root());
        QVERIFY(lock);
        bool isWithin = false;
        const auto import = [&](const ProgressSink& progress) {
            return importModel(fixture.request(), *lock, fixture.catalog(), systemFiles(), {}, progress);
        };
        const auto late = import([&](const Progress& state) {
            if (state.phase != "copying" || std::exchange(isWithin, true)) return;
            const auto early = import({});
            QVERIFY2(early, early ? "" : early.error().message.c_str());
        });
        QVERIFY(isWithin);
        QVERIFY(!late && late.error().code == codes::kImportExists);
        QVERIFY(isWhole(*fixture.library().find("smollm2", "135m-instruct")));
        QVERIFY(findLeftovers(fixture.root()).empty());
    }
};

QTEST_GUILESS_MAIN(TestImport)
#include "test_import.moc"
