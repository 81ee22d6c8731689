#include "jobs/import/import_conversion.h"

#include "formats/gguf/gguf_to_hub.h"
#include "formats/hub/hub_weights.h"
#include "formats/meta/meta_to_hub.h"
#include "formats/tokenizer/sentencepiece_model.h"
#include "formats/torch/pickled_weights.h"
#include "jobs/library/copy_file.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// Whether a file goes along as it is when the weights are converted. Of tokenizers that is SentencePiece's,
/// which other programs prefer; Meta's list of ranks is no file of the Hub's.
bool isTakenAlong(const SourceFile& file) {
    if (file.name != "tokenizer.model") return belongsToModel(file.name) && !file.isWeights;
    const auto bytes = readFile(file.path);
    return bytes && formats::isSentencePieceModel(*bytes);
}

Result<std::vector<std::string>> convertMeta(const ImportSource& source, bool isInstruct, FileLayer& files,
                                             const fs::path& folder, const CancelToken& cancel,
                                             const ProgressSink& progress) {
    auto leftOut = formats::convertMetaToHub(files, source.place, folder, isInstruct, cancel, progress);
    if (!leftOut) return leftOut.error();
    std::vector<std::string> notes;
    for (const std::string& part : *leftOut)
        notes.push_back("left out, because only text is read: " + part);
    notes.emplace_back(isInstruct
                           ? "taken as a model for conversations, by its name"
                           : "taken as a base model, without a form for conversations, because no name "
                             "of it says Instruct or Chat; if it is one, import it under such a name");
    return notes;
}

Result<void> convertPickled(const ImportSource& source, FileLayer& files, const fs::path& folder,
                            const CancelToken& cancel, const ProgressSink& progress) {
    const auto config = formats::readModelConfig(source.place / "config.json");
    if (!config) return config.error();
    const auto weights = formats::PickledWeights::open(source.place, *config, cancel);
    if (!weights) return weights.error();
    return formats::writeHubWeights(files, folder, **weights, "converting weights", cancel, progress);
}

} // namespace

Result<std::vector<std::string>> convertSource(const ImportSource& source, bool isInstruct, FileLayer& files,
                                               const fs::path& folder, const CancelToken& cancel,
                                               const ProgressSink& progress) {
    std::vector<std::string> notes;
    if (source.form == SourceForm::Meta) {
        auto converted = convertMeta(source, isInstruct, files, folder, cancel, progress);
        if (!converted) return converted;
        notes = std::move(*converted);
    } else {
        const fs::path& first = source.files.front().path;
        auto converted = source.form == SourceForm::Gguf
                             ? formats::convertGgufToHub(files, first, folder, cancel, progress)
                             : convertPickled(source, files, folder, cancel, progress);
        if (!converted) return converted.error();
    }
    for (const SourceFile& file : source.files) {
        if (!isTakenAlong(file)) continue;
        if (auto copied = copyFile(files, file.path, folder / file.name, cancel, {}); !copied)
            return copied.error();
    }
    const auto taken = takeOllamaSettings(source.ollamaSettings, files, folder);
    if (!taken) return taken.error();
    notes.insert(notes.end(), taken->begin(), taken->end());
    return notes;
}

} // namespace llamahome::jobs
