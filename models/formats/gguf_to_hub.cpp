#include "formats/gguf_to_hub.h"

#include "core/error_codes.h"
#include "formats/config_fields.h"
#include "formats/gguf_config.h"
#include "formats/gguf_reader.h"
#include "formats/gguf_tokenizer.h"
#include "formats/gguf_weights.h"
#include "formats/hub_weights.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

Error tensorsError(const GgufReader& reader, const std::string& text) {
    return Error{codes::kGgufTensors, reader.shownPath() + ": " + text + "; get the file again"};
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
    auto weights = GgufWeights::of(**reader, *config);
    if (!weights) return weights.error();
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
    return writeHubWeights(files, targetFolder, *weights, "converting weights", cancel, progress);
}

} // namespace llamahome::formats
