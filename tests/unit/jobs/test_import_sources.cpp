// Import of what other programs keep: pickled weights in Hub layout, Ollama's store, the Hub's cache by a
// model's id, a SentencePiece tokenizer. Nothing leads out of a store, and every hash is believed only when
// it is proved.
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QtTest>

#include "core/error_codes.h"
#include "core/hash.h"
#include "formats/hub/model_weights.h"
#include "formats/safetensors/safetensors_reader.h"
#include "jobs/import/import_source.h"
#include "jobs/verify/model_checks.h"
#include "library_fixture.h"
#include "support/piece_lines.h"
#include "text/template/chat_template.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

fs::path data(const char* name) {
    return fs::path(LLAMAHOME_TEST_DATA) / "formats" / name;
}

void writeText(const fs::path& path, std::string_view text) {
    fs::create_directories(path.parent_path());
    fs::remove(path);
    std::ofstream(path, std::ios::binary) << text;
}

std::string bytesOf(formats::TensorSource& source, const formats::TensorInfo& tensor) {
    std::string bytes(tensor.byteSize(), '\0');
    const auto read = source.read(tensor, std::as_writable_bytes(std::span(bytes)));
    return read ? bytes : read.error().message;
}

std::string originOf(const Manifest& manifest, std::string_view name) {
    for (const ManifestFile& file : manifest.files)
        if (file.path == name) return file.origin;
    return "not listed";
}

/// A Hub folder of pickled weights: those of the fixture, with the tiny model's tokenizer.
fs::path pickledFolder(const LibraryFixture& fixture, const char* name) {
    const fs::path folder = fixture.folder() / name;
    fs::create_directories(folder);
    for (const auto& file : fs::directory_iterator(data(name)))
        if (file.path().extension() != ".safetensors")
            fs::copy_file(file.path(), folder / file.path().filename());
    for (const char* side : {"tokenizer.json", "tokenizer_config.json", "LICENSE"})
        fs::copy_file(fixture.source() / side, folder / side);
    return folder;
}

/// A store as Ollama keeps it, with one model of the fixture tiny.gguf.
struct OllamaStore {
    explicit OllamaStore(const fs::path& folder)
        : root(folder / "models") {
        fs::create_directories(root / "blobs");
        model = addBlob(*readFile(data("tiny.gguf")));
        licence = addBlob("A licence\n");
        manifest = writeManifest("library", "tiny", "1b", layers());
    }
    /// The digest of a new blob.
    std::string addBlob(const std::string& bytes) const {
        const fs::path unnamed = root / "blobs" / "new";
        writeText(unnamed, bytes);
        const std::string digits = *sha256File(unnamed);
        fs::rename(unnamed, root / "blobs" / ("sha256-" + digits));
        return "sha256:" + digits;
    }
    fs::path blob(const std::string& digest) const { return root / "blobs" / ("sha256-" + digest.substr(7)); }
    Json layer(const char* kind, const std::string& digest) const {
        std::error_code absent;
        const auto size = fs::file_size(blob(digest), absent);
        return {{"mediaType", std::string("application/vnd.ollama.image.") + kind},
                {"digest", digest},
                {"size", absent ? 0 : size}};
    }
    Json layers() const { return Json::array({layer("model", model), layer("license", licence)}); }
    fs::path writeManifest(const char* space, const char* name, const char* tag, const Json& list) const {
        const fs::path path = root / "manifests" / "registry.ollama.ai" / space / name / tag;
        writeText(path, writeJsonLine({{"schemaVersion", 2},
                                       {"mediaType", "application/vnd.docker.distribution.manifest.v2+json"},
                                       {"layers", list}}));
        return path;
    }

    fs::path root;
    std::string model;
    std::string licence;
    fs::path manifest;
};

/// The store's model becomes one whose GGUF file has no chat template.
void addModelWithoutTemplate(OllamaStore& store) {
    std::string bytes = *readFile(data("tiny.gguf"));
    bytes.replace(bytes.find("tokenizer.chat_template"), 23, "tokenizer.none_template");
    store.model = store.addBlob(bytes);
}

/// A snapshot in the Hub's cache, its files links to blobs as the Hub's client makes them.
fs::path cachedSnapshot(const fs::path& hubCache, const char* entry, const fs::path& from) {
    const fs::path folder = hubCache / entry;
    const fs::path snapshot = folder / "snapshots" / "0123abcd";
    fs::create_directories(folder / "blobs");
    fs::create_directories(snapshot);
    for (const auto& file : fs::directory_iterator(from)) {
        const std::string name = file.path().filename().string();
        const bool isLarge = name.ends_with(".safetensors") || name.ends_with(".bin");
        const std::string blob = isLarge ? *sha256File(file.path()) : "git-" + name;
        fs::copy_file(file.path(), folder / "blobs" / blob);
        fs::create_symlink("../../blobs/" + blob, snapshot / name);
    }
    writeText(folder / "refs/main", "0123abcd");
    return snapshot;
}

} // namespace

class TestImportSources final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pickledWeightsBecomeSafetensorsBitForBit_data() {
        QTest::addColumn<QString>("name");
        QTest::newRow("one file, tied") << QStringLiteral("pickled_one");
        QTest::newRow("shards, shared storage") << QStringLiteral("pickled_shards");
    }
    void pickledWeightsBecomeSafetensorsBitForBit() {
        QFETCH(const QString, name);
        const std::string folder = name.toStdString();
        const LibraryFixture fixture;
        const auto result =
            fixture.import({pickledFolder(fixture, folder.c_str()), "local", "pickled", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QVERIFY(result->entry.isUsable());
        const auto weights = formats::openModelWeights(result->entry.path);
        auto expected = formats::SafetensorsReader::open(data(folder.c_str()) / "expected.safetensors");
        QVERIFY(weights && expected);
        QCOMPARE((*weights)->tensors().size(), (*expected)->tensors().size());
        for (const formats::TensorInfo& wanted : (*expected)->tensors()) {
            const formats::TensorInfo* const found = (*weights)->find(wanted.name);
            QVERIFY2(found != nullptr, wanted.name.c_str());
            QVERIFY2(bytesOf(**weights, *found) == bytesOf(**expected, wanted), wanted.name.c_str());
        }
        for (const auto& file : fs::directory_iterator(result->entry.path))
            QVERIFY2(file.path().string().find("pytorch_model") == std::string::npos, file.path().c_str());
        QVERIFY(fs::exists(result->entry.path / "LICENSE"));
        const auto again = fixture.import({fixture.folder() / folder, "local", "pickled", false});
        QVERIFY(again && again->wasThere);
    }

    void oneOfItsFilesStandsForAFolderAndSafetensorsGoFirst() {
        const LibraryFixture fixture;
        const fs::path folder = pickledFolder(fixture, "pickled_one");
        const auto result = fixture.import({folder / "pytorch_model.bin", "local", "one", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        fs::copy_file(data("pickled_one") / "expected.safetensors", folder / "model.safetensors");
        writeText(folder / "pytorch_model.bin", "no weights at all");
        const auto plain = fixture.import({folder, "local", "two", false});
        QVERIFY2(plain, plain ? "" : plain.error().message.c_str());
        QVERIFY(!fs::exists(plain->entry.path / "pytorch_model.bin"));
    }

    void anIndexThatLeadsToNoWeightsIsNotTakenAlong() {
        const LibraryFixture fixture;
        const char* index = "model.safetensors.index.json";
        const std::string text =
            R"({"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}})";
        const fs::path folder = pickledFolder(fixture, "pickled_one");
        writeText(folder / index, text);
        writeText(fixture.source() / index, text);
        for (const fs::path& source : {folder, fixture.source()}) {
            const auto result = fixture.import({source, "local", source.filename().string(), false});
            QVERIFY2(result, result ? "" : result.error().message.c_str());
            QVERIFY(!fs::exists(result->entry.path / index));
            QVERIFY(formats::openModelWeights(result->entry.path));
            QVERIFY(fixture.import({source, "local", source.filename().string(), false})->wasThere);
        }
    }

    void aPipeIsNoModelAndIsNotReadFrom() {
        const LibraryFixture fixture;
        for (const char* name : {"pipe", "pipe.gguf"}) {
            const fs::path pipe = fixture.folder() / name;
            QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
            // Held open with bytes in it, so that a reader would not wait for ever.
            const int held = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK);
            QVERIFY(held >= 0 && ::write(held, "pipe of bytes", 13) == 13);
            const auto refused = inspectSource(pipe);
            char bytes[32];
            QCOMPARE(::read(held, bytes, sizeof bytes), ssize_t(13));
            ::close(held);
            QVERIFY(!refused && refused.error().code == codes::kNotAFile);
        }
    }

    void licencesAndNoticesComeAlongWhateverTheirCase() {
        const LibraryFixture fixture;
        fs::rename(fixture.source() / "LICENSE", fixture.source() / "license.txt");
        writeText(fixture.source() / "License.TXT", "the same name to other systems");
        writeText(fixture.source() / "Notice.txt", "a notice");
        writeText(fixture.source() / "unlicensed.txt", "something else");
        writeText(fixture.source() / "readme.md", "a card that an export's would stand beside");
        const auto result = fixture.import(fixture.request());
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QVERIFY(result->entry.isUsable());
        QVERIFY(fs::exists(result->entry.path / "License.TXT"));
        QVERIFY(!fs::exists(result->entry.path / "license.txt"));
        QVERIFY(fs::exists(result->entry.path / "Notice.txt"));
        for (const char* name : {"unlicensed.txt", "readme.md"})
            QVERIFY2(!fs::exists(result->entry.path / name), name);
        const auto licence = checkLicence(result->entry.path, "");
        QVERIFY(licence && *licence == "License.TXT");
    }

    void wrongPickledWeightsAreRefusedAndLeaveNothing() {
        struct Case {
            const char* name;
            ErrorCode code;
            std::function<void(const fs::path&)> change;
        };
        const char* second = "pytorch_model-00002-of-00002.bin";
        const std::vector<Case> cases{
            {"missing shard", codes::kIndexShards, [&](const fs::path& f) { fs::remove(f / second); }},
            {"a file outside", codes::kIndexFileName,
             [](const fs::path& f) {
                 writeText(f / "pytorch_model.bin.index.json",
                           R"({"weight_map": {"a": "../../etc/passwd"}})");
             }},
            {"no object", codes::kJsonShape,
             [](const fs::path& f) { writeText(f / "pytorch_model.bin.index.json", "[]"); }},
            {"a web page", codes::kWebPage,
             [&](const fs::path& f) { writeText(f / second, "<!doctype html><html>"); }},
            {"another size", codes::kTensorShape,
             [](const fs::path& f) {
                 std::string text = *readFile(f / "config.json");
                 text.replace(text.find("48"), 2, "40");
                 writeText(f / "config.json", text);
             }},
            {"a tokenizer that is too large", codes::kAddedToken, [](const fs::path& f) {
                 std::string text = *readFile(f / "tokenizer.json");
                 text.replace(text.find("\"added_tokens\": ["), 17,
                              R"("added_tokens": [{"id": 999, "content": "<far>"},)");
                 writeText(f / "tokenizer.json", text);
             }}};
        for (const Case& c : cases) {
            const LibraryFixture fixture;
            const fs::path folder = pickledFolder(fixture, "pickled_shards");
            c.change(folder);
            const auto refused = fixture.import({folder, "local", "x", false});
            QVERIFY2(!refused, c.name);
            QVERIFY2(refused.error().code == c.code,
                     (std::string(c.name) + ": " + refused.error().message).c_str());
            QVERIFY2(!fs::exists(jobs::modelFolder(fixture.root(), "local", "x")), c.name);
        }
    }

    void aFailureAtAnyFileCallOfAConversionLeavesNothing() {
        const LibraryFixture fixture;
        FaultFileLayer counting;
        const fs::path folder = pickledFolder(fixture, "pickled_shards");
        QVERIFY(fixture.import({folder, "local", "x", false}, counting));
        for (std::uint64_t call = 1; call < counting.calls(); ++call) { // the last flushes the folder's name
            const LibraryFixture fresh;
            FaultFileLayer failing(call, Fault::DiskFull);
            QVERIFY2(!fresh.import({folder, "local", "x", false}, failing), std::to_string(call).c_str());
            QVERIFY2(!fs::exists(jobs::modelFolder(fresh.root(), "local", "x")),
                     std::to_string(call).c_str());
        }
    }

    void aFolderWithSentencePiecesTokenizerAloneIsTakenOverAndTokenises() {
        const LibraryFixture fixture;
        const fs::path pieces = fs::path(LLAMAHOME_TEST_DATA) / "text" / "sentencepiece";
        const fs::path folder = fixture.folder() / "pieces";
        auto config = tinyConfig();
        config.vocab_size = 900;
        config.bos_token_id = 1;
        config.eos_token_ids = {2};
        writeTinyModel(folder, config);
        for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
            fs::remove(folder / name);
        fs::copy_file(pieces / "llama/tokenizer.model", folder / "tokenizer.model");
        const auto result = fixture.import({folder, "local", "pieces", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        const auto tokenizer = text::Tokenizer::load(result->entry.path);
        QVERIFY(tokenizer && tokenizer->endTokens() == std::vector<std::int32_t>{2});
        QCOMPARE(differentPieceLines(result->entry.path), 0);
    }

    void aModelOfOllamasIsTakenFromItsStore() {
        const LibraryFixture fixture;
        const OllamaStore store(fixture.folder());
        const auto result = fixture.import({store.manifest, "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QCOMPARE(result->entry.name, std::string("local/tiny-1b"));
        const auto manifest = readManifest(result->entry.path);
        QCOMPARE(manifest->source, std::string("tiny:1b"));
        QCOMPARE("sha256:" + manifest->sourceSha256, store.model);
        QCOMPARE(manifest->commit, std::string());
        QCOMPARE(originOf(*manifest, "LICENSE"), std::string("Ollama's store"));
        QCOMPARE(originOf(*manifest, "config.json"), std::string("first seen"));
        QVERIFY(result->notes.empty());
        QCOMPARE(*readFile(result->entry.path / "LICENSE"), std::string("A licence\n"));
        const auto plain = fixture.import({data("tiny.gguf"), "local", "plain", false});
        QVERIFY(*readFile(result->entry.path / "model.safetensors") ==
                *readFile(plain->entry.path / "model.safetensors"));
        QVERIFY(fixture.import({store.manifest, "", "", false})->wasThere);
    }

    void whatOllamaKeepsBesideTheModelIsNamed() {
        const LibraryFixture fixture;
        const OllamaStore store(fixture.folder());
        Json layers = store.layers();
        layers.push_back(store.layer("template", store.addBlob("{{ .Prompt }}")));
        layers.push_back(store.layer("system", store.addBlob("You are a\npirate.")));
        layers.push_back(store.layer(
            "params", store.addBlob(R"({"stop": ["<|im_start|>", "<|im_end|>"], "num_ctx": 4096})")));
        layers.push_back(store.layer("messages", "sha256:" + std::string(64, '0'))); // not there
        layers.push_back(store.layer("x", store.addBlob("something new")));
        const auto result =
            fixture.import({store.writeManifest("library", "full", "1b", layers), "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        const std::vector<std::string> expected{
            "pirate", "\"num_ctx 4096\"", "its first messages",
            "\"x\"",  "its template",     "end with \"<|im_start|>\" too"};
        QCOMPARE(result->notes.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            QVERIFY2(result->notes[i].find(expected[i]) != std::string::npos, result->notes[i].c_str());
            QVERIFY(result->notes[i].find('\n') == std::string::npos);
        }
        for (int i = 0; i < 1000; ++i)
            layers.push_back(store.layer("x", "sha256:" + std::string(64, '0')));
        const auto many = inspectSource(store.writeManifest("library", "many", "1b", layers));
        QVERIFY(many && many->notes.size() < 10);
    }

    void stopsAndAKnownTemplateOfOllamasAreTakenOver() {
        const LibraryFixture fixture;
        OllamaStore store(fixture.folder());
        addModelWithoutTemplate(store);
        Json layers = store.layers();
        layers.push_back(store.layer("template", store.addBlob("{{ if .System }}<|im_start|>system\n"
                                                               "{{ .System }}<|im_end|>\n{{ end }}"
                                                               "<|im_start|>user\n{{ .Prompt }}<|im_end|>\n"
                                                               "<|im_start|>assistant\n"
                                                               "{{ .Response }}<|im_end|>\n")));
        layers.push_back(store.layer(
            "params", store.addBlob(R"({"stop": ["<|im_end|>", "User:", "e", "<|endoftext|>"]})")));
        const auto result =
            fixture.import({store.writeManifest("library", "told", "1b", layers), "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        const std::vector<std::string> expected{"its template, which is known as chatml",
                                                "the stops \"User:\", \"e\", which",
                                                "answers end with \"<|endoftext|>\" too"};
        QCOMPARE(result->notes.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY2(result->notes[i].find(expected[i]) != std::string::npos, result->notes[i].c_str());
        const auto chat = text::ChatTemplate::load(result->entry.path);
        QVERIFY2(chat, chat ? "" : chat.error().message.c_str());
        QCOMPARE(chat->name(), std::string("chatml"));
        const auto tokenizer = text::Tokenizer::load(result->entry.path);
        const auto& ends = tokenizer->endTokens();
        for (const char* end : {"<|im_end|>", "<|endoftext|>"})
            QCOMPARE(std::count(ends.begin(), ends.end(), *tokenizer->idOf(end)), 1);
        QCOMPARE(std::count(ends.begin(), ends.end(), *tokenizer->idOf("e")), 0);
    }

    void aTemplateOfOllamasThatIsNotKnownIsTold() {
        const LibraryFixture fixture;
        OllamaStore store(fixture.folder());
        addModelWithoutTemplate(store);
        Json layers = store.layers();
        layers.push_back(store.layer("template", store.addBlob("{{ json .Tools }}{{ .Prompt }}")));
        const auto result =
            fixture.import({store.writeManifest("library", "odd", "1b", layers), "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QCOMPARE(result->notes.size(), std::size_t{1});
        QVERIFY2(names(Error{codes::kInternal, result->notes[0]}, {"not taken over", "--template"}),
                 result->notes[0].c_str());
        QVERIFY(!fs::exists(result->entry.path / "chat_template.jinja"));
    }

    void namesOfOllamasSayWhatTellsThemApart() {
        const LibraryFixture fixture;
        const OllamaStore store(fixture.folder());
        const auto latest = inspectSource(store.writeManifest("library", "tiny", "latest", store.layers()));
        QVERIFY2(latest, latest ? "" : latest.error().message.c_str());
        QCOMPARE(latest->name, std::string("tiny:latest"));
        QCOMPARE(latest->suggestedName, std::string("tiny"));
        const auto other = inspectSource(store.writeManifest("somebody", "tiny", "1b", store.layers()));
        QCOMPARE(other->name, std::string("somebody/tiny:1b"));
        const auto whole = inspectSource(store.root);
        QVERIFY(!whole);
        QVERIFY2(
            names(whole.error(), {"Ollama", "tiny:1b, tiny:latest, somebody/tiny:1b", "manifests", "NAME"}),
            whole.error().message.c_str());
    }

    void aBlobIsTheModelThatIsMadeOfItAndElseOnlyItself() {
        const LibraryFixture fixture;
        const OllamaStore store(fixture.folder());
        const auto named = inspectSource(store.blob(store.model));
        QVERIFY2(named, named ? "" : named.error().message.c_str());
        QCOMPARE(named->name, std::string("tiny:1b"));
        QCOMPARE(named->suggestedName, std::string("tiny-1b"));
        QCOMPARE(named->files.size(), std::size_t{2}); // its licence comes along
        fs::remove(store.manifest);
        const auto alone = inspectSource(store.blob(store.model));
        QVERIFY2(alone, alone ? "" : alone.error().message.c_str());
        QCOMPARE(alone->suggestedName, "sha256-" + store.model.substr(7, 12));
        QVERIFY(alone->files.front().expectedSha256 == store.model.substr(7));
    }

    void aModelOfOllamasIsFoundByItsName() {
        const LibraryFixture fixture;
        const OllamaStore store(fixture.folder());
        (void)store.writeManifest("library", "tiny", "latest", store.layers());
        (void)store.writeManifest("somebody", "other", "q8", store.layers());
        const SourcePlaces places{{}, {fixture.folder() / "no store", store.root}};
        for (const auto& [typed, name] : std::vector<std::pair<std::string, std::string>>{
                 {"tiny:1b", "tiny:1b"},
                 {"tiny", "tiny:latest"},
                 {"tiny:latest", "tiny:latest"},
                 {"library/tiny:1b", "tiny:1b"},
                 {"somebody/other:q8", "somebody/other:q8"},
                 {"registry.ollama.ai/library/tiny:1b", "tiny:1b"}}) {
            const auto found = inspectSource(typed, places);
            QVERIFY2(found, typed.c_str());
            QCOMPARE(found->name, name);
        }
        for (const char* typed :
             {"tiny:2b", "other:q8", "somebody/other", "tiny:../1b", "a/b/c/d:e", ":", "/tiny:1b"})
            QVERIFY2(!inspectSource(typed, places), typed);
        const auto absent = inspectSource("tiny:2b", places);
        QVERIFY2(names(absent.error(), {"tiny:2b", "there are tiny:1b, tiny:latest, somebody/other:q8"}),
                 absent.error().message.c_str());
    }

    void blobsThatAreLinksAreReadWhereTheyLie() {
        const LibraryFixture fixture;
        const OllamaStore store(fixture.folder());
        fs::rename(store.blob(store.model), fixture.folder() / "elsewhere");
        fs::create_symlink(fixture.folder() / "elsewhere", store.blob(store.model));
        const auto result = fixture.import({store.manifest, "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        fs::remove(store.blob(store.model));
        fs::create_symlink(store.blob(store.model), store.blob(store.model));
        QVERIFY(!fixture.import({store.manifest, "local", "round", false}));
    }

    void whatIsNotTheBlobsContentIsRefused() {
        const LibraryFixture fixture;
        const OllamaStore store(fixture.folder());
        std::string bytes = *readFile(store.blob(store.model));
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        writeText(store.blob(store.model), bytes);
        for (const fs::path& path : {store.manifest, store.blob(store.model)}) {
            const auto refused = fixture.import({path, "local", "x", false});
            QVERIFY2(!refused && refused.error().code == codes::kHashMismatch,
                     refused ? "" : refused.error().message.c_str());
            QVERIFY(names(refused.error(), {"sha256-", "found SHA-256"}));
            QVERIFY(!fs::exists(jobs::modelFolder(fixture.root(), "local", "x")));
        }
    }

    void wrongManifestsAreRefusedByName() {
        const LibraryFixture fixture;
        const OllamaStore store(fixture.folder());
        const Json model = store.layer("model", store.model);
        const auto check = [&](const char* words, const Json& layers) {
            const auto refused = inspectSource(store.writeManifest("library", "bad", "1b", layers));
            QVERIFY2(!refused, words);
            QVERIFY2(refused.error().code == codes::kImportSource && names(refused.error(), {words}),
                     refused.error().message.c_str());
        };
        const auto with = [&](const char* key, const Json& value) {
            Json changed = model;
            changed[key] = value;
            return Json::array({changed});
        };
        const std::string digits(64, '0');
        check("found 0 models", Json::array());
        check("found 2 models", Json::array({model, model}));
        check("adapter", Json::array({model, store.layer("adapter", store.licence)}));
        check("encoder of pictures", Json::array({model, store.layer("projector", store.licence)}));
        check("single tensors", Json::array({store.layer("tensor", store.licence)}));
        check("is missing", with("digest", "sha256:" + digits));
        check("found the digest", with("digest", "sha256:../../../../etc/passwd"));
        check("found the digest", with("digest", "sha256-" + digits));
        check("found the digest", with("digest", "sha256:" + std::string(63, '0')));
        check("found the digest", with("digest", "sha256:" + std::string(64, 'A')));
        check("found the digest", with("digest", "md5:" + digits));
        check("found the digest", with("digest", 7));
        check("without a size", with("size", nullptr));
        check("without a size", with("size", -1));
        check("bytes, expected 3", with("size", 3));
        check("found the digest", Json::array({"x"}));
        fs::copy_file(store.manifest, fixture.folder() / "1b");
        const auto outside = inspectSource(fixture.folder() / "1b");
        QVERIFY(!outside && names(outside.error(), {"outside its store", "blobs/"}));
        writeText(store.manifest, R"({"layers": [], "schemaVersion": 2)");
        const auto cut = inspectSource(store.manifest);
        QVERIFY(!cut && cut.error().code == codes::kImportSource);
    }

    void aHubIdIsLookedForInTheHubsCache() {
        const LibraryFixture fixture;
        const fs::path cache = fixture.folder() / "hub";
        (void)cachedSnapshot(cache, "models--HuggingFaceTB--SmolLM2-135M-Instruct", fixture.source());
        ImportRequest request{"HuggingFaceTB/SmolLM2-135M-Instruct", "", "", false, false, {cache, {}}};
        const auto result = fixture.import(request);
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QCOMPARE(result->entry.name, std::string("smollm2/135m-instruct"));
        const auto manifest = readManifest(result->entry.path);
        QCOMPARE(manifest->commit, std::string("0123abcd"));
        QCOMPARE(manifest->sourceSha256, std::string());
        QCOMPARE(originOf(*manifest, "model.safetensors"), std::string("the Hub's cache"));
        QCOMPARE(originOf(*manifest, "config.json"), std::string("first seen"));
        QVERIFY(!fs::is_symlink(result->entry.path / "model.safetensors"));
        for (const char* id : {"HuggingFaceTB/other", "../hub", "a/b/c", "x"}) {
            request.source = id;
            const auto absent = fixture.import(request);
            QVERIFY2(!absent && absent.error().code == codes::kFileNotFound, id);
        }
        request.source = "HuggingFaceTB/other";
        QVERIFY(names(fixture.import(request).error(), {"HuggingFaceTB/other", cache.string(), "HF_HOME"}));
        request.source = "smol:latest";
        QVERIFY(names(fixture.import(request).error(), {"smol:latest", "Ollama", "NAME/TAG"}));
        request.source = "HuggingFaceTB/SmolLM2-135M-Instruct";
        request.places = {};
        QVERIFY(fixture.import(request).error().code == codes::kFileNotFound);
    }

    void pickledWeightsInTheHubsCacheAreProvedByTheirNames() {
        const LibraryFixture fixture;
        const fs::path folder = pickledFolder(fixture, "pickled_one");
        const fs::path snapshot = cachedSnapshot(fixture.folder(), "models--org--pickled", folder);
        const auto result = fixture.import({snapshot, "", "", false});
        QVERIFY2(result, result ? "" : result.error().message.c_str());
        QCOMPARE(result->entry.name, std::string("org/pickled"));
        const auto manifest = readManifest(result->entry.path);
        QCOMPARE(manifest->commit, std::string("0123abcd"));
        QCOMPARE(manifest->sourceSha256.size(), std::size_t{64}); // over all that it was made of
        QVERIFY(fixture.import({snapshot, "", "", false})->wasThere);
        const std::string wrong(64, 'a');
        fs::rename(fs::canonical(snapshot / "pytorch_model.bin"),
                   fixture.folder() / "models--org--pickled/blobs" / wrong);
        fs::remove(snapshot / "pytorch_model.bin");
        fs::create_symlink("../../blobs/" + wrong, snapshot / "pytorch_model.bin");
        const auto refused = fixture.import({snapshot, "local", "x", false});
        QVERIFY2(!refused && refused.error().code == codes::kHashMismatch,
                 refused ? "" : refused.error().message.c_str());
        fs::remove(snapshot / "pytorch_model.bin");
        fs::create_symlink(folder / "pytorch_model.bin", snapshot / "pytorch_model.bin");
        const auto outside = fixture.import({snapshot, "local", "x", false});
        QVERIFY(!outside && names(outside.error(), {"out of the Hub's cache"}));
    }

    void aSecondSnapshotIsChosenByRefsMainOrNamed() {
        const LibraryFixture fixture;
        const fs::path snapshot = cachedSnapshot(fixture.folder(), "models--org--two", fixture.source());
        const fs::path entry = fixture.folder() / "models--org--two";
        fs::create_directories(entry / "snapshots" / "feed");
        QCOMPARE(inspectSource(entry)->commit, std::string("0123abcd"));
        fs::remove(entry / "refs/main");
        const auto refused = inspectSource(entry);
        QVERIFY2(!refused && names(refused.error(), {"found 2 snapshots: 0123abcd, feed", snapshot.string()}),
                 refused ? "" : refused.error().message.c_str());
        QCOMPARE(inspectSource(snapshot)->commit, std::string("0123abcd"));
        writeText(entry / "refs/main", "../../../../etc");
        QVERIFY(!inspectSource(entry));
    }
};

QTEST_GUILESS_MAIN(TestImportSources)
#include "test_import_sources.moc"
