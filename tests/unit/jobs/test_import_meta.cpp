// Import of a folder in Meta's layout: the same weights under Hub names, a tokenizer that the rest of the
// program reads, the checklist believed, nothing left where it fails.
#include <fstream>

#include <QtTest>

#include "core/error_codes.h"
#include "formats/hub/model_weights.h"
#include "formats/safetensors/safetensors_reader.h"
#include "jobs/import/import_source.h"
#include "library_fixture.h"
#include "support/piece_lines.h"
#include "text/template/chat_template.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

fs::path metaFolder() {
    return fs::path(LLAMAHOME_TEST_DATA) / "formats" / "meta_whole";
}

/// Of Llama 2's kind.
fs::path olderFolder() {
    return fs::path(LLAMAHOME_TEST_DATA) / "formats" / "meta_llama2";
}

/// A copy whose files can be changed.
fs::path copyOf(const LibraryFixture& fixture, const char* name, const fs::path& from = metaFolder()) {
    const fs::path folder = fixture.folder() / name;
    fs::create_directories(folder);
    for (const auto& file : fs::directory_iterator(from))
        fs::copy_file(file.path(), folder / file.path().filename());
    return folder;
}

std::string bytesOf(formats::TensorSource& source, const formats::TensorInfo& tensor) {
    std::string bytes(tensor.byteSize(), '\0');
    const auto read = source.read(tensor, std::as_writable_bytes(std::span(bytes)));
    return read ? bytes : read.error().message;
}

/// The tensors of the imported model are those of the reference, bit for bit.
void checkTensors(const fs::path& model, const fs::path& expectedFile) {
    const auto weights = formats::openModelWeights(model);
    auto expected = formats::SafetensorsReader::open(expectedFile);
    QVERIFY(weights && expected);
    QCOMPARE((*weights)->tensors().size(), (*expected)->tensors().size());
    for (const formats::TensorInfo& wanted : (*expected)->tensors()) {
        const formats::TensorInfo* const found = (*weights)->find(wanted.name);
        QVERIFY2(found != nullptr, wanted.name.c_str());
        QVERIFY2(bytesOf(**weights, *found) == bytesOf(**expected, wanted), wanted.name.c_str());
    }
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
        QCOMPARE(result->notes.size(), std::size_t{2}); // it is no 1B
        QVERIFY(result->notes.front().find("shape") != std::string::npos);
        QVERIFY(result->notes.back().find("base model") != std::string::npos);
        QVERIFY(result->entry.isUsable());
        checkTensors(result->entry.path, metaFolder() / "expected.safetensors");
        const auto tokenizer = text::Tokenizer::load(result->entry.path);
        QVERIFY2(tokenizer, tokenizer ? "" : tokenizer.error().message.c_str());
        QCOMPARE(tokenizer->endTokens().size(), std::size_t{1});
        QCOMPARE(tokenizer->bos(), tokenizer->idOf("<|begin_of_text|>"));
        QVERIFY(fs::exists(result->entry.path / "LICENSE"));
        QVERIFY(!fs::exists(result->entry.path / "params.json"));
    }

    void aModelOfLlama2sKindHasItsTokenizerAndItsContext() {
        const LibraryFixture fixture;
        const auto result = fixture.import({olderFolder(), "local", "older", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        checkTensors(result->entry.path, olderFolder() / "expected.safetensors");
        const auto config = formats::readModelConfig(result->entry.path / "config.json");
        QVERIFY(config && !config->rope_scaling && !config->tie_word_embeddings);
        QCOMPARE(config->max_position_embeddings, std::int64_t{4096});
        QCOMPARE(config->rope_theta, 10000.0);
        QCOMPARE(config->vocab_size, std::int64_t{900});
        QCOMPARE(config->bos_token_id.value_or(-1), std::int64_t{1});
        QVERIFY(config->eos_token_ids == std::vector<std::int64_t>{2});
        const Json names = *readJsonFile(result->entry.path / "tokenizer_config.json");
        QVERIFY(names["bos_token"] == "<s>" && names["eos_token"] == "</s>" && names["unk_token"] == "<unk>");
        QVERIFY(!names.contains("chat_template") && names["model_max_length"] == 4096);
        QVERIFY(fs::exists(result->entry.path / "tokenizer.model"));
        QCOMPARE(differentPieceLines(result->entry.path), 0);
    }

    void aChatModelOfLlama2sKindHasItsDialogue() {
        const LibraryFixture fixture;
        const auto result =
            fixture.import({copyOf(fixture, "llama-2-7b-chat", olderFolder()), "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QVERIFY(result->notes.front().find("conversations") != std::string::npos);
        const auto style = text::ChatTemplate::load(result->entry.path);
        QVERIFY2(style, style ? "" : style.error().message.c_str());
        QCOMPARE(style->name(), std::string("llama2"));
        QCOMPARE(style->turnEnd(), std::string("</s>"));
        const auto named = fixture.import({olderFolder(), "local", "my-chat", false});
        QVERIFY(named && text::ChatTemplate::load(named->entry.path)->name() == "llama2");
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
        const auto result = fixture.import({snapshot / "original", "local", "cached", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        const auto manifest = readManifest(result->entry.path);
        QCOMPARE(manifest->commit, std::string("abc"));
        QCOMPARE(manifest->sourceSha256.size(), std::size_t{64});
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

    void whatTheChecklistContradictsIsRefused_data() {
        QTest::addColumn<QString>("file");
        for (const char* file : {"tokenizer.model", "consolidated.00.pth", "params.json"})
            QTest::addRow("TK-28 %s", file) << QString::fromLatin1(file);
    }
    void whatTheChecklistContradictsIsRefused() {
        QFETCH(const QString, file);
        const std::string name = file.toStdString();
        const LibraryFixture fixture;
        const fs::path folder = copyOf(fixture, "damaged");
        std::string bytes = *readFile(folder / name);
        if (name.ends_with(".pth"))
            bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1); // one number is another
        else
            bytes += '\n';
        QVERIFY(writeFileAtomically(systemFiles(), folder / name, bytes));
        FaultFileLayer counter;
        const auto refused = fixture.import({folder, "local", "meta", false}, counter);
        QVERIFY2(!refused && refused.error().code == codes::kMetaChecklist,
                 refused ? "was accepted" : refused.error().message.c_str());
        QVERIFY(names(refused.error(), {name, "checklist.chk", "MD5"}));
        QCOMPARE(counter.calls(), std::uint64_t{0});
        QVERIFY(!fs::exists(fixture.root().models()));
    }

    void aFolderWithoutAChecklistIsTakenOverAllTheSame() {
        const LibraryFixture fixture;
        const fs::path folder = copyOf(fixture, "plain");
        fs::remove(folder / "checklist.chk");
        const auto result = fixture.import({folder, "local", "meta", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
    }

    void aLinkIsRefused() {
        const LibraryFixture fixture;
        const auto refused = fixture.import({metaFolder(), "local", "meta", true});
        QVERIFY(!refused && refused.error().code == codes::kImportName);
    }

    void aTokenizerWithMoreTokensThanTheEmbeddingHasRowsIsRefused() {
        const LibraryFixture fixture;
        const fs::path folder = copyOf(fixture, "other", metaFolder());
        fs::remove(folder / "checklist.chk");
        fs::remove(folder / "tokenizer.model");
        std::string piece("\n\x09\n\x05<unk>\x18\x02", 11); // one piece, of the type unknown
        for (int i = 0; i < 3000; ++i) {
            const std::string text = "p" + std::to_string(10000 + i);
            piece += "\n\x08\n\x06" + text;
        }
        std::ofstream(folder / "tokenizer.model") << piece << "\x12\x02\x18\x02";
        const auto refused = fixture.import({folder, "local", "other", false});
        QVERIFY2(!refused && refused.error().code == codes::kRankTable,
                 refused ? "was accepted" : refused.error().message.c_str());
        QVERIFY(names(refused.error(), {"found 3001 tokens", "get the tokenizer of this model"}));
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
