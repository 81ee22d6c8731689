#include "formats/meta/meta_to_hub.h"

#include "formats/hub/hub_files.h"
#include "formats/meta/meta_tokenizer.h"
#include "formats/meta/meta_weights.h"

namespace llamahome::formats {

Result<std::vector<std::string>> convertMetaToHub(FileLayer& files, const std::filesystem::path& metaFolder,
                                                  const std::filesystem::path& targetFolder, bool isInstruct,
                                                  const CancelToken& cancel, const ProgressSink& progress) {
    const auto weights = MetaWeights::open(metaFolder, cancel);
    if (!weights) return weights.error();
    ModelConfig config = (*weights)->config();
    const MetaVariant variant{isInstruct, !(*weights)->leftOut().empty()};
    const auto tokenizer = tokenizerFromMeta(metaFolder / "tokenizer.model", config, variant);
    if (!tokenizer) return tokenizer.error();
    config.bos_token_id = tokenizer->bosToken;
    auto written =
        writeHubModel(files, targetFolder, std::move(config), *tokenizer, **weights, cancel, progress);
    if (!written) return written.error();
    return (*weights)->leftOut();
}

} // namespace llamahome::formats
