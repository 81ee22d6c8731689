#include "formats/hub/hub_files.h"

#include "formats/hub/config_fields.h"
#include "formats/hub/hub_weights.h"

namespace llamahome::formats {
namespace {

Json generationJson(const ModelConfig& config, const HubTokenizer& tokenizer) {
    Json json{{"_from_model_config", true}};
    json["bos_token_id"] = config.bos_token_id ? Json(*config.bos_token_id) : Json();
    json["eos_token_id"] = tokenIdsJson(config.eos_token_ids);
    if (tokenizer.padToken) json["pad_token_id"] = *tokenizer.padToken;
    return json;
}

} // namespace

Result<void> writeHubModel(FileLayer& files, const std::filesystem::path& folder, ModelConfig config,
                           const HubTokenizer& tokenizer, TensorSource& source, const CancelToken& cancel,
                           const ProgressSink& progress) {
    config.eos_token_ids = tokenizer.endTokens;
    if (auto made = files.makeDirectories(folder); !made) return made;
    const auto writeOne = [&](const char* name, const Json& json) {
        return writeFileAtomically(files, folder / name, writeJson(json));
    };
    if (auto done = writeOne("config.json", modelConfigJson(config)); !done) return done;
    if (auto done = writeOne("generation_config.json", generationJson(config, tokenizer)); !done) return done;
    if (auto done = writeOne("tokenizer.json", tokenizer.tokenizer); !done) return done;
    if (auto done = writeOne("tokenizer_config.json", tokenizer.config); !done) return done;
    if (auto done = writeOne("special_tokens_map.json", tokenizer.specialTokens); !done) return done;
    return writeHubWeights(files, folder, source, "converting weights", cancel, progress);
}

} // namespace llamahome::formats
