// openModelWeights: one file or shards behind an index that must be complete both ways.
#include <QtTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "file_bytes.h"
#include "formats/hub/model_config.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/tensor_names.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kSecondShard = "model-00002-of-00003.safetensors";

void copySharded(const TemporaryFolder& folder) {
    std::filesystem::copy(fixture("sharded"), folder.path(), std::filesystem::copy_options::recursive);
}

Json indexOf(const TemporaryFolder& folder) {
    return *readJsonFile(folder / kIndex);
}

Error openError(const TemporaryFolder& folder) {
    const auto source = openModelWeights(folder.path());
    return source ? Error{{"none", ErrorClass::Failed}, "was accepted"} : source.error();
}

/// One tensor of one byte.
std::string oneTensor(const std::string& name) {
    return safetensorsBytes(R"({")" + name + R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1);
}

} // namespace

class TestModelWeights final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void shardsSavedByTransformersAreOneSourceThatFitsItsConfiguration() {
        auto source = openModelWeights(fixture("sharded"));
        QVERIFY2(source, source ? "" : source.error().message.c_str());
        const auto config = readModelConfig(fixture("sharded/config.json"));
        QVERIFY(config);
        const auto checked = checkModelTensors(**source, *config, "tiny");
        QVERIFY2(checked, checked ? "" : checked.error().message.c_str());
        QCOMPARE((*source)->tensors().size(), expectedTensors(*config).size());
        std::uint64_t elements = 0;
        for (const TensorInfo& tensor : (*source)->tensors()) {
            elements += tensor.elementCount();
            const auto mapped = (*source)->mapped(tensor);
            const std::string read = tensorBytes(**source, tensor);
            QVERIFY(std::string_view(reinterpret_cast<const char*>(mapped.data()), mapped.size()) == read);
        }
        QCOMPARE(elements, config->parameterCount());
        const TensorInfo* norm = (*source)->find("model.norm.weight");
        QCOMPARE(tensorBytes(**source, *norm).substr(0, 2), std::string("\x80\x3F")); // ones, as initialised
    }

    void aSingleFileIsPreferredToAnIndex() {
        const TemporaryFolder folder;
        copySharded(folder);
        writeBytes(folder / "model.safetensors", oneTensor("only"));
        const auto source = openModelWeights(folder.path());
        QVERIFY(source);
        QCOMPARE((*source)->tensors()[0].name, std::string("only"));
    }

    void aMissingShardIsNamedWithItsNumber() {
        const TemporaryFolder folder;
        copySharded(folder);
        std::filesystem::remove(folder / kSecondShard);
        const Error error = openError(folder);
        QCOMPARE(error.code, codes::kIndexShards);
        QVERIFY2(contains(error.message, "shard 2 of 3") && contains(error.message, kSecondShard),
                 error.message.c_str());
    }

    void aTensorThatItsFileDoesNotHaveIsNamed() {
        const TemporaryFolder folder;
        copySharded(folder);
        Json index = indexOf(folder);
        index["weight_map"]["model.ghost.weight"] = kSecondShard;
        writeBytes(folder / kIndex, writeJson(index));
        const Error error = openError(folder);
        QCOMPARE(error.code, codes::kIndexShards);
        QVERIFY(contains(error.message, "model.ghost.weight"));
    }

    void aTensorThatTheIndexDoesNotHaveIsNamed() {
        const TemporaryFolder folder;
        copySharded(folder);
        Json index = indexOf(folder);
        index["weight_map"].erase("model.norm.weight");
        writeBytes(folder / kIndex, writeJson(index));
        const Error error = openError(folder);
        QCOMPARE(error.code, codes::kIndexShards);
        QVERIFY(contains(error.message, "model.norm.weight"));
    }

    void aTensorInTwoFilesIsRefused() {
        const TemporaryFolder folder;
        writeBytes(folder / "a.safetensors", oneTensor("t"));
        writeBytes(folder / "b.safetensors", oneTensor("t"));
        writeBytes(folder / kIndex, R"({"weight_map":{"t":"a.safetensors"}})");
        QVERIFY(openModelWeights(folder.path()));
        writeBytes(folder / kIndex, R"({"weight_map":{"t":"a.safetensors","u":"b.safetensors"}})");
        QCOMPARE(openError(folder).code, codes::kIndexShards);
    }

    void fileNamesThatLeaveTheFolderAreRefused_data() {
        QTest::addColumn<QByteArray>("name");
        for (const char* name :
             {"../../x", "/etc/passwd", "C:x", "a\\\\b", "..", ".", "", "sub/x.safetensors", "a\\u0000b"})
            QTest::newRow(("ST-37 " + std::string(name)).c_str()) << QByteArray(name);
    }
    void fileNamesThatLeaveTheFolderAreRefused() {
        QFETCH(QByteArray, name);
        const TemporaryFolder folder;
        writeBytes(folder / kIndex, R"({"weight_map":{"t":")" + name.toStdString() + R"("}})");
        const Error error = openError(folder);
        QCOMPARE(error.code, codes::kIndexFileName);
        QVERIFY(contains(error.message, kIndex));
    }

    void anIndexOfTheWrongShapeIsRefused() {
        const TemporaryFolder folder;
        for (const char* text : {"[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{"t":1}})"}) {
            writeBytes(folder / kIndex, text);
            QCOMPARE(openError(folder).code, codes::kJsonShape);
        }
        writeBytes(folder / kIndex, R"({"weight_map":{}})");
        QCOMPARE(openError(folder).code, codes::kIndexShards);
        writeBytes(folder / kIndex, R"({"weight_map":{"t":"a","t":"b"}})");
        QCOMPARE(openError(folder).code, codes::kJsonLimit);
    }

    void aWrongTotalSizeIsNoReasonToRefuse() {
        const TemporaryFolder folder;
        copySharded(folder);
        for (const Json& total : {Json(5), Json(-1), Json("many"), Json()}) {
            Json index = indexOf(folder);
            index["metadata"]["total_size"] = total;
            writeBytes(folder / kIndex, writeJson(index));
            QVERIFY(openModelWeights(folder.path()));
        }
    }

    void aFolderWithoutReadableWeightsSaysWhatItHas() {
        const TemporaryFolder folder;
        QCOMPARE(openError(folder).code, codes::kModelWeightsMissing);
        QCOMPARE(openError(folder).code.errorClass, ErrorClass::NotFound);
        writeBytes(folder / "pytorch_model.bin", "x");
        QVERIFY(contains(openError(folder).message, "pytorch_model.bin"));
        writeBytes(folder / "consolidated.00.pth", "x");
        QVERIFY(contains(openError(folder).message, "Meta"));
    }

    void shardsWithoutTheirIndexAreNamed() {
        const TemporaryFolder folder;
        copySharded(folder);
        std::filesystem::remove(folder / kIndex);
        const Error error = openError(folder);
        QCOMPARE(error.code, codes::kModelWeightsMissing);
        QVERIFY2(contains(error.message, "model-00001-of-") && contains(error.message, kIndex),
                 error.message.c_str());
    }

    void aLinkToNowhereIsNotTakenForAnAbsentModel() {
        const TemporaryFolder folder;
        copySharded(folder);
        std::filesystem::create_symlink(folder / "gone", folder / "model.safetensors");
        QCOMPARE(openError(folder).code, codes::kFileNotFound);
    }
};

QTEST_GUILESS_MAIN(TestModelWeights)
#include "test_model_weights.moc"
