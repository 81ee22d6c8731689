#include <functional>

#include <QTest>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/json.h"
#include "jobs/library/manifest.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

Manifest labels() {
    Manifest manifest;
    manifest.family = "smollm2";
    manifest.version = "135m-instruct";
    manifest.source = "a folder";
    return manifest;
}

Manifest builtManifest(const fs::path& folder) {
    auto manifest = buildManifest(folder, labels(), "first seen", {}, {});
    if (!manifest) throw std::runtime_error(manifest.error().message);
    return std::move(*manifest);
}

/// The manifest's JSON with one change, read again.
Result<Manifest> changed(const std::function<void(Json&)>& change) {
    const TemporaryFolder folder;
    writeTinyModel(folder / "m");
    if (auto written = writeManifest(systemFiles(), folder / "m", builtManifest(folder / "m")); !written)
        return written.error();
    auto json = readJsonFile(folder / "m" / "llamahome.json");
    change(*json);
    return parseManifest(writeJson(*json), "llamahome.json");
}

} // namespace

class TestManifest final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void writtenAndReadItIsTheSame() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "m");
        const Manifest built = builtManifest(folder / "m");
        QVERIFY(writeManifest(systemFiles(), folder / "m", built));
        const auto read = readManifest(folder / "m");
        QVERIFY(read);
        QCOMPARE(read->family, built.family);
        QCOMPARE(read->version, built.version);
        QCOMPARE(read->source, built.source);
        QCOMPARE(read->digest, built.digest);
        QCOMPARE(read->files.size(), std::size_t{7});
        QCOMPARE(read->files.front().path, std::string("LICENSE"));
        QCOMPARE(read->files.front().sha256, sha256Hex("A licence for tests.\n"));
        QCOMPARE(read->files.front().sizeBytes, std::uint64_t{21});
        QCOMPARE(read->files.front().origin, std::string("first seen"));
        QCOMPARE(builtManifest(folder / "m").files.size(),
                 std::size_t{7}); // a manifest is not in the next one
    }

    void theDigestIsOfConfigurationWeightsAndTokenizerAlone() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "m");
        const std::string before = builtManifest(folder / "m").digest;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "m" / "LICENSE", "other terms"));
        QVERIFY(writeFileAtomically(systemFiles(), folder / "m" / "README.md", "words"));
        QCOMPARE(builtManifest(folder / "m").digest, before);
        writeTinyWeights(folder / "m", tinyConfig(), 2);
        QVERIFY(builtManifest(folder / "m").digest != before);
        writeTinyWeights(folder / "m", tinyConfig(), 1);
        QCOMPARE(builtManifest(folder / "m").digest, before);
        QVERIFY(writeFileAtomically(systemFiles(), folder / "m" / "tokenizer.json", "{}"));
        QVERIFY(builtManifest(folder / "m").digest != before);
    }

    void progressRisesToTheBytesOfAllFiles() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "m");
        Progress last;
        const auto manifest =
            buildManifest(folder / "m", labels(), "first seen", {}, [&](const Progress& step) {
                QVERIFY(step.done >= last.done);
                last = step;
            });
        QVERIFY(manifest);
        QCOMPARE(last.done, manifest->totalBytes());
        QCOMPARE(last.total, manifest->totalBytes());
    }

    void aCancelIsAnInterruption() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "m");
        const CancelToken cancel;
        cancel.cancel();
        const auto manifest = buildManifest(folder / "m", labels(), "first seen", cancel, {});
        QCOMPARE(manifest.error().code.errorClass, ErrorClass::Interrupted);
    }

    void withoutAManifestTheErrorIsNotFound() {
        const TemporaryFolder folder;
        QVERIFY(readManifest(folder.path()).error().code == codes::kFileNotFound);
    }

    void hostileNamesAreRefused() {
        for (const char* name : {"../outside", "/etc/passwd", "a/b", "..", ".", "", ".hidden", "a\\b", "C:x",
                                 "a\nb", "llamahome.json", "LlamaHome.json"}) {
            const auto read = changed([&](Json& json) { json["files"][0]["path"] = name; });
            QVERIFY2(!read, name);
            QVERIFY2(read.error().code == codes::kManifestShape, name);
            QVERIFY(names(read.error(), {"llamahome.json", "files"}));
        }
        const auto family = changed([](Json& json) { json["family"] = "../.."; });
        QVERIFY(family.error().code == codes::kManifestShape);
    }

    void whatIsNoManifestIsRefusedWithItsField() {
        const std::vector<std::pair<std::string, std::function<void(Json&)>>> cases{
            {"schema", [](Json& json) { json.erase("schema"); }},
            {"kind", [](Json& json) { json["kind"] = "programme"; }},
            {"version", [](Json& json) { json["version"] = 3; }},
            {"files", [](Json& json) { json["files"] = Json::array(); }},
            {"files", [](Json& json) { json["files"] = "all"; }},
            {"files", [](Json& json) { json["files"][1] = 7; }},
            {"size", [](Json& json) { json["files"][0]["size"] = -1; }},
            {"size", [](Json& json) { json["files"][0]["size"] = 1.5; }},
            {"larger than any disk",
             [](Json& json) {
                 json["files"][0]["size"] = 0xFFFFFFFFFFFFFFFFULL;
                 json["files"][1]["size"] = 2;
             }},
            {"SHA-256", [](Json& json) { json["files"][0]["sha256"] = "abc"; }},
            {"twice", [](Json& json) { json["files"][1]["path"] = "license"; }},
            {"digest", [](Json& json) { json["files"][1]["sha256"] = std::string(64, '0'); }},
            {"no object", [](Json& json) { json = Json::array(); }},
        };
        for (const auto& [word, change] : cases) {
            const auto read = changed(change);
            QVERIFY2(!read, word.c_str());
            QVERIFY2(read.error().code == codes::kManifestShape, word.c_str());
            QVERIFY2(names(read.error(), {"llamahome.json", word}), read.error().message.c_str());
        }
    }

    void aLinkThatNamesItselfIsAnError() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "m");
        fs::create_symlink("model-2.safetensors", folder / "m/model-2.safetensors");
        const auto built = buildManifest(folder / "m", {}, "first seen", {}, {});
        QVERIFY(!built);
        QVERIFY(names(built.error(), {"model-2.safetensors"}));
    }

    void aNewerSchemaSaysSo() {
        const auto read = changed([](Json& json) { json["schema"] = 2; });
        QVERIFY(read.error().code == codes::kManifestSchema);
        QVERIFY(names(read.error(), {"schema 2", "newer"}));
    }

    void cutTextAtEveryByteIsRefused() {
        const TemporaryFolder folder;
        writeTinyModel(folder / "m");
        QVERIFY(writeManifest(systemFiles(), folder / "m", builtManifest(folder / "m")));
        const std::string text = *readFile(folder / "m" / "llamahome.json");
        for (std::size_t length = 0; length + 2 < text.size(); ++length)
            QVERIFY(!parseManifest(std::string_view(text).substr(0, length), "llamahome.json"));
    }
};

QTEST_GUILESS_MAIN(TestManifest)
#include "test_manifest.moc"
