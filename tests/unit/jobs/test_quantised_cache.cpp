// Quantised weights beside a model: made once, used again, made anew where they are another model's, gone
// with it; and nothing depends on them.
#include <algorithm>

#include <QTest>

#include "core/error_codes.h"
#include "formats/bitsandbytes/quantised_weights.h"
#include "formats/hub/model_weights.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/tensor_values.h"
#include "jobs/library/remove_model.h"
#include "jobs/quantised_cache.h"
#include "jobs/verify/file_checks.h"
#include "library_fixture.h"
#include "support/checked.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
using formats::Quantisation;
namespace fs = std::filesystem;

namespace {

fs::path cacheOf(const ModelEntry& model, Quantisation format = Quantisation::Nf4,
                 FileLayer& files = systemFiles()) {
    return checked(quantisedCache(files, model.path, format, {}, {}));
}

/// Every name in the folder of the model that is none of its manifest.
std::vector<std::string> besides(const ModelEntry& model) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(model.path))
        if (isQuantisedCache(entry.path().filename().string()))
            names.push_back(entry.path().filename().string());
    return names;
}

} // namespace

class TestQuantisedCache final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyMatrixOfTheLayersIsInItNearItsValues_data() {
        QTest::addColumn<int>("format");
        QTest::newRow("int8") << static_cast<int>(Quantisation::Int8);
        QTest::newRow("NF4") << static_cast<int>(Quantisation::Nf4);
    }
    void everyMatrixOfTheLayersIsInItNearItsValues() {
        QFETCH(int, format);
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const fs::path file = cacheOf(model, static_cast<Quantisation>(format));
        auto stored = checked(formats::SafetensorsReader::open(file));
        const auto view = checked(formats::QuantisedWeights::over(std::move(stored), "cache"));
        const auto whole = checked(formats::openModelWeights(model.path));
        QCOMPARE(view->tensors().size(), std::size_t{7 * 2});
        for (const formats::TensorInfo& tensor : view->tensors()) {
            QCOMPARE(view->quantised()->formatOf(tensor), std::optional(static_cast<Quantisation>(format)));
            const auto found = checked(formats::readAsFloats(*view, tensor));
            const auto expected = checked(formats::readAsFloats(*whole, *whole->find(tensor.name)));
            QCOMPARE(found.size(), expected.size());
            const float most = *std::max_element(expected.begin(), expected.end());
            for (std::size_t i = 0; i < found.size(); ++i)
                QVERIFY(std::abs(found[i] - expected[i]) <= 0.2F * most);
        }
    }

    void theSecondTimeNothingIsWritten() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const fs::path first = cacheOf(model);
        FaultFileLayer counting;
        QCOMPARE(cacheOf(model, Quantisation::Nf4, counting), first);
        QCOMPARE(counting.calls(), std::uint64_t{0});
        QVERIFY(cacheOf(model, Quantisation::Int8) != first);
        QCOMPARE(besides(model).size(), std::size_t{2});
    }

    void anotherModelsWeightsAreMadeAnew() {
        const LibraryFixture one(1), other(2);
        const ModelEntry model = one.importedModel(), stranger = other.importedModel();
        const fs::path file = cacheOf(model);
        fs::copy_file(cacheOf(stranger), file, fs::copy_options::overwrite_existing);
        FaultFileLayer counting;
        QCOMPARE(cacheOf(model, Quantisation::Nf4, counting), file);
        QVERIFY(counting.calls() > 0);
        const auto reader = checked(formats::SafetensorsReader::open(file));
        QCOMPARE(reader->metadata().at("model"), checked(readManifest(model.path)).digest);
    }

    void aDiskThatFailsAtAnyCallLeavesNothingAndIsNoError() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        FaultFileLayer counting;
        QVERIFY(!cacheOf(model, Quantisation::Nf4, counting).empty());
        fs::remove(model.path / besides(model).front());
        for (std::uint64_t call = 1; call < counting.calls(); ++call) { // the last flushes the folder
            FaultFileLayer files(call, Fault::DiskFull);
            QCOMPARE(cacheOf(model, Quantisation::Nf4, files), fs::path());
            QVERIFY2(besides(model).empty(), std::to_string(call).c_str());
        }
    }

    void aStopIsAStop() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        CancelToken cancel;
        cancel.cancel();
        const auto made = quantisedCache(systemFiles(), model.path, Quantisation::Nf4, cancel, {});
        QVERIFY(!made);
        QCOMPARE(made.error().code, codes::kCancelled);
        QVERIFY(besides(model).empty());
    }

    void aFolderThatIsNotInstalledGetsNone() {
        const LibraryFixture fixture;
        const auto made = quantisedCache(systemFiles(), fixture.source(), Quantisation::Nf4, {}, {});
        QVERIFY(made && made->empty());
    }

    void itCountsInTheModelsSizeAndGoesWithIt() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        const fs::path file = cacheOf(model);
        const auto listed = fixture.library().find("smollm2", "135m-instruct");
        QCOMPARE(listed->sizeBytes, model.sizeBytes + fs::file_size(file));
        QVERIFY(unlistedFiles(model.path, checked(readManifest(model.path))).empty());
        const auto plan = checked(planRemoval(fixture.root(), model));
        QVERIFY(plan.foreign.empty());
        QCOMPARE(plan.caches.size(), std::size_t{1});
        const auto lock = checked(RootLock::acquire(fixture.root()));
        QCOMPARE(checked(removeModel(plan, lock, systemFiles())), plan.freedBytes);
        QVERIFY(!fs::exists(model.path));
    }
};

QTEST_APPLESS_MAIN(TestQuantisedCache)
#include "test_quantised_cache.moc"
