// Merging: a whole model in Hub layout with the adapter in its weights, its card and licence; nothing where
// it fails, nothing overwritten.
#include <fstream>

#include <QtTest>

#include "core/error_codes.h"
#include "formats/half.h"
#include "formats/model_weights.h"
#include "formats/peft_adapter.h"
#include "jobs/finished_adapter.h"
#include "jobs/merge_model.h"
#include "jobs/model_checks.h"
#include "jobs/turn_end_check.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

/// The installed tiny model and an adapter of rank 1 that adds 1 to the first entry of layer 0's down_proj.
class MergeGround {
public:
    MergeGround() {
        base = fixture.importedModel();
        adapter.name = "adapter";
        adapter.kind = std::string(kAdapterKind);
        adapter.path = fixture.folder() / "adapter";
        fs::create_directories(adapter.path);
        const formats::ModelConfig config = tinyConfig();
        formats::PeftAdapter lora;
        lora.r = 1;
        lora.alpha = 2.0;
        lora.targetModules = {"down_proj"};
        lora.baseModel = "smollm2/135m-instruct";
        formats::LoraPair pair;
        pair.module = "model.layers.0.mlp.down_proj";
        pair.r = 1;
        pair.inFeatures = config.intermediate_size;
        pair.outFeatures = config.hidden_size;
        pair.loraA.assign(static_cast<std::size_t>(pair.inFeatures), 0.0F);
        pair.loraB.assign(static_cast<std::size_t>(pair.outFeatures), 0.0F);
        pair.loraA.front() = 0.5F;
        pair.loraB.front() = 1.0F;
        lora.pairs = {pair};
        if (!formats::writePeftAdapter(systemFiles(), adapter.path, lora))
            throw std::runtime_error("no adapter");
        writeRecord("");
    }

    void writeRecord(const std::string& templateName) const {
        std::ofstream(adapter.path / kTrainingRecordName)
            << "run: my-run\nsettings:\n  data:\n    template: '" << templateName << "'\n";
    }
    MergeRequest request(const char* name = "merged") const {
        return {base, adapter, 1.0, fixture.folder() / name};
    }
    Result<ExportResult> merge(const MergeRequest& wanted, FileLayer& files = systemFiles(),
                               const CancelToken& cancel = {}) const {
        return mergeModel(wanted, files, cancel, {});
    }
    bool isClean(const fs::path& kept = {}) const {
        for (const auto& entry : fs::directory_iterator(fixture.folder())) {
            const std::string name = entry.path().filename().string();
            if (name != "source" && name != "root" && name != "adapter" && entry.path() != kept) return false;
        }
        return true;
    }

    LibraryFixture fixture;
    ModelEntry base;
    ModelEntry adapter;
};

float firstDown(const fs::path& folder) {
    const auto weights = formats::openModelWeights(folder);
    if (!weights) return -1.0F;
    const formats::TensorInfo& tensor = *(*weights)->find("model.layers.0.mlp.down_proj.weight");
    std::vector<std::byte> bytes(tensor.byteSize());
    if (!(*weights)->read(tensor, bytes)) return -1.0F;
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data(), sizeof bits);
    return formats::bfloat16ToFloat(bits);
}

std::string textOf(const fs::path& path) {
    const auto text = readFile(path);
    return text ? *text : std::string();
}

} // namespace

class TestMerge final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theResultIsAWholeModelWithTheAdapterInIt() {
        const MergeGround ground;
        const auto merged = ground.merge(ground.request());
        QVERIFY2(merged, merged ? "" : merged.error().message.c_str());
        QVERIFY(checkModelFolder(merged->path));
        QVERIFY(std::abs(firstDown(merged->path) - firstDown(ground.base.path) - 1.0F) < 0.01F);
        QVERIFY(merged->turnEnd.find("<|im_end|>") != std::string::npos);
        QVERIFY(merged->sizeBytes > ground.base.sizeBytes / 2);
        for (const char* name :
             {"tokenizer.json", "tokenizer_config.json", "generation_config.json", "LICENSE"})
            QCOMPARE(textOf(merged->path / name), textOf(ground.base.path / name));
        QVERIFY(ground.isClean(merged->path));
        QVERIFY(!fs::exists(merged->path / kManifestName));
    }

    void theCardTellsBaseTrainingAndLicence() {
        MergeGround ground;
        ground.base.hubId = "meta-llama/Llama-3.2-1B";
        ground.base.family = "llama";
        ground.base.licence = "Llama 3.2 Community Licence";
        const auto merged = ground.merge(ground.request());
        QVERIFY(merged);
        const std::string card = textOf(merged->path / "README.md");
        for (const char* part : {"base_model: 'meta-llama/Llama-3.2-1B'", "Built with Llama",
                                 "Llama 3.2 Community Licence", "run: my-run", "# merged"})
            QVERIFY2(card.find(part) != std::string::npos, part);
    }

    void theScaleCounts() {
        const MergeGround ground;
        MergeRequest half = ground.request("half");
        half.scale = 0.5;
        const auto merged = ground.merge(half);
        QVERIFY(merged);
        QVERIFY(std::abs(firstDown(merged->path) - firstDown(ground.base.path) - 0.5F) < 0.01F);
        MergeRequest none = ground.request("none");
        none.scale = 0.0;
        QCOMPARE(firstDown(ground.merge(none)->path), firstDown(ground.base.path));
    }

    void whatIsThereStays() {
        const MergeGround ground;
        const MergeRequest request = ground.request();
        fs::create_directories(request.target);
        QVERIFY(ground.merge(request)); // an empty folder is a place
        const auto again = ground.merge(request);
        QVERIFY(!again && again.error().code == codes::kExportExists);
        std::ofstream(ground.fixture.folder() / "file") << "mine";
        const auto file = ground.merge(ground.request("file"));
        QVERIFY(!file && file.error().code == codes::kExportExists);
        QCOMPARE(textOf(ground.fixture.folder() / "file"), std::string("mine"));
    }

    void anAdapterOfAnotherModelIsRefusedBeforeAnythingIsWritten() {
        const MergeGround ground;
        auto other = formats::readPeftAdapter(ground.adapter.path);
        QVERIFY(other);
        other->pairs.front().module = "model.layers.7.mlp.down_proj";
        QVERIFY(formats::writePeftAdapter(systemFiles(), ground.adapter.path, *other));
        const auto refused = ground.merge(ground.request());
        QVERIFY(!refused && refused.error().code == codes::kMergeRefused);
        QVERIFY(ground.isClean());
    }

    void anotherTemplateThanTheTrainedOneIsRefused() {
        const MergeGround ground;
        ground.writeRecord("llama3");
        const auto refused = ground.merge(ground.request());
        QVERIFY(!refused && refused.error().code == codes::kExportCheck);
        QVERIFY(names(refused.error(), {"llama3", "smollm2"}));
        QVERIFY(ground.isClean());
    }

    void generationThatDoesNotStopAtTheTurnsEndIsFound() {
        const MergeGround ground;
        for (const char* name : {"generation_config.json", "config.json"}) {
            std::string text = textOf(ground.base.path / name);
            const std::size_t at = text.find("\"eos_token_id\": 2");
            if (at == std::string::npos) continue;
            text.replace(at, 17, "\"eos_token_id\": 0");
            QVERIFY(writeFileAtomically(systemFiles(), ground.base.path / name, text));
        }
        std::string config = textOf(ground.base.path / "tokenizer_config.json");
        const std::size_t at = config.find("\"eos_token\": \"<|im_end|>\"");
        QVERIFY(at != std::string::npos);
        config.replace(at, 25, "\"eos_token\": \"<|endoftext|>\"");
        QVERIFY(writeFileAtomically(systemFiles(), ground.base.path / "tokenizer_config.json", config));
        const auto found = checkTurnEnd(ground.base.path);
        QVERIFY(!found && found.error().code == codes::kExportCheck);
        QVERIFY(names(found.error(), {"<|im_end|>", "does not stop"}));
    }

    void aCancelLeavesNothing() {
        const MergeGround ground;
        const CancelToken cancel;
        cancel.cancel();
        const auto stopped = ground.merge(ground.request(), systemFiles(), cancel);
        QVERIFY(!stopped && stopped.error().code == codes::kCancelled);
        QVERIFY(ground.isClean());
    }

    void aFailureAtAnyFileCallLeavesNothing() {
        const MergeGround ground;
        FaultFileLayer counting;
        QVERIFY(ground.merge(ground.request("counted"), counting));
        const std::uint64_t calls = counting.calls();
        fs::remove_all(ground.fixture.folder() / "counted");
        for (std::uint64_t call = 1; call < calls; call += 2) { // the last flushes the folder's name
            FaultFileLayer failing(call, Fault::DiskFull);
            const auto result = ground.merge(ground.request(), failing);
            QVERIFY2(!result, std::to_string(call).c_str());
            QVERIFY2(!fs::exists(ground.request().target), std::to_string(call).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestMerge)
#include "test_merge.moc"
