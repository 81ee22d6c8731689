// A model and an adapter of it, to be exported, for the tests of merge and export. One thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "formats/peft/peft_adapter.h"
#include "jobs/export/export_model.h"
#include "jobs/train/finished_adapter.h"
#include "library_fixture.h"

namespace llamahome::testing {

/// The installed tiny model and an adapter of rank 1 that adds 1 to the first entry of layer 0's down_proj.
class ExportGround {
public:
    ExportGround() {
        base = fixture.importedModel();
        adapter.name = "adapter";
        adapter.kind = std::string(jobs::kAdapterKind);
        adapter.path = fixture.folder() / "adapter";
        std::filesystem::create_directories(adapter.path);
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
        std::ofstream(adapter.path / jobs::kTrainingRecordName)
            << "run: my-run\nsettings:\n  data:\n    template: '" << templateName << "'\n";
    }
    jobs::ExportRequest request(const char* name = "merged") const {
        jobs::ExportRequest wanted;
        wanted.base = base;
        wanted.adapter = adapter;
        wanted.target = fixture.folder() / name;
        return wanted;
    }
    Result<jobs::ExportResult> write(const jobs::ExportRequest& wanted, FileLayer& files = systemFiles(),
                                     const CancelToken& cancel = {}) const {
        return jobs::exportModel(wanted, files, cancel, {});
    }
    bool isClean(const std::filesystem::path& kept = {}) const {
        for (const auto& entry : std::filesystem::directory_iterator(fixture.folder())) {
            const std::string name = entry.path().filename().string();
            if (name != "source" && name != "root" && name != "adapter" && entry.path() != kept) return false;
        }
        return true;
    }

    LibraryFixture fixture;
    jobs::ModelEntry base;
    jobs::ModelEntry adapter;
};

} // namespace llamahome::testing
