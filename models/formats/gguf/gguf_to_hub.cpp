#include "formats/gguf/gguf_to_hub.h"

#include "formats/gguf/gguf_config.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/gguf_tokenizer.h"
#include "formats/gguf/gguf_weights.h"
#include "formats/hub/hub_files.h"

namespace llamahome::formats {
namespace fs = std::filesystem;

Result<void> convertGgufToHub(FileLayer& files, const fs::path& gguf, const fs::path& targetFolder,
                              const CancelToken& cancel, const ProgressSink& progress) {
    const auto reader = GgufReader::open(gguf);
    if (!reader) return reader.error();
    auto config = configFromGguf(**reader);
    if (!config) return config.error();
    auto weights = GgufWeights::of(**reader, *config, cancel);
    if (!weights) return weights.error();
    if (weights->tensors().front().dtype == DType::F32) config->torch_dtype = "float32";
    const auto tokenizer = tokenizerFromGguf(**reader, config->max_position_embeddings);
    if (!tokenizer) return tokenizer.error();
    if (tokenizer->size > config->vocab_size)
        return (*reader)->tensorsError("the tokenizer has " + std::to_string(tokenizer->size) +
                                       " entries, the embedding " + std::to_string(config->vocab_size) +
                                       " rows");
    return writeHubModel(files, targetFolder, std::move(*config), *tokenizer, *weights, cancel, progress);
}

} // namespace llamahome::formats
