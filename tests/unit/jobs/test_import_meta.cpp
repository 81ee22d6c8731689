// Import of a folder in Meta's layout: the same weights under Hub names, a tokenizer that the rest of the
// program reads, the checklist believed, nothing left where it fails.
#include <fstream>

#include <QtTest>

#include "core/error_codes.h"
#include "formats/hub/model_weights.h"
#include "formats/safetensors/safetensors_reader.h"
#include "jobs/import_source.h"
#include "library_fixture.h"
#include "text/tokenizer.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

fs::path metaFolder() {
    return fs::path(LLAMAHOME_TEST_DATA) / "formats" / "meta_whole";
}

/// A copy whose files can be changed.
fs::path copyOf(const LibraryFixture& fixture, const char* name) {
    const fs::path folder = fixture.folder() / name;
    fs::create_directories(folder);
    for (const auto& file : fs::directory_iterator(metaFolder()))
        fs::copy_file(file.path(), folder / file.path().filename());
    return folder;
}

std::string bytesOf(formats::TensorSource& source, const formats::TensorInfo& tensor) {
    std::string bytes(tensor.byteSize(), '\0');
    const auto read = source.read(tensor, std::as_writable_bytes(std::span(bytes)));
    return read ? bytes : read.error().message;
}

} // namespace

class TestImportMeta : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theModelIsAnOrdinaryOneOfTheHub() {
        const LibraryFixture fixture;
        const auto result = fixture.import({metaFolder(), "llama", "3.2-1b", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QVERIFY(!result->wasThere);
        QCOMPARE(result->notes.size(), std::size_t{1});
        QVERIFY(result->notes.front().find("base model") != std::string::npos);
        QVERIFY(result->entry.isUsable());
        const auto weights = formats::openModelWeights(result->entry.path);
        auto expected = formats::SafetensorsReader::open(metaFolder() / "expected.safetensors");
        QVERIFY(weights && expected);
        QCOMPARE((*weights)->tensors().size(), (*expected)->tensors().size());
        for (const formats::TensorInfo& wanted : (*expected)->tensors()) {
            const formats::TensorInfo* const found = (*weights)->find(wanted.name);
            QVERIFY2(found != nullptr, wanted.name.c_str());
            QVERIFY2(bytesOf(**weights, *found) == bytesOf(**expected, wanted), wanted.name.c_str());
        }
        const auto tokenizer = text::Tokenizer::load(result->entry.path);
        QVERIFY2(tokenizer, tokenizer ? "" : tokenizer.error().message.c_str());
        QCOMPARE(tokenizer->endTokens().size(), std::size_t{1});
        QCOMPARE(tokenizer->bos(), tokenizer->idOf("<|begin_of_text|>"));
        QVERIFY(fs::exists(result->entry.path / "LICENSE"));
        QVERIFY(!fs::exists(result->entry.path / "params.json"));
    }

    void anInstructModelIsKnownByItsName() {
        const LibraryFixture fixture;
        const auto result = fixture.import({copyOf(fixture, "Llama-3.2-1B-Instruct"), "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        const auto tokenizer = text::Tokenizer::load(result->entry.path);
        QVERIFY(tokenizer);
        QCOMPARE(tokenizer->endTokens().size(), std::size_t{3});
    }

    void theFolderOriginalOfTheHubsCacheIsNamedByItsEntry() {
        const LibraryFixture fixture;
        const fs::path snapshot =
            fixture.folder() / "models--meta-llama--Llama-9-1B-Instruct" / "snapshots" / "abc";
        fs::create_directories(snapshot);
        const fs::path original = copyOf(fixture, "moved");
        fs::rename(original, snapshot / "original");
        const auto source = inspectSource(snapshot / "original");
        QVERIFY2(source, source ? "" : source.error().message.c_str());
        QCOMPARE(source->name, std::string("meta-llama/Llama-9-1B-Instruct"));
        QCOMPARE(source->suggestedName, std::string("Llama-9-1B-Instruct"));
        QCOMPARE(source->commit, std::string("abc"));
        QVERIFY(source->isInstructByName);
    }

    void theSameFolderAgainIsRecognisedAndAnotherIsNot() {
        const LibraryFixture fixture;
        QVERIFY(fixture.import({metaFolder(), "local", "meta", false}));
        const auto again = fixture.import({metaFolder(), "local", "meta", false});
        QVERIFY(again && again->wasThere);
        const fs::path other = copyOf(fixture, "other");
        fs::remove(other / "checklist.chk");
        std::ofstream(other / "LICENSE", std::ios::app) << "changed\n";
        const auto relicensed = fixture.import({other, "local", "meta", false});
        QVERIFY(relicensed && relicensed->wasThere);
        std::ofstream(other / "params.json", std::ios::app) << "\n";
        const auto refused = fixture.import({other, "local", "meta", false});
        QVERIFY(!refused && refused.error().code == codes::kImportExists);
    }

    void oneOfItsWeightFilesStandsForTheFolder() {
        const LibraryFixture fixture;
        const auto result = fixture.import({metaFolder() / "consolidated.00.pth", "local", "meta", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
    }

    void whatTheChecklistContradictsIsRefused() {
        const LibraryFixture fixture;
        const fs::path folder = copyOf(fixture, "damaged");
        std::ofstream(folder / "tokenizer.model", std::ios::app) << "\n";
        const auto refused = fixture.import({folder, "local", "meta", false});
        QVERIFY(!refused && refused.error().code == codes::kMetaChecklist);
        QVERIFY(names(refused.error(), {"tokenizer.model", "checklist.chk", "MD5"}));
        QVERIFY(!fs::exists(fixture.root().models()));
    }

    void aLinkIsRefused() {
        const LibraryFixture fixture;
        const auto refused = fixture.import({metaFolder(), "local", "meta", true});
        QVERIFY(!refused && refused.error().code == codes::kImportName);
    }

    void aFailureAtAnyFileCallLeavesNothing() {
        const LibraryFixture fixture;
        FaultFileLayer counting;
        QVERIFY(fixture.import({metaFolder(), "local", "meta", false}, counting));
        const std::uint64_t calls = counting.calls();
        for (std::uint64_t call = 1; call < calls; ++call) { // the last flushes the folder's name
            const LibraryFixture fresh;
            FaultFileLayer failing(call, Fault::DiskFull);
            const auto result = fresh.import({metaFolder(), "local", "meta", false}, failing);
            QVERIFY2(!result, std::to_string(call).c_str());
            QVERIFY2(!fs::exists(jobs::modelFolder(fresh.root(), "local", "meta")),
                     std::to_string(call).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestImportMeta)
#include "test_import_meta.moc"
