// Weights written as a Hub folder has them: one file or shards, the same tensors when read back, nothing
// half-written under a final name.
#include <QtTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "file_bytes.h"
#include "formats/hub/hub_weights.h"
#include "formats/hub/model_weights.h"
#include "formats/safetensors/safetensors_reader.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

fs::path modelFile() {
    return fs::path(LLAMAHOME_TEST_DATA) / "parity" / "mha_untied" / "model.safetensors";
}

std::vector<std::string> namesIn(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(folder))
        names.push_back(file.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::unique_ptr<SafetensorsReader> openModel() {
    auto source = SafetensorsReader::open(modelFile());
    return source ? std::move(*source) : nullptr;
}

TensorInfo sized(const char* name, std::int64_t elements) {
    return {name, DType::U8, {elements}};
}

} // namespace

class TestHubWeights : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void shardsAreFilledInOrder() {
        using Shards = std::vector<std::vector<std::size_t>>;
        const std::vector<TensorInfo> tensors{sized("a", 4), sized("b", 6), sized("c", 1), sized("d", 30),
                                              sized("e", 10)};
        QVERIFY((planShards(tensors, 10) == Shards{{0, 1}, {2}, {3}, {4}}));
        QVERIFY((planShards(tensors, 1000) == Shards{{0, 1, 2, 3, 4}}));
        QVERIFY(planShards({}, 10).empty());
    }

    void whatIsWrittenReadsBackTheSame_data() {
        QTest::addColumn<quint64>("shardBytes");
        QTest::addColumn<int>("files");
        QTest::newRow("one file") << quint64{kMaxShardBytes} << 1;
        QTest::newRow("five shards and an index") << quint64{24000} << 6;
    }
    void whatIsWrittenReadsBackTheSame() {
        QFETCH(const quint64, shardBytes);
        QFETCH(const int, files);
        const TemporaryFolder folder;
        const auto source = openModel();
        std::uint64_t done = 0;
        std::uint64_t total = 0;
        const auto written = writeHubWeights(
            systemFiles(), folder.path(), *source, "writing", CancelToken(),
            [&](const Progress& step) {
                QVERIFY(step.done > done && step.done <= step.total);
                done = step.done;
                total = step.total;
            },
            shardBytes);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QCOMPARE(done, total);
        QCOMPARE(static_cast<int>(namesIn(folder.path()).size()), files);
        const auto back = openModelWeights(folder.path());
        QVERIFY2(back, back ? "" : back.error().message.c_str());
        QCOMPARE((*back)->tensors().size(), source->tensors().size());
        for (const TensorInfo& tensor : source->tensors()) {
            const TensorInfo* const found = (*back)->find(tensor.name);
            QVERIFY2(found != nullptr, tensor.name.c_str());
            QVERIFY(tensorBytes(**back, *found) == tensorBytes(*source, tensor));
        }
    }

    void theIndexNamesEveryTensorAndTheBytes() {
        const TemporaryFolder folder;
        const auto source = openModel();
        QVERIFY(writeHubWeights(systemFiles(), folder.path(), *source, "writing", CancelToken(), {}, 24000));
        QCOMPARE(namesIn(folder.path()).front(), std::string("model-00001-of-00005.safetensors"));
        const auto index = parseJson(readBytes(folder / "model.safetensors.index.json"), "index");
        QVERIFY(index);
        QCOMPARE((*index)["weight_map"].size(), source->tensors().size());
        std::uint64_t bytes = 0;
        for (const TensorInfo& tensor : source->tensors())
            bytes += tensor.byteSize();
        QCOMPARE((*index)["metadata"]["total_size"].get<std::uint64_t>(), bytes);
    }

    void aCancelLeavesNoWholeModel() {
        const TemporaryFolder folder;
        const auto source = openModel();
        const CancelToken cancel;
        int steps = 0;
        const auto written = writeHubWeights(
            systemFiles(), folder.path(), *source, "writing", cancel,
            [&](const Progress&) {
                if (++steps == 12) cancel.cancel();
            },
            24000);
        QVERIFY(!written && written.error().code == codes::kCancelled);
        const auto opened = openModelWeights(folder.path());
        QVERIFY(!opened);
    }

    void aFullDiskIsAnErrorAndNoIndexSaysOtherwise() {
        const TemporaryFolder complete;
        const auto source = openModel();
        FaultFileLayer counting;
        QVERIFY(writeHubWeights(counting, complete.path(), *source, "writing", CancelToken(), {}, 24000));
        for (std::uint64_t call = 1; call < counting.calls(); ++call) { // the last flushes the folder's names
            const TemporaryFolder folder;
            FaultFileLayer failing(call, Fault::DiskFull);
            const auto written =
                writeHubWeights(failing, folder.path(), *source, "writing", CancelToken(), {}, 24000);
            QVERIFY(!written);
            QVERIFY(!openModelWeights(folder.path()));
        }
    }
};

QTEST_GUILESS_MAIN(TestHubWeights)
#include "test_hub_weights.moc"
