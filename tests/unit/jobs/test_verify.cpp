#include <algorithm>
#include <cstring>
#include <set>

#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/safetensors/safetensors_reader.h"
#include "jobs/library/damage_mark.h"
#include "jobs/verify/model_checks.h"
#include "verify_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

/// One changed byte in the middle of a file; its size stays.
void flipByte(const fs::path& path) {
    std::string bytes = *readFile(path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    QVERIFY(writeFileAtomically(systemFiles(), path, bytes));
}

void changeJson(const fs::path& path, const std::function<void(Json&)>& change) {
    auto json = readJsonFile(path);
    change(*json);
    QVERIFY(writeFileAtomically(systemFiles(), path, writeJson(*json)));
}

constexpr const char* kShard = "model-00001-of-00001.safetensors";

void writeIndex(const fs::path& folder, const Json& map) {
    QVERIFY(writeFileAtomically(systemFiles(), folder / kIndex, writeJson(Json{{"weight_map", map}})));
}

/// Makes the folder's one file a shard with an index, whose map it gives.
Json shard(const fs::path& folder) {
    fs::rename(folder / "model.safetensors", folder / kShard);
    const auto reader = formats::SafetensorsReader::open(folder / kShard);
    Json map = Json::object();
    for (const formats::TensorInfo& tensor : (*reader)->tensors())
        map[tensor.name] = kShard;
    writeIndex(folder, map);
    return map;
}

/// Puts the bytes of one tensor over those of another of its size.
void copyTensor(const fs::path& path, const char* from, const char* to) {
    std::string bytes = *readFile(path);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const auto header = parseJson(bytes.substr(8, length), "header");
    const auto offset = [&](const char* name) {
        return 8 + length + (*header)[name]["data_offsets"][0].get<std::uint64_t>();
    };
    const auto size = (*header)[from]["data_offsets"][1].get<std::uint64_t>() -
                      (*header)[from]["data_offsets"][0].get<std::uint64_t>();
    std::memmove(bytes.data() + offset(to), bytes.data() + offset(from), size);
    QVERIFY(writeFileAtomically(systemFiles(), path, bytes));
}

ModelEntry foreignFolder(const LibraryFixture& fixture) {
    return *fixture.library().describeFolder(fixture.source());
}

/// An embedding and a head, mapped or only read.
class TiedSource final : public formats::TensorSource {
public:
    explicit TiedSource(bool isMapped)
        : m_isMapped(isMapped) {
        for (auto& one : bytes)
            one.resize(16);
    }
    const std::vector<formats::TensorInfo>& tensors() const override { return m_tensors; }
    Result<void> read(const formats::TensorInfo& tensor, std::span<std::byte> out) override {
        ++reads;
        buffers.insert(out.data());
        std::ranges::copy(of(tensor), out.begin());
        return {};
    }
    std::span<const std::byte> mapped(const formats::TensorInfo& tensor) const override {
        return m_isMapped ? std::span<const std::byte>(of(tensor)) : std::span<const std::byte>();
    }

    std::vector<std::byte> bytes[2];
    int reads = 0;
    std::set<const std::byte*> buffers = {}; ///< that were read into

private:
    const std::vector<std::byte>& of(const formats::TensorInfo& tensor) const {
        return bytes[tensor.name == m_tensors[0].name ? 0 : 1];
    }

    bool m_isMapped;
    std::vector<formats::TensorInfo> m_tensors{{"model.embed_tokens.weight", formats::DType::BF16, {4, 2}},
                                               {"lm_head.weight", formats::DType::BF16, {4, 2}}};
};

} // namespace

class TestVerify final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aWholeModelPassesEveryCheck() {
        const LibraryFixture fixture;
        const VerifyReport report = verified(fixture.importedModel(), true);
        QVERIFY(report.ok);
        QVERIFY(!report.error);
        for (const char* name : {"files", "configuration", "weights", "tied weights", "tokenizer",
                                 "special tokens", "template", "licence", "hashes", "numbers"})
            QCOMPARE(checkStatusName(rowOf(report, name).status), std::string_view("passed"));
        QCOMPARE(rowOf(report, "weights").reason, std::string("20 tensors, BF16"));
        QVERIFY(rowOf(report, "special tokens").reason.find("<|im_end|>") != std::string::npos);
        QCOMPARE(rowOf(report, "tokenizer").reason, std::string("264 tokens, the model has 264 rows"));
        QVERIFY(rowOf(report, "index").status == CheckStatus::NotChecked);
        for (const CheckResult& check : report.checks)
            QVERIFY(!check.repair);
    }

    void structureAloneReadsNoHashes() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        flipByte(model.path / "model.safetensors");
        const VerifyReport structure = verified(model);
        QVERIFY(structure.ok);
        QVERIFY(rowOf(structure, "hashes").status == CheckStatus::NotChecked);
        QVERIFY(rowOf(structure, "numbers").status == CheckStatus::NotChecked);
        const VerifyReport deep = verified(model, true);
        QVERIFY(!deep.ok);
        QVERIFY(deep.error->code == codes::kHashMismatch);
        QVERIFY(names(*deep.error, {"model.safetensors"}));
        QCOMPARE(rowOf(deep, "hashes").code, std::string("FILE-09"));
        QVERIFY(rowOf(deep, "hashes").repair->kind == RepairKind::GetAgain); // nobody knows what it was
        QCOMPARE(failedRows(deep), (std::vector<std::string>{"hashes"}));
    }

    void aMissingAndAShortFileAreNamed() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::resize_file(model.path / "LICENSE", 3);
        const VerifyReport shortened = verified(model);
        QVERIFY(shortened.error->code == codes::kVerifySize);
        QVERIFY(names(*shortened.error, {"LICENSE", "found 3 bytes", "expected 21"}));
        fs::remove(model.path / "LICENSE");
        const VerifyReport missing = verified(model);
        QVERIFY(missing.error->code == codes::kVerifyMissing);
        QCOMPARE(missing.error->code.errorClass, ErrorClass::Failed);
        QCOMPARE(failedRows(missing),
                 (std::vector<std::string>{"files"})); // the others are made all the same
        QVERIFY(missing.checks.size() > 8);
    }

    void aFolderInTheFilesPlaceIsNoFile() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::remove(model.path / "LICENSE");
        fs::create_directory(model.path / "LICENSE");
        QVERIFY(verified(model).error->code == codes::kVerifyMissing);
    }

    void filesOfSomebodyElseAreMentioned() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "notes.txt", "mine"));
        const VerifyReport report = verified(model);
        QVERIFY(report.ok);
        QVERIFY(rowOf(report, "other files").status == CheckStatus::Warned);
        QVERIFY(rowOf(report, "other files").reason.find("notes.txt") != std::string::npos);
    }

    void shapesAgainstTheConfiguration() {
        const LibraryFixture fixture;
        changeJson(fixture.source() / "config.json", [](Json& json) { json["intermediate_size"] = 100; });
        const VerifyReport shape = verified(foreignFolder(fixture));
        QCOMPARE(failedRows(shape), (std::vector<std::string>{"weights"}));
        QCOMPARE(rowOf(shape, "weights").code, std::string("ST-41"));
        QVERIFY(!rowOf(shape, "weights").repair); // nothing that was not imported is removed by a name
        QVERIFY(rowOf(shape, "tied weights").status == CheckStatus::NotChecked);
        changeJson(fixture.source() / "config.json", [](Json& json) {
            json["intermediate_size"] = 96;
            json["num_hidden_layers"] = 3;
        });
        QCOMPARE(rowOf(verified(foreignFolder(fixture)), "weights").code, std::string("ST-42"));
    }

    void weightsOfAnIntegerTypeAreRefused() {
        const LibraryFixture fixture;
        writeTinyWeights(fixture.source(), tinyConfig(), 1, formats::DType::I16);
        const VerifyReport report = verified(foreignFolder(fixture));
        QCOMPARE(rowOf(report, "weights").code, std::string("ST-17"));
        QVERIFY(rowOf(report, "weights").reason.find("I16") != std::string::npos);
        QCOMPARE(failedRows(report), (std::vector<std::string>{"weights"}));
    }

    void aTokenizerLargerThanTheEmbeddingIsRefused() {
        const LibraryFixture fixture;
        auto config = tinyConfig();
        config.vocab_size = 200;
        writeTinyWeights(fixture.source(), config, 1);
        changeJson(fixture.source() / "config.json", [](Json& json) { json["vocab_size"] = 200; });
        const VerifyReport report = verified(foreignFolder(fixture));
        QCOMPARE(failedRows(report), (std::vector<std::string>{"tokenizer"}));
        QVERIFY(rowOf(report, "tokenizer").reason.find("264") != std::string::npos);
    }

    void unknownTemplateMissingLicenceAndNoEndAreWarnings() {
        const LibraryFixture fixture;
        fs::remove(fixture.source() / "LICENSE");
        fs::remove(fixture.source() / "generation_config.json");
        changeJson(fixture.source() / "config.json", [](Json& json) { json["eos_token_id"] = nullptr; });
        changeJson(fixture.source() / "tokenizer_config.json", [](Json& json) {
            json.erase("eos_token");
            json["chat_template"] = "{{ messages | tojson }}";
        });
        const VerifyReport report = verified(foreignFolder(fixture));
        QVERIFY(report.ok);
        for (const char* name : {"files", "special tokens", "template", "licence"})
            QVERIFY2(rowOf(report, name).status == CheckStatus::Warned, name);
        QVERIFY(!rowOf(report, "template").code.empty());
    }

    void brokenConfigurationIsReportedAlone() {
        const LibraryFixture fixture;
        changeJson(fixture.source() / "config.json", [](Json& json) { json["model_type"] = "mistral"; });
        const VerifyReport report = verified(foreignFolder(fixture), true);
        QCOMPARE(failedRows(report), (std::vector<std::string>{"configuration"}));
        for (const char* name : {"index", "weights", "tokenizer", "special tokens"})
            QVERIFY(rowOf(report, name).status == CheckStatus::NotChecked);
        QVERIFY(rowOf(report, "configuration").reason.find("mistral") != std::string::npos);
    }

    void aNumberThatIsNotFiniteIsFoundInEveryType_data() {
        QTest::addColumn<int>("type");
        QTest::newRow("ST-44 BF16") << static_cast<int>(formats::DType::BF16);
        QTest::newRow("ST-44 F16") << static_cast<int>(formats::DType::F16);
        QTest::newRow("ST-44 F32") << static_cast<int>(formats::DType::F32);
    }
    void aNumberThatIsNotFiniteIsFoundInEveryType() {
        QFETCH(int, type);
        const LibraryFixture fixture;
        writeTinyWeights(fixture.source(), tinyConfig(), 1, static_cast<formats::DType>(type));
        QVERIFY(rowOf(verified(foreignFolder(fixture), true), "numbers").status == CheckStatus::Passed);
        std::string bytes = *readFile(fixture.source() / "model.safetensors");
        bytes[bytes.size() - 1] = '\x7F'; // exponent all ones in the last number
        bytes[bytes.size() - 2] = '\xFF';
        QVERIFY(writeFileAtomically(systemFiles(), fixture.source() / "model.safetensors", bytes));
        const VerifyReport report = verified(foreignFolder(fixture), true);
        QCOMPARE(failedRows(report), (std::vector<std::string>{"numbers"}));
        QVERIFY(report.error->code == codes::kNonFiniteWeights);
        QVERIFY(verified(foreignFolder(fixture)).ok);
    }

    void damageThatADeepCheckFoundIsKeptUntilADeepCheckFindsItGone() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const std::string whole = *readFile(model.path / "model.safetensors");
        const auto stateAfter = [&](bool deep) {
            keepVerdict(model, verified(model, deep), systemFiles());
            return *fixture.library().find("smollm2", "135m-instruct");
        };
        QVERIFY(stateAfter(true).isUsable());
        QVERIFY(!fs::exists(model.path / kDamageName));
        flipByte(model.path / "model.safetensors");
        QVERIFY(stateAfter(false).isUsable()); // it has not looked
        const ModelEntry damaged = stateAfter(true);
        QVERIFY(damaged.state == ModelState::Damaged);
        QCOMPARE(damaged.problem,
                 std::string("model.safetensors: its bytes are not those that were imported"));
        QVERIFY(rowOf(verified(model), "files").status == CheckStatus::Passed);
        for (const CheckResult& check : verified(model).checks)
            QVERIFY2(check.name != "other files", "the mark is the program's own");
        QVERIFY(stateAfter(false).state == ModelState::Damaged);
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "model.safetensors", whole));
        QVERIFY(stateAfter(false).state == ModelState::Damaged);
        QVERIFY(stateAfter(true).isUsable());
    }

    void whatACheckOfTheStructureFoundIsGoneWithTheNext() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const std::string config = *readFile(model.path / "config.json");
        std::string other = config;
        other.replace(other.find("llama"), 5, "lemma"); // of the same size
        const auto stateAfter = [&] {
            keepVerdict(model, verified(model), systemFiles());
            return fixture.library().find("smollm2", "135m-instruct")->state;
        };
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "config.json", other));
        QVERIFY(stateAfter() == ModelState::Damaged);
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "config.json", config));
        QVERIFY(stateAfter() == ModelState::Verified);
        fs::remove(model.path / "LICENSE"); // which the list sees for as long as it is so
        QVERIFY(stateAfter() == ModelState::Damaged);
        QVERIFY(!fs::exists(model.path / kDamageName));
    }

    void aFolderThatWasNotImportedGetsNoMark() {
        const LibraryFixture fixture;
        flipByte(fixture.source() / "config.json");
        keepVerdict(foreignFolder(fixture), verified(foreignFolder(fixture), true), systemFiles());
        QVERIFY(!fs::exists(fixture.source() / kDamageName));
        const CheckResult row = rowOf(verified(foreignFolder(fixture)), "files");
        QVERIFY2(row.reason.find("llamahome import " + fixture.source().string()) != std::string::npos,
                 row.reason.c_str());
    }

    void aDiskThatIsAwayIsNoDamage() {
        const LibraryFixture fixture;
        ImportRequest request = fixture.request();
        request.link = true;
        const ModelEntry model = fixture.import(request)->entry;
        fs::rename(fixture.source(), fixture.folder() / "away");
        const auto report = verifyModel(model, true, {}, {});
        QVERIFY(!report && report.error().code == codes::kModelOffline);
        QVERIFY2(names(report.error(), {"smollm2/135m-instruct is offline", "model.safetensors",
                                        fixture.source().string(), "connect its disk"}),
                 report.error().message.c_str());
        fs::rename(fixture.folder() / "away", fixture.source());
        QVERIFY(verified(model, true).ok);
    }

    void whatIsNotInstalledCannotBeVerified() {
        const LibraryFixture fixture;
        const auto report = verifyModel(*fixture.library().find("llama", "3.2-1b"), false, {}, {});
        QVERIFY(report.error().code == codes::kModelNotInstalled);
        QVERIFY(names(report.error(), {"llama/3.2-1b", "llamahome download llama 3.2-1b"}));
    }

    void aCancelStopsADeepCheck() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const CancelToken cancel;
        const auto report = verifyModel(model, true, cancel, [&](const Progress&) { cancel.cancel(); });
        QCOMPARE(report.error().code.errorClass, ErrorClass::Interrupted);
    }

    void anAdapterIsCheckedAsOne() {
        const LibraryFixture fixture;
        const fs::path folder = fs::path(LLAMAHOME_TEST_DATA) / "formats" / "adapter";
        const VerifyReport report = verified(*fixture.library().describeFolder(folder), true);
        QVERIFY(report.ok);
        QVERIFY(rowOf(report, "adapter").reason.find("rank") != std::string::npos);
        QVERIFY(rowOf(report, "numbers").status == CheckStatus::Passed);
        QVERIFY(rowOf(report, "base").status == CheckStatus::NotChecked);
        QVERIFY(rowOf(report, "base").reason.find("local/tiny is not installed") != std::string::npos);
    }

    void anAdapterThatCannotBeReadIsFound() {
        const ExportGround ground;
        ModelEntry adapter = ground.adapter;
        adapter.state = ModelState::Verified;
        changeJson(adapter.path / "adapter_config.json", [](Json& json) { json["r"] = 2; });
        const auto report = verifyModel(adapter, true, {}, {}, ground.base);
        QVERIFY(report);
        QCOMPARE(failedRows(*report), (std::vector<std::string>{"adapter"}));
        QCOMPARE(rowOf(*report, "adapter").code, std::string("ST-43"));
        QVERIFY(rowOf(*report, "base").status == CheckStatus::NotChecked);
    }

    void anAdapterIsComparedWithItsBase() {
        const ExportGround ground;
        ModelEntry adapter = ground.adapter;
        adapter.state = ModelState::Verified;
        const auto check = [&](const ModelEntry& base) { return *verifyModel(adapter, false, {}, {}, base); };
        QVERIFY(rowOf(check(ground.base), "base").status == CheckStatus::Passed);
        const LibraryFixture other;
        changeJson(other.source() / "config.json", [](Json& json) { json["num_hidden_layers"] = 0; });
        QCOMPARE(rowOf(check(foreignFolder(other)), "base").code, std::string("ARCH-01"));
        changeJson(other.source() / "config.json", [](Json& json) {
            json["num_hidden_layers"] = 2;
            json["intermediate_size"] = 80;
        });
        const VerifyReport unfit = check(foreignFolder(other));
        QCOMPARE(failedRows(unfit), (std::vector<std::string>{"base"}));
        QCOMPARE(rowOf(unfit, "base").code, std::string("LORA-03"));
        changeJson(other.source() / "config.json", [](Json& json) { json["intermediate_size"] = 96; });
        const VerifyReport stranger = check(foreignFolder(other)); // of its shape, and nothing else
        QVERIFY(stranger.ok && rowOf(stranger, "base").status == CheckStatus::Warned);
    }

    void anIndexThatLeavesATensorOutIsFoundByItsRow() {
        const LibraryFixture fixture;
        Json map = shard(fixture.source());
        QCOMPARE(rowOf(verified(foreignFolder(fixture)), "index").status, CheckStatus::Passed);
        const std::string last = std::prev(map.end()).key();
        map.erase(last);
        writeIndex(fixture.source(), map);
        const VerifyReport report = verified(foreignFolder(fixture));
        QCOMPARE(failedRows(report), (std::vector<std::string>{"index"}));
        QCOMPARE(rowOf(report, "index").code, std::string("ST-38"));
        QVERIFY(rowOf(report, "index").reason.find(last) != std::string::npos);
        map[last] = kShard;
        map["model.layers.9.mlp.up_proj.weight"] = kShard;
        writeIndex(fixture.source(), map);
        QCOMPARE(failedRows(verified(foreignFolder(fixture))), (std::vector<std::string>{"index"}));
    }

    void aHeadBesideATiedEmbeddingIsTheSameOrWarned() {
        const LibraryFixture fixture;
        auto config = tinyConfig();
        config.tie_word_embeddings = false;
        writeTinyWeights(fixture.source(), config, 1); // the configuration beside it ties them
        const VerifyReport report = verified(foreignFolder(fixture));
        QVERIFY(report.ok && rowOf(report, "weights").status == CheckStatus::Passed);
        QVERIFY(rowOf(report, "tied weights").status == CheckStatus::Warned);
        QVERIFY(rowOf(report, "tied weights").reason.find("lm_head.weight") != std::string::npos);
        copyTensor(fixture.source() / "model.safetensors", "model.embed_tokens.weight", "lm_head.weight");
        QVERIFY(rowOf(verified(foreignFolder(fixture)), "tied weights").status == CheckStatus::Passed);
    }

    void mappedWeightsAreComparedWhereTheyLieAndOthersOneByOne() {
        auto config = tinyConfig();
        for (const bool isMapped : {true, false}) {
            TiedSource source(isMapped);
            QVERIFY(checkTiedWeights(source, config, "x"));
            QCOMPARE(source.reads, isMapped ? 0 : 2);
            QCOMPARE(source.buffers.size(), std::size_t{isMapped ? 0U : 1U}); // memory for one of them
            source.bytes[1].back() = std::byte{1};
            const auto differs = checkTiedWeights(source, config, "x");
            QVERIFY(!differs && differs.error().code == codes::kTensorSet);
        }
    }

    void idsWithoutATokenAreFound() {
        const LibraryFixture fixture;
        const fs::path generation = fixture.source() / "generation_config.json";
        changeJson(generation, [](Json& json) { json["pad_token_id"] = 5000; });
        const VerifyReport padding = verified(foreignFolder(fixture));
        QVERIFY(padding.ok && rowOf(padding, "special tokens").status == CheckStatus::Warned);
        QVERIFY2(rowOf(padding, "special tokens").reason.find("pad_token_id is \"5000\"") !=
                     std::string::npos,
                 rowOf(padding, "special tokens").reason.c_str());
        changeJson(generation, [](Json& json) {
            json["pad_token_id"] = -1;
            json["eos_token_id"] = Json::array({2, 5000});
        });
        const VerifyReport end = verified(foreignFolder(fixture));
        QCOMPARE(failedRows(end), (std::vector<std::string>{"special tokens"}));
        QCOMPARE(rowOf(end, "special tokens").code, std::string("TK-10"));
    }
};

QTEST_GUILESS_MAIN(TestVerify)
#include "test_verify.moc"
