// Files of weights and what describes them.
#include <array>
#include <string>
#include <vector>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/gguf_to_hub.h"
#include "formats/hub/model_config.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/sharded_weights.h"
#include "formats/meta/meta_checklist.h"
#include "formats/meta/meta_params.h"
#include "formats/peft/module_pattern.h"
#include "formats/peft/peft_adapter.h"
#include "formats/peft/peft_config.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/torch/pickle_machine.h"
#include "formats/torch/state_dict.h"
#include "formats/torch/torch_reader.h"
#include "formats/zip/zip_archive.h"
#include "fuzz_target.h"

namespace llamahome::fuzz {
namespace {

using namespace formats;

constexpr std::uint64_t kMostTensorBytes = 1U << 20; // of one tensor that is read here

/// Every tensor that is not large is read; an accepted file has bytes for all that are stored as they are.
void readTensors(TensorSource& source) {
    std::vector<std::byte> out;
    for (const TensorInfo& tensor : source.tensors()) {
        require(source.find(tensor.name) != nullptr, "a tensor is found by its name");
        if (tensor.byteSize() > kMostTensorBytes) continue;
        out.resize(tensor.byteSize());
        (void)accepted(source.read(tensor, out));
    }
}

void safetensors(std::string_view bytes) {
    const auto reader = SafetensorsReader::open(scratchFile("model.safetensors", bytes));
    if (!accepted(reader)) return;
    std::uint64_t sum = 0;
    for (const TensorInfo& tensor : (*reader)->tensors())
        sum += tensor.byteSize();
    require(sum < bytes.size(), "the tensors of a safetensors file lie in it");
    readTensors(**reader);
}

void safetensorsIndex(std::string_view bytes) {
    constexpr std::string_view kOne = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    static const std::filesystem::path folder = [&] {
        const std::string length{static_cast<char>(kOne.size()), 0, 0, 0, 0, 0, 0, 0};
        std::filesystem::create_directory(scratchFolder() / "sharded");
        scratchFile("sharded/a.safetensors", length + std::string(kOne) + "x");
        return scratchFolder() / "sharded";
    }();
    scratchFile("sharded/model.safetensors.index.json", bytes);
    const auto weights = openModelWeights(folder);
    if (accepted(weights))
        require((*weights)->tensors().size() == 1, "only what the shards have is given out");
}

void zip(std::string_view bytes) {
    constexpr std::uint64_t kMostUnpacked = 4U << 20;
    const auto archive = ZipArchive::open(scratchFile("x.zip", bytes));
    if (!accepted(archive)) return;
    for (const ZipEntry& entry : (*archive)->entries()) {
        require((*archive)->find(entry.name) != nullptr, "a member is found by its name");
        if (entry.sizeBytes > kMostUnpacked) continue;
        std::uint64_t unpacked = 0;
        const auto count = [&](std::span<const std::byte> block) -> Result<void> {
            unpacked += block.size();
            require(unpacked <= entry.sizeBytes, "a member gives no more than it claims");
            return {};
        };
        if (accepted((*archive)->extract(entry, count, CancelToken())))
            require(unpacked == entry.sizeBytes, "a member gives what it claims");
    }
}

void pickle(std::string_view bytes) {
    const auto pickled = unpickle(std::as_bytes(std::span(bytes)), "data.pkl");
    if (accepted(pickled)) (void)accepted(readStateDict(*pickled, "data.pkl"));
}

void torchFile(std::string_view bytes) {
    const auto reader = TorchReader::open(scratchFile("x.pth", bytes));
    if (accepted(reader)) readTensors(**reader);
}

void gguf(std::string_view bytes) {
    const auto reader = GgufReader::open(scratchFile("model.gguf", bytes));
    if (accepted(reader)) readTensors(**reader);
}

void ggufToHub(std::string_view bytes) {
    const auto path = scratchFile("model.gguf", bytes);
    const std::filesystem::path folder = scratchFolder() / "hub";
    (void)accepted(convertGgufToHub(systemFiles(), path, folder, CancelToken(), {}));
    require(static_cast<bool>(removeTree(systemFiles(), folder)), "the folder goes");
}

void modelConfig(std::string_view bytes) {
    const auto json = parseJson(bytes, "config.json");
    if (!accepted(json)) return;
    const auto config = parseModelConfig(*json, "config.json");
    if (!accepted(config)) return;
    (void)config->parameterCount();
    const auto again = parseModelConfig(modelConfigJson(*config), "config.json");
    require(accepted(again) && again->parameterCount() == config->parameterCount(),
            "a configuration that is read is written as the same one");
}

void adapterConfig(std::string_view bytes) {
    const auto json = parseJson(bytes, "adapter_config.json");
    if (accepted(json)) (void)accepted(parsePeftConfig(*json, "adapter_config.json"));
}

/// The first line is an expression, the rest a name.
void modulePattern(std::string_view bytes) {
    const std::string_view expression = bytes.substr(0, bytes.find('\n'));
    const auto pattern = ModulePattern::compile(expression, "adapter_config.json");
    if (!accepted(pattern)) return;
    MatchBudget budget{100'000};
    (void)pattern->matches(bytes.substr(std::min(bytes.size(), expression.size() + 1)), budget);
}

void adapter(std::string_view bytes) {
    constexpr std::string_view kConfig =
        R"({"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["q_proj","v_proj"]})";
    static const std::filesystem::path folder = [&] {
        std::filesystem::create_directory(scratchFolder() / "adapter");
        scratchFile("adapter/adapter_config.json", kConfig);
        return scratchFolder() / "adapter";
    }();
    scratchFile("adapter/adapter_model.safetensors", bytes);
    (void)accepted(readPeftAdapter(folder));
}

void metaParams(std::string_view bytes) {
    (void)accepted(readMetaParams(scratchFile("params.json", bytes)));
}

void metaChecklist(std::string_view bytes) {
    const auto files = parseMetaChecklist(bytes, "checklist.chk");
    if (!accepted(files)) return;
    for (const auto& [name, sum] : *files)
        require(isPlainFileName(name) && sum.size() == 32, "a checklist names plain files and their MD5");
}

constexpr std::array kTargets{FuzzTarget{"safetensors", safetensors},
                              FuzzTarget{"safetensors_index", safetensorsIndex},
                              FuzzTarget{"zip", zip},
                              FuzzTarget{"pickle", pickle},
                              FuzzTarget{"torch", torchFile},
                              FuzzTarget{"gguf", gguf},
                              FuzzTarget{"gguf_to_hub", ggufToHub},
                              FuzzTarget{"model_config", modelConfig},
                              FuzzTarget{"adapter_config", adapterConfig},
                              FuzzTarget{"module_pattern", modulePattern},
                              FuzzTarget{"adapter", adapter},
                              FuzzTarget{"meta_params", metaParams},
                              FuzzTarget{"meta_checklist", metaChecklist}};

} // namespace

std::span<const FuzzTarget> weightTargets() {
    return kTargets;
}

} // namespace llamahome::fuzz
