#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "jobs/verify_model.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

CheckResult rowOf(const VerifyReport& report, const std::string& name) {
    for (const CheckResult& check : report.checks)
        if (check.name == name) return check;
    throw std::runtime_error("no check " + name);
}

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

VerifyReport verified(const ModelEntry& entry, bool deep = false) {
    auto report = verifyModel(entry, deep, {}, {});
    if (!report) throw std::runtime_error(report.error().message);
    return std::move(*report);
}

ModelEntry foreignFolder(const LibraryFixture& fixture) {
    return *fixture.library().describeFolder(fixture.source());
}

} // namespace

class TestVerify final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aWholeModelPassesEveryCheck() {
        const LibraryFixture fixture;
        const VerifyReport report = verified(fixture.importedModel(), true);
        QVERIFY(report.ok);
        QVERIFY(!report.error);
        for (const char* name : {"files", "configuration", "weights", "tokenizer", "special tokens",
                                 "template", "licence", "hashes", "numbers"})
            QCOMPARE(checkStatusName(rowOf(report, name).status), std::string_view("passed"));
        QCOMPARE(rowOf(report, "weights").reason, std::string("20 tensors, BF16"));
        QVERIFY(rowOf(report, "special tokens").reason.find("<|im_end|>") != std::string::npos);
    }

    void structureAloneReadsNoHashes() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        flipByte(model.path / "model.safetensors");
        const VerifyReport structure = verified(model);
        QVERIFY(structure.ok);
        QVERIFY_THROWS_EXCEPTION(std::runtime_error, (void)rowOf(structure, "hashes"));
        const VerifyReport deep = verified(model, true);
        QVERIFY(!deep.ok);
        QVERIFY(deep.error->code == codes::kHashMismatch);
        QVERIFY(names(*deep.error, {"model.safetensors"}));
        QCOMPARE(rowOf(deep, "hashes").code, std::string("FILE-09"));
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
        QCOMPARE(missing.checks.size(), std::size_t{7}); // the other checks are reported all the same
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
        QVERIFY(!shape.ok);
        QCOMPARE(rowOf(shape, "weights").code, std::string("ST-41"));
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
    }

    void aTokenizerLargerThanTheEmbeddingIsRefused() {
        const LibraryFixture fixture;
        auto config = tinyConfig();
        config.vocab_size = 200;
        writeTinyWeights(fixture.source(), config, 1);
        changeJson(fixture.source() / "config.json", [](Json& json) { json["vocab_size"] = 200; });
        const VerifyReport report = verified(foreignFolder(fixture));
        QVERIFY(rowOf(report, "weights").status == CheckStatus::Passed);
        QVERIFY(rowOf(report, "tokenizer").status == CheckStatus::Failed);
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
        QVERIFY(!report.ok);
        QVERIFY(rowOf(report, "configuration").status == CheckStatus::Failed);
        QVERIFY(rowOf(report, "configuration").reason.find("mistral") != std::string::npos);
    }

    void aNumberThatIsNotFiniteIsFoundInEveryType_data() {
        QTest::addColumn<int>("type");
        QTest::newRow("BF16") << static_cast<int>(formats::DType::BF16);
        QTest::newRow("F16") << static_cast<int>(formats::DType::F16);
        QTest::newRow("F32") << static_cast<int>(formats::DType::F32);
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
        QVERIFY(!report.ok);
        QVERIFY(report.error->code == codes::kNonFiniteWeights);
        QVERIFY(verified(foreignFolder(fixture)).ok);
    }

    void whatIsNotInstalledCannotBeVerified() {
        const LibraryFixture fixture;
        const auto report = verifyModel(*fixture.library().find("llama", "3.2-1b"), false, {}, {});
        QVERIFY(report.error().code == codes::kModelNotInstalled);
        QVERIFY(names(report.error(), {"llama/3.2-1b", "llamahome import"}));
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
    }
};

QTEST_GUILESS_MAIN(TestVerify)
#include "test_verify.moc"
