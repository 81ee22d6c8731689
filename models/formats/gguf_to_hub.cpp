#include "formats/gguf_to_hub.h"

#include <algorithm>
#include <cstring>

#include "core/error_codes.h"
#include "formats/config_fields.h"
#include "formats/file_text.h"
#include "formats/gguf_config.h"
#include "formats/gguf_reader.h"
#include "formats/gguf_tokenizer.h"
#include "formats/half.h"
#include "formats/head_rows.h"
#include "formats/safetensors_writer.h"
#include "formats/tensor_names.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

Error tensorsError(const GgufReader& reader, const std::string& text) {
    return Error{codes::kGgufTensors, reader.shownPath() + ": " + text + "; get the file again"};
}

/// Every tensor of the configuration is there with its shape, and no other but the rope's divisors.
Result<void> checkTensors(const GgufReader& reader, const std::vector<TensorInfo>& expected) {
    std::size_t known = 0;
    for (const TensorInfo& wanted : expected) {
        const auto name = translateName(wanted.name, NameStyle::Hub, NameStyle::Gguf);
        const TensorInfo* const found = reader.find(*name);
        if (found == nullptr) return tensorsError(reader, "tensor " + *name + " is missing");
        if (found->shape != wanted.shape)
            return tensorsError(reader, "tensor " + *name + ": found " + shapeText(found->shape) +
                                            ", expected " + shapeText(wanted.shape));
        ++known;
    }
    if (reader.find(kGgufRopeTensor) != nullptr) ++known;
    if (known == reader.tensors().size()) return {};
    for (const TensorInfo& found : reader.tensors()) {
        const auto name = translateName(found.name, NameStyle::Gguf, NameStyle::Hub);
        const bool isExpected =
            name && std::any_of(expected.begin(), expected.end(),
                                [&](const TensorInfo& wanted) { return wanted.name == *name; });
        if (!isExpected && found.name != kGgufRopeTensor)
            return tensorsError(reader,
                                "tensor " + quotedText(found.name) + " belongs to no Llama of this size");
    }
    return {};
}

/// fp32 values to bfloat16 in the first half of the same bytes.
void roundToBfloat16(std::span<std::byte> values) {
    for (std::size_t i = 0; i < values.size() / sizeof(float); ++i) {
        float value = 0.0F;
        std::memcpy(&value, values.data() + i * sizeof(float), sizeof value);
        const std::uint16_t rounded = floatToBfloat16(value);
        std::memcpy(values.data() + i * sizeof rounded, &rounded, sizeof rounded);
    }
}

Result<void> convertWeights(FileLayer& files, const fs::path& path, GgufReader& reader,
                            const ModelConfig& config, const CancelToken& cancel,
                            const ProgressSink& progress) {
    const std::vector<TensorInfo> plan = safetensorsOrder(expectedTensors(config));
    auto writer = SafetensorsWriter::create(files, path, plan, {{"format", "pt"}});
    if (!writer) return writer.error();
    Progress state{"converting weights", 0, 0, "bytes"};
    for (const TensorInfo& tensor : plan)
        state.total += tensor.byteSize();
    std::vector<std::byte> buffer;
    for (const TensorInfo& tensor : plan) {
        if (cancel.isCancelled())
            return Error{codes::kCancelled, "the import of " + reader.shownPath() + " was stopped"};
        const TensorInfo& packed = *reader.find(*translateName(tensor.name, NameStyle::Hub, NameStyle::Gguf));
        buffer.resize(static_cast<std::size_t>(packed.byteSize()));
        if (auto read = reader.read(packed, buffer); !read) return read;
        roundToBfloat16(buffer);
        const auto rounded = std::span(buffer).first(static_cast<std::size_t>(tensor.byteSize()));
        if (const std::int64_t heads = interleavedHeads(tensor.name, config); heads > 0)
            deinterleaveHeadRows(rounded, heads, config.head_dim);
        if (auto written = (*writer)->write(tensor, rounded); !written) return written;
        state.done += tensor.byteSize();
        if (progress) progress(state);
    }
    return (*writer)->finish();
}

Json generationJson(const ModelConfig& config, const HubTokenizer& tokenizer) {
    Json json{{"_from_model_config", true}};
    json["bos_token_id"] = config.bos_token_id ? Json(*config.bos_token_id) : Json();
    json["eos_token_id"] = tokenIdsJson(config.eos_token_ids);
    if (tokenizer.padToken) json["pad_token_id"] = *tokenizer.padToken;
    return json;
}

} // namespace

Result<void> convertGgufToHub(FileLayer& files, const fs::path& gguf, const fs::path& targetFolder,
                              const CancelToken& cancel, const ProgressSink& progress) {
    const auto reader = GgufReader::open(gguf);
    if (!reader) return reader.error();
    auto config = configFromGguf(**reader);
    if (!config) return config.error();
    if (auto checked = checkTensors(**reader, expectedTensors(*config)); !checked) return checked;
    const auto tokenizer = tokenizerFromGguf(**reader, config->max_position_embeddings);
    if (!tokenizer) return tokenizer.error();
    if (tokenizer->size > config->vocab_size)
        return tensorsError(**reader, "the tokenizer has " + std::to_string(tokenizer->size) +
                                          " entries, the embedding " + std::to_string(config->vocab_size) +
                                          " rows");
    config->eos_token_ids = tokenizer->endTokens;

    if (auto made = files.makeDirectories(targetFolder); !made) return made;
    const auto writeOne = [&](const char* name, const Json& json) {
        return writeFileAtomically(files, targetFolder / name, writeJson(json));
    };
    if (auto done = writeOne("config.json", modelConfigJson(*config)); !done) return done;
    if (auto done = writeOne("generation_config.json", generationJson(*config, *tokenizer)); !done)
        return done;
    if (auto done = writeOne("tokenizer.json", tokenizer->tokenizer); !done) return done;
    if (auto done = writeOne("tokenizer_config.json", tokenizer->config); !done) return done;
    if (auto done = writeOne("special_tokens_map.json", tokenizer->specialTokens); !done) return done;
    return convertWeights(files, targetFolder / "model.safetensors", **reader, *config, cancel, progress);
}

} // namespace llamahome::formats
