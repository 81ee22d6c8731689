// Merging: a whole model in Hub layout with the adapter in its weights, its card and licence; nothing where
// it fails, nothing overwritten.
#include <fstream>

#include <QtTest>

#include "core/error_codes.h"
#include "export_ground.h"
#include "formats/half.h"
#include "formats/hub/model_weights.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/export/export_model.h"
#include "jobs/export/turn_end_check.h"
#include "jobs/library/manifest.h"
#include "jobs/train/finished_adapter.h"
#include "jobs/verify/model_checks.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

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
        const ExportGround ground;
        const auto merged = ground.write(ground.request());
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
        ExportGround ground;
        ground.base.hubId = "meta-llama/Llama-3.2-1B";
        ground.base.family = "llama";
        ground.base.licence = "Llama 3.2 Community Licence";
        const auto merged = ground.write(ground.request());
        QVERIFY(merged);
        const std::string card = textOf(merged->path / "README.md");
        for (const char* part : {"base_model: 'meta-llama/Llama-3.2-1B'", "Built with Llama",
                                 "Llama 3.2 Community Licence", "run: my-run", "# merged"})
            QVERIFY2(card.find(part) != std::string::npos, part);
    }

    void theCardHoldsWhatDecidesTheResultAndNothingOfThisMachine() {
        const ExportGround ground;
        std::ofstream(ground.adapter.path / kTrainingRecordName)
            << "run: my-run\ndata:\n  - name: poems.jsonl\nresult:\n  train_loss: 1.25\nsettings:\n"
               "  data:\n    template: alpaca\n    data_root: /home/me/root\n    cache: /home/me/cache\n"
               "  logging:\n    stderr_level: info\n"
               "  training:\n    learning_rate: 0.0002\n    device: cpu\n    lora:\n      r: 8\n";
        const auto merged = ground.write(ground.request());
        QVERIFY2(merged, merged ? "" : merged.error().message.c_str());
        const std::string card = textOf(merged->path / "README.md");
        const std::string record = textOf(merged->path / kTrainingRecordName);
        for (const std::string* text : {&card, &record}) {
            for (const char* part : {"poems.jsonl", "train_loss: 1.25", "learning_rate: 0.0002", "r: 8"})
                QVERIFY2(text->find(part) != std::string::npos, part);
            for (const char* part : {"/home/me", "logging", "cache", "stderr_level", "device"})
                QVERIFY2(text->find(part) == std::string::npos, part);
        }
        QVERIFY(record.find("template: alpaca") != std::string::npos);
    }

    void aCardWithoutAdapterNamesNoneAndNoIdThatIsNotKnown() {
        ExportGround ground;
        ground.base.hubId.clear();
        ground.base.licence = "Apache-2.0";
        fs::remove(ground.base.path / "LICENSE");
        ExportRequest plain = ground.request("plain");
        plain.adapter.reset();
        const auto written = ground.write(plain);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        const std::string card = textOf(written->path / "README.md");
        for (const char* part : {"lora", "base_model", "lies beside this file"})
            QVERIFY2(card.find(part) == std::string::npos, part);
        const auto merged = ground.write(ground.request());
        QVERIFY(merged && textOf(merged->path / "README.md").find("- lora\n") != std::string::npos);
    }

    void weightsThatAreNotFiniteAreNotWritten() {
        const ExportGround ground;
        const fs::path file = ground.base.path / "model.safetensors";
        std::string bytes = textOf(file);
        bytes.replace(bytes.size() - 2, 2, "\xFF\x7F"); // BF16: a NaN
        QVERIFY(writeFileAtomically(systemFiles(), file, bytes));
        ExportRequest plain = ground.request();
        plain.adapter.reset();
        const auto refused = ground.write(plain);
        QVERIFY(!refused && refused.error().code == codes::kNonFiniteWeights);
        QVERIFY(names(refused.error(), {ground.base.name, "llamahome verify smollm2 135m-instruct --deep"}));
        QVERIFY(ground.isClean());
    }

    void theScaleCounts() {
        const ExportGround ground;
        ExportRequest half = ground.request("half");
        half.scale = 0.5;
        const auto merged = ground.write(half);
        QVERIFY(merged);
        QVERIFY(std::abs(firstDown(merged->path) - firstDown(ground.base.path) - 0.5F) < 0.01F);
        ExportRequest none = ground.request("none");
        none.scale = 0.0;
        QCOMPARE(firstDown(ground.write(none)->path), firstDown(ground.base.path));
    }

    void whatIsThereStays() {
        const ExportGround ground;
        const ExportRequest request = ground.request();
        fs::create_directories(request.target);
        QVERIFY(ground.write(request)); // an empty folder is a place
        const auto again = ground.write(request);
        QVERIFY(!again && again.error().code == codes::kExportExists);
        std::ofstream(ground.fixture.folder() / "file") << "mine";
        const auto file = ground.write(ground.request("file"));
        QVERIFY(!file && file.error().code == codes::kExportExists);
        QCOMPARE(textOf(ground.fixture.folder() / "file"), std::string("mine"));
    }

    void anAdapterOfAnotherModelIsRefusedBeforeAnythingIsWritten() {
        const ExportGround ground;
        auto other = formats::readPeftAdapter(ground.adapter.path);
        QVERIFY(other);
        other->pairs.front().module = "model.layers.7.mlp.down_proj";
        QVERIFY(formats::writePeftAdapter(systemFiles(), ground.adapter.path, *other));
        const auto refused = ground.write(ground.request());
        QVERIFY(!refused && refused.error().code == codes::kMergeRefused);
        QVERIFY(ground.isClean());
    }

    void anAdapterOfOtherFilesIsRefusedByItsRecord() {
        const ExportGround ground;
        const auto manifest = readManifest(ground.base.path);
        QVERIFY(manifest);
        const fs::path record = ground.adapter.path / kTrainingRecordName;
        std::ofstream(record) << "base:\n  digest: " << std::string(64, 'a') << "\n";
        const auto refused = ground.write(ground.request());
        QVERIFY(!refused && refused.error().code == codes::kMergeRefused);
        QVERIFY(ground.isClean());
        std::ofstream(record) << "base:\n  digest: " << manifest->digest << "\n";
        const auto merged = ground.write(ground.request());
        QVERIFY2(merged, merged ? "" : merged.error().message.c_str());
        QVERIFY(merged->notes.empty());
    }

    void anAdapterThatNamesAnotherModelIsNoted() {
        const ExportGround ground;
        auto other = formats::readPeftAdapter(ground.adapter.path);
        QVERIFY(other);
        other->baseModel = "somebody/else";
        QVERIFY(formats::writePeftAdapter(systemFiles(), ground.adapter.path, *other));
        const auto merged = ground.write(ground.request());
        QVERIFY(merged && merged->notes.size() == 1);
        QVERIFY(merged->notes.front().find("somebody/else") != std::string::npos);
    }

    void aRecordThatCannotBeReadIsRefused() {
        const ExportGround ground;
        std::ofstream(ground.adapter.path / kTrainingRecordName) << "settings:\n\tdata: 1\n";
        const auto refused = ground.write(ground.request());
        QVERIFY(!refused && refused.error().code == codes::kExportCheck);
    }

    void whatAnotherProcessWorksOnStays() {
        const ExportGround ground;
        const fs::path dead = ground.fixture.folder() / ".merged.1234567.0.llamahome-part";
        const fs::path living = ground.fixture.folder() / ".merged.1.llamahome-part";
        fs::create_directories(dead);
        fs::create_directories(living);
        QVERIFY(ground.write(ground.request()));
        QVERIFY(!fs::exists(dead));
        QVERIFY(fs::exists(living)); // process 1 lives
    }

    void generationThatDoesNotStopAtTheTurnsEndIsFound() {
        const ExportGround ground;
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
        // What only the template says is written into the result, which is read back.
        const auto chat = exportChat(ground.base.path, {}, true);
        QVERIFY(chat && chat->addsEnds);
        const auto found = checkTurnEnd(ground.base.path, *chat);
        QVERIFY(!found && found.error().code == codes::kExportCheck);
        QVERIFY(names(found.error(), {"<|im_end|>", "does not stop"}));
        const auto merged = ground.write(ground.request());
        QVERIFY2(merged, merged ? "" : merged.error().message.c_str());
        QVERIFY(checkTurnEnd(merged->path, *chat));
        QVERIFY(textOf(merged->path / "generation_config.json").find("\"_from_model_config\"") !=
                std::string::npos);
    }

    void aCancelLeavesNothing() {
        const ExportGround ground;
        const CancelToken cancel;
        cancel.cancel();
        const auto stopped = ground.write(ground.request(), systemFiles(), cancel);
        QVERIFY(!stopped && stopped.error().code == codes::kCancelled);
        QVERIFY(ground.isClean());
    }

    void aFailureAtAnyFileCallLeavesNothing() {
        const ExportGround ground;
        FaultFileLayer counting;
        QVERIFY(ground.write(ground.request("counted"), counting));
        const std::uint64_t calls = counting.calls();
        fs::remove_all(ground.fixture.folder() / "counted");
        for (std::uint64_t call = 1; call < calls; ++call) { // the last flushes the folder's name
            FaultFileLayer failing(call, Fault::DiskFull);
            const auto result = ground.write(ground.request(), failing);
            QVERIFY2(!result, std::to_string(call).c_str());
            QVERIFY2(ground.isClean(), std::to_string(call).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestMerge)
#include "test_merge.moc"
