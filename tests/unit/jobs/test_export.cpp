// Export: the forms other than a merged folder hold what they promise, answers end as trained, nothing is
// overwritten and nothing half-written stays.
#include <QtTest>

#include "core/error_codes.h"
#include "export_ground.h"
#include "formats/gguf_reader.h"
#include "formats/model_weights.h"
#include "jobs/model_checks.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

std::vector<float> ggufValues(const fs::path& file, const char* name) {
    const auto reader = formats::GgufReader::open(file);
    if (!reader) return {};
    const formats::TensorInfo* const tensor = (*reader)->find(name);
    if (tensor == nullptr) return {};
    std::vector<float> values(tensor->elementCount());
    return (*reader)->read(*tensor, std::as_writable_bytes(std::span(values))) ? values
                                                                               : std::vector<float>{};
}

ExportRequest ofGguf(const ExportGround& ground, bool withAdapter, formats::GgufFileType type) {
    ExportRequest request = ground.request("model.gguf");
    if (!withAdapter) request.adapter.reset();
    request.format = ExportFormat::Gguf;
    request.type = type;
    return request;
}

} // namespace

class TestExport final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aGgufHasExactlyTheSizeThatWasForecast() {
        for (const auto type : {formats::GgufFileType::F32, formats::GgufFileType::BF16,
                                formats::GgufFileType::Q8_0, formats::GgufFileType::Q4_K_M}) {
            const ExportGround ground;
            const ExportRequest request = ofGguf(ground, false, type);
            const auto forecast = forecastExport(request);
            QVERIFY2(forecast, forecast ? "" : forecast.error().message.c_str());
            const auto written = ground.write(request);
            QVERIFY2(written, written ? "" : written.error().message.c_str());
            QCOMPARE(written->sizeBytes, *forecast);
            QCOMPARE(static_cast<std::uint64_t>(fs::file_size(written->path)), *forecast);
            QVERIFY(written->turnEnd.find("<|im_end|>") != std::string::npos);
            QVERIFY(ground.isClean(written->path));
        }
    }

    void anAdapterIsMergedIntoAGguf() {
        const ExportGround ground;
        const auto plain = ground.write(ofGguf(ground, false, formats::GgufFileType::F32));
        QVERIFY(plain);
        const auto before = ggufValues(plain->path, "blk.0.ffn_down.weight");
        fs::remove(plain->path);
        const auto merged = ground.write(ofGguf(ground, true, formats::GgufFileType::F32));
        QVERIFY(merged);
        const auto after = ggufValues(merged->path, "blk.0.ffn_down.weight");
        QCOMPARE(after.size(), before.size());
        QVERIFY(!before.empty());
        QVERIFY(std::abs(after.front() - before.front() - 1.0F) < 0.01F);
        QVERIFY(std::equal(before.begin() + 1, before.end(), after.begin() + 1));
    }

    void anExportedGgufComesBackAsTheSameModel() {
        const ExportGround ground;
        const auto written = ground.write(ofGguf(ground, false, formats::GgufFileType::BF16));
        QVERIFY(written);
        const auto back = ground.fixture.import({written->path, "local", "back", false});
        QVERIFY2(back, back ? "" : back.error().message.c_str());
        const auto one = formats::openModelWeights(ground.base.path);
        const auto other = formats::openModelWeights(back->entry.path);
        QVERIFY(one && other);
        for (const formats::TensorInfo& tensor : (*one)->tensors()) {
            std::vector<std::byte> a(tensor.byteSize());
            std::vector<std::byte> b(tensor.byteSize());
            const formats::TensorInfo* const found = (*other)->find(tensor.name);
            QVERIFY2(found != nullptr, tensor.name.c_str());
            QVERIFY((*one)->read(tensor, a) && (*other)->read(*found, b));
            QVERIFY2(a == b, tensor.name.c_str());
        }
    }

    void anAdapterAloneIsAFolderOfPeft() {
        const ExportGround ground;
        ExportRequest request = ground.request("alone");
        request.format = ExportFormat::Peft;
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        const auto back = formats::readPeftAdapter(written->path);
        QVERIFY(back);
        QCOMPARE(back->pairs.size(), std::size_t{1});
        QVERIFY(fs::exists(written->path / "README.md"));
        QVERIFY(fs::exists(written->path / kTrainingRecordName));
        QVERIFY(!fs::exists(written->path / kManifestName));
        request.target = ground.fixture.folder() / "scaled";
        request.scale = 0.5;
        const auto scaled = ground.write(request);
        QVERIFY(!scaled && scaled.error().code == codes::kExportKind);
        request.adapter.reset();
        const auto none = ground.write(request);
        QVERIFY(!none && none.error().code == codes::kExportKind);
    }

    void aModelAloneIsAFolderOfTheHub() {
        const ExportGround ground;
        ExportRequest request = ground.request("copy");
        request.adapter.reset();
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QVERIFY(checkModelFolder(written->path));
    }

    void aFileThatIsThereStays() {
        const ExportGround ground;
        const ExportRequest request = ofGguf(ground, false, formats::GgufFileType::Q8_0);
        std::ofstream(request.target) << "mine";
        const auto refused = ground.write(request);
        QVERIFY(!refused && refused.error().code == codes::kExportExists);
        QCOMPARE(static_cast<int>(fs::file_size(request.target)), 4);
    }

    void aFailureAtAnyFileCallLeavesNoGguf() {
        const ExportGround ground;
        const ExportRequest request = ofGguf(ground, true, formats::GgufFileType::Q8_0);
        FaultFileLayer counting;
        QVERIFY(ground.write(request, counting));
        fs::remove(request.target);
        const std::uint64_t calls = counting.calls();
        for (std::uint64_t call = 1; call < calls; ++call) { // the last flushes the folder's name
            FaultFileLayer failing(call, Fault::DiskFull);
            QVERIFY2(!ground.write(request, failing), std::to_string(call).c_str());
            QVERIFY2(!fs::exists(request.target), std::to_string(call).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestExport)
#include "test_export.moc"
