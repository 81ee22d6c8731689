#include "jobs/import/import_source.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/shell_quote.h"
#include "formats/gguf/gguf_weights.h"
#include "formats/hub/hub_names.h"
#include "formats/input_file.h"
#include "formats/meta/meta_weights.h"
#include "formats/peft/peft_adapter.h"
#include "formats/torch/pickled_weights.h"
#include "jobs/import/import_files.h"
#include "jobs/import/import_hub_cache.h"
#include "jobs/import/import_lm_studio.h"
#include "jobs/import/import_ollama.h"
#include "jobs/train/finished_adapter.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kBfloat16Bytes = 2;

bool isPickle(std::string_view name) {
    return name.ends_with(".bin") || name.ends_with(".pth") || name.ends_with(".pt");
}

/// Which of the files that Meta's layout cannot do without are not there: "params.json", "a and b".
std::string missingOfMeta(const fs::path& folder) {
    std::string missing;
    for (const char* name : {"params.json", "tokenizer.model", "consolidated.00.pth"})
        if (!isFile(folder / name)) missing += (missing.empty() ? "" : " and no ") + std::string(name);
    return missing;
}

/// What stands in a folder that is no model in Hub layout, in words that lead on.
Error refuseFolder(const fs::path& folder) {
    const std::string shown = displayPath(folder);
    for (const fs::path& entry : entriesOf(folder)) {
        const std::string name = nameOf(entry);
        if (name == "params.json" || name.starts_with("consolidated."))
            return Error{codes::kImportSource,
                         shown + ": found " + name + " of a model in Meta's layout, but no " +
                             missingOfMeta(folder) +
                             "; expected params.json, tokenizer.model and consolidated.00.pth together: get "
                             "all files of the model into one folder"};
        if (name.ends_with(".gguf"))
            return Error{codes::kImportSource,
                         shown + ": found no config.json; take over the GGUF file in it with `" +
                             shellLine({"llamahome", "import", displayPath(entry)}) + "`"};
    }
    if (isOllamaStore(folder)) return refuseOllamaStore(folder);
    return Error{codes::kImportSource, shown +
                                           ": found no model, expected config.json and .safetensors files in "
                                           "Hub layout; check the path"};
}

/// Whether no file before has that name; case aside, as a manifest takes names.
bool isNew(std::set<std::string>& names, std::string_view name) {
    return names.insert(lowerAscii(name)).second;
}

bool isMetaFolder(const fs::path& folder) {
    const auto shards = formats::metaShardNames(folder);
    return isFile(folder / "params.json") && isFile(folder / "tokenizer.model") &&
           (!shards || !shards->empty());
}

/// In the Hub's repositories Meta's files lie in a folder "original", which is no name for a model.
Result<ImportSource> inspectMeta(const fs::path& folder) {
    const auto weights = formats::MetaWeights::open(folder);
    if (!weights) return weights.error();
    ImportSource source;
    source.form = SourceForm::Meta;
    source.place = folder;
    const fs::path named = nameOf(folder) == "original" ? folder.parent_path() : folder;
    source.name = nameOf(named);
    source.suggestedName = source.name;
    const auto cache = findCacheEntry(named);
    if (!cache) return cache.error();
    if (!cache->folder.empty()) nameByCache(source, *cache);
    source.isInstructByName = saysInstruct(source.suggestedName);
    std::vector<fs::path> paths{folder / "params.json", folder / "tokenizer.model"};
    const auto shards = formats::metaShardNames(folder);
    if (!shards) return shards.error();
    for (const std::string& shard : *shards)
        paths.push_back(folder / shard);
    std::set<std::string> names;
    for (const fs::path& entry : entriesOf(folder))
        if (isSideFile(nameOf(entry)) && isFile(entry) && isNew(names, nameOf(entry))) paths.push_back(entry);
    for (const fs::path& path : paths)
        if (auto added = addFile(source, path, cache->folder); !added) return added.error();
    if (auto sized = addResultBytes(source, (*weights)->tensors()); !sized) return sized.error();
    return source;
}

/// A Hub folder whose weights torch.save() wrote: they are added to the files that are there already.
Result<ImportSource> addPickled(ImportSource source, const fs::path& cacheFolder) {
    const auto names = formats::pickledFileNames(source.place);
    if (!names) return names.error();
    if (names->empty())
        return Error{codes::kImportSource,
                     displayPath(source.place) +
                         ": found config.json, but no weights; get the model's .safetensors files, or its "
                         "pytorch_model.bin, into this folder"};
    const auto config = formats::readModelConfig(source.place / "config.json");
    if (!config) return config.error();
    const auto weights = formats::PickledWeights::open(source.place, *config);
    if (!weights) return weights.error();
    source.form = SourceForm::Pickled;
    // It tells of safetensors files that are not there; the conversion writes its own.
    std::erase_if(source.files, [](const SourceFile& file) { return file.name == formats::kWeightsIndex; });
    for (const std::string& name : *names)
        if (auto added = addFile(source, source.place / name, cacheFolder); !added) return added.error();
    if (auto sized = addResultBytes(source, (*weights)->tensors()); !sized) return sized.error();
    return source;
}

bool hasModelWeights(const fs::path& folder) {
    return isFile(folder / formats::kWeightsFile) || isFile(folder / formats::kWeightsIndex) ||
           isFile(folder / formats::kPickledFile);
}

/// `source` knows its place and names.
Result<ImportSource> inspectAdapter(ImportSource source, const fs::path& cacheFolder) {
    if (!isFile(source.place / formats::kPeftWeightsFile))
        return Error{codes::kImportSource,
                     displayPath(source.place) + ": found " + formats::kPeftConfigFile +
                         " of an adapter, expected " + formats::kPeftWeightsFile +
                         " beside it; save the adapter anew with PEFT's save_pretrained(), or get that file"};
    source.form = SourceForm::Adapter;
    for (const fs::path& entry : entriesOf(source.place)) {
        const std::string name = nameOf(entry);
        if (!isFile(entry) || !(belongsToAdapter(name) || isSideFile(name))) continue;
        if (auto added = addFile(source, entry, cacheFolder); !added) return added.error();
        source.files.back().isWeights = name == formats::kPeftWeightsFile;
    }
    return source;
}

Result<ImportSource> inspectFolder(const fs::path& folder) {
    const auto cache = findCacheEntry(folder);
    if (!cache) return cache.error();
    const fs::path& files = cache->folder.empty() ? folder : cache->snapshot;
    const bool isAdapter = isFile(files / formats::kPeftConfigFile);
    if (!isFile(files / "config.json") && !isAdapter)
        return isMetaFolder(files) ? inspectMeta(files) : refuseFolder(files);
    ImportSource source;
    source.place = files;
    source.name = nameOf(folder);
    source.suggestedName = source.name;
    if (!cache->folder.empty()) nameByCache(source, *cache);
    // Some write the base's config.json beside an adapter; weights in the Hub's layout make it a model.
    if (isAdapter && !hasModelWeights(files)) return inspectAdapter(std::move(source), cache->folder);
    const bool isOneFile = isFile(files / formats::kWeightsFile);
    std::set<std::string> names;
    for (const fs::path& entry : entriesOf(files)) {
        std::error_code unreadable;
        const std::string name = nameOf(entry);
        if (!belongsToModel(name) || fs::is_directory(entry, unreadable)) continue;
        if (isOneFile && name == formats::kWeightsIndex) continue; // not used, and misleads
        if (!isNew(names, name)) continue;
        if (auto added = addFile(source, entry, cache->folder); !added) return added.error();
    }
    const auto& found = source.files;
    if (std::none_of(found.begin(), found.end(), [](const SourceFile& file) { return file.isWeights; }))
        return addPickled(std::move(source), cache->folder);
    // What is wrong with a configuration is told by the import.
    if (const auto config = formats::readModelConfig(files / "config.json"))
        source.parameters = config->parameterCount();
    return source;
}

/// What a path that leads nowhere may have been meant as: a model of the Hub's or of Ollama's has a name too.
Error notThere(const fs::path& path, const SourcePlaces& places) {
    const std::string shown = displayPath(path);
    const bool isTwoWords = path.is_relative() && std::distance(path.begin(), path.end()) == 2;
    if (shown.find(':') != std::string::npos)
        return Error{codes::kFileNotFound, shown + ": there is no such file or folder, and " +
                                               noSuchOllamaModel(places.ollamaStores)};
    if (isTwoWords && !places.hubCache.empty())
        return Error{codes::kFileNotFound,
                     shown + ": there is no such file or folder, and no model of that Hub id in " +
                         displayPath(places.hubCache) +
                         "; check the path, or set HF_HOME to the cache that has the model"};
    return Error{codes::kFileNotFound, shown + ": there is no such file or folder; check the path"};
}

/// Whether a file is meant as GGUF: by its name, or by its first bytes.
bool beginsAsGguf(const fs::path& path) {
    if (lowerAscii(path.extension().string()) == ".gguf") return true;
    const auto file = formats::InputFile::open(path);
    if (!file) return true; // why it cannot be opened is told by the reader
    std::array<char, 4> magic{};
    return (*file)->readAt(0, std::as_writable_bytes(std::span(magic))) &&
           std::string_view(magic.data(), magic.size()) == "GGUF";
}

/// What a file stands for that is none of the forms.
Error refuseFile(const fs::path& path, const fs::path& parent) {
    const std::string shown = displayPath(path);
    if (isPickle(nameOf(path)))
        return Error{codes::kImportSource,
                     shown + ": found pickled weights, expected their model's folder, with config.json and " +
                         std::string(formats::kPickledFile) + "; name that"};
    if (nameOf(path).ends_with(".safetensors"))
        return Error{codes::kImportSource,
                     shown + ": found one file of a model, expected its folder; name " + displayPath(parent)};
    return Error{codes::kImportSource,
                 shown +
                     ": is not a model file; expected a .gguf file, a manifest of Ollama's or a model "
                     "folder. A data set needs no import: give it to `llamahome train MODEL --data FILE`"};
}

} // namespace

Result<ImportSource> inspectGguf(const fs::path& path) {
    const auto reader = formats::GgufReader::open(path);
    if (!reader) return reader.error();
    ImportSource source;
    source.form = SourceForm::Gguf;
    source.place = path;
    source.name = nameOf(path);
    source.suggestedName = displayPath(path.stem());
    if ((*reader)->files().size() > 1)
        source.suggestedName = source.suggestedName.substr(0, source.suggestedName.rfind("-00"));
    for (const fs::path& part : (*reader)->files())
        if (auto added = addFile(source, part, {}); !added) return added.error();
    const std::uint64_t elementBytes = formats::hasFloatMatrices(**reader) ? sizeof(float) : kBfloat16Bytes;
    if (auto sized = addResultBytes(source, (*reader)->tensors(), elementBytes); !sized) return sized.error();
    return source;
}

Result<ImportSource> inspectSource(const fs::path& path, const SourcePlaces& places) {
    std::error_code failure;
    const fs::path plain = path.has_filename() ? path : path.parent_path();
    const fs::file_status status = fs::status(plain, failure);
    if (!fs::exists(status)) {
        if (const fs::path cached = cachedHubId(places.hubCache, path); !cached.empty())
            return inspectFolder(fs::weakly_canonical(cached, failure));
        if (const fs::path manifest = ollamaManifest(places.ollamaStores, path); !manifest.empty())
            return inspectOllama(manifest);
        const auto found = lmStudioModel(places.lmStudioFolders, path);
        if (!found) return found.error();
        return found->empty() ? Result<ImportSource>(notThere(path, places)) : inspectSource(*found);
    }
    if (fs::is_directory(status)) return inspectFolder(fs::weakly_canonical(plain, failure));
    const fs::path parent = fs::absolute(plain, failure).parent_path();
    const std::string name = nameOf(plain);
    if (name.starts_with("consolidated.") && isMetaFolder(parent)) return inspectMeta(parent);
    if (name.starts_with("pytorch_model") && isFile(parent / "config.json")) return inspectFolder(parent);
    if (isOllamaManifest(plain)) return inspectOllama(plain);
    if (!beginsAsGguf(plain)) return refuseFile(plain, parent);
    return isOllamaBlob(plain) ? inspectOllamaBlob(plain) : inspectGguf(plain);
}

} // namespace llamahome::jobs
