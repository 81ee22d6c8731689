#include "jobs/import_source.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/checked_math.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/meta/meta_weights.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kBfloat16Bytes = 2;
constexpr std::uint64_t kConvertedTextBytes = 32ULL
                                              << 20; ///< tokenizer and configuration of a converted GGUF
constexpr std::string_view kCachePrefix = "models--";
constexpr std::string_view kWeightsEnding = ".safetensors";

std::string nameOf(const fs::path& path) {
    return displayPath(path.filename());
}

bool isFile(const fs::path& path) {
    std::error_code failure;
    return fs::is_regular_file(path, failure);
}

std::vector<fs::path> entriesOf(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure))
        found.push_back(entry->path());
    std::sort(found.begin(), found.end());
    return found;
}

bool isWeights(std::string_view name) {
    return name.ends_with(kWeightsEnding) && !name.starts_with("adapter_") &&
           !name.starts_with("consolidated");
}

/// Texts that go with a model in whichever layout.
bool isSideFile(std::string_view name) {
    return name == "README.md" || name == "USE_POLICY.md" || name.starts_with("LICENSE") ||
           name.starts_with("LICENCE") || name.starts_with("NOTICE");
}

bool isPickle(std::string_view name) {
    return name.ends_with(".bin") || name.ends_with(".pth") || name.ends_with(".pt");
}

bool hasPickle(const fs::path& folder) {
    const auto entries = entriesOf(folder);
    return std::any_of(entries.begin(), entries.end(),
                       [](const fs::path& entry) { return isPickle(nameOf(entry)); });
}

/// What stands in a folder that is no model in Hub layout, in words that lead on.
Error refuseFolder(const fs::path& folder) {
    const std::string shown = displayPath(folder);
    for (const fs::path& entry : entriesOf(folder)) {
        const std::string name = nameOf(entry);
        if (name == "params.json" || name.starts_with("consolidated."))
            return Error{codes::kImportSource,
                         shown + ": found " + name +
                             " of a model in Meta's layout, expected params.json, tokenizer.model and "
                             "consolidated.00.pth together; get all files of the model into one folder"};
        if (name == "adapter_config.json")
            return Error{codes::kImportSource,
                         shown +
                             ": found an adapter, expected a model; use it as it is with "
                             "--adapter " +
                             shown};
        if (name.ends_with(".gguf"))
            return Error{codes::kImportSource,
                         shown +
                             ": found no config.json; to take over the GGUF file in it, "
                             "name " +
                             displayPath(entry)};
    }
    if (hasPickle(folder))
        return Error{codes::kImportNotYet,
                     shown + ": found pickled weights (.bin, .pth), which are not read yet; "
                             "get the model with .safetensors files"};
    return Error{codes::kImportSource, shown +
                                           ": found no model, expected config.json and .safetensors files in "
                                           "Hub layout; check the path"};
}

bool isSha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// An entry of the Hub's cache and the snapshot in it.
struct CacheEntry {
    fs::path folder; ///< models--org--name
    fs::path snapshot;
};

/// The snapshot that refs/main names, else the only one.
Result<CacheEntry> cacheSnapshot(const fs::path& folder) {
    const auto commit = readFile(folder / "refs" / "main", 4096);
    if (commit) {
        std::string name = *commit;
        name.erase(std::find_if(name.begin(), name.end(), [](char c) { return c <= ' '; }), name.end());
        const bool isHex = !name.empty() && name.find_first_not_of("0123456789abcdef") == std::string::npos;
        std::error_code unreadable;
        if (isHex && fs::exists(folder / "snapshots" / name, unreadable))
            return CacheEntry{folder, folder / "snapshots" / name};
    }
    const std::vector<fs::path> snapshots = entriesOf(folder / "snapshots");
    if (snapshots.size() == 1) return CacheEntry{folder, snapshots.front()};
    return Error{codes::kImportSource, displayPath(folder) + ": found " + std::to_string(snapshots.size()) +
                                           " snapshots, expected one; name one of the folders in snapshots/"};
}

/// The cache entry that `folder` is or is a snapshot of; an empty path where it is neither.
Result<CacheEntry> findCacheEntry(const fs::path& folder) {
    std::error_code failure;
    if (nameOf(folder).starts_with(kCachePrefix) && fs::is_directory(folder / "snapshots", failure))
        return cacheSnapshot(folder);
    const fs::path parent = folder.parent_path();
    if (nameOf(parent) == "snapshots" && nameOf(parent.parent_path()).starts_with(kCachePrefix))
        return CacheEntry{parent.parent_path(), folder};
    return CacheEntry{};
}

/// Adds one file; a cache entry's must lie in its blobs folder, whose names are hashes.
Result<void> addFile(ImportSource& source, const fs::path& path, const fs::path& cacheFolder) {
    SourceFile file{nameOf(path), path};
    const auto size = fileSize(path);
    if (!size) return size.error();
    file.sizeBytes = *size;
    file.isWeights = isWeights(file.name);
    std::error_code failure;
    file.path = fs::canonical(path, failure);
    if (failure) return Error{codes::kFileRead, displayPath(path) + ": " + failure.message()};
    if (!cacheFolder.empty() && fs::is_symlink(path, failure)) {
        if (file.path.parent_path() != fs::canonical(cacheFolder / "blobs", failure))
            return Error{codes::kImportSource, displayPath(path) + ": is a link out of the Hub's cache (" +
                                                   displayPath(file.path) +
                                                   "); this is not how the Hub's client "
                                                   "writes it, get the model again"};
        if (isSha256(nameOf(file.path))) file.expectedSha256 = nameOf(file.path);
    }
    const auto total = formats::checkedAdd(source.resultBytes, file.sizeBytes);
    if (!total)
        return Error{codes::kFileTooLarge, displayPath(path) + ": the files are larger than any disk"};
    source.resultBytes = *total;
    source.files.push_back(std::move(file));
    return {};
}

bool isMetaFolder(const fs::path& folder) {
    const auto shards = formats::metaShardNames(folder);
    return isFile(folder / "params.json") && isFile(folder / "tokenizer.model") &&
           (!shards || !shards->empty());
}

/// What a converted model's text files and weights need. Elements have as many bytes as their type, or
/// `elementBytes` where that is given.
Result<void> addResultBytes(ImportSource& source, const std::vector<formats::TensorInfo>& tensors,
                            std::optional<std::uint64_t> elementBytes = {}) {
    source.resultBytes = kConvertedTextBytes;
    for (const formats::TensorInfo& tensor : tensors) {
        const auto bytes = formats::checkedMultiply(
            tensor.elementCount(), elementBytes.value_or(formats::elementBytes(tensor.dtype)));
        const auto total = bytes ? formats::checkedAdd(source.resultBytes, *bytes) : std::nullopt;
        if (!total)
            return Error{codes::kFileTooLarge, source.name + ": its tensors are larger than any disk"};
        source.resultBytes = *total;
    }
    return {};
}

/// Takes the Hub's names of a cache entry: organisation, model, commit.
void nameByCache(ImportSource& source, const CacheEntry& cache) {
    const std::string id = nameOf(cache.folder).substr(kCachePrefix.size());
    const std::size_t mark = id.find("--");
    source.organisation = mark == std::string::npos ? std::string() : id.substr(0, mark);
    source.suggestedName = mark == std::string::npos ? id : id.substr(mark + 2);
    source.name = source.organisation + "/" + source.suggestedName;
    source.commit = nameOf(cache.snapshot);
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
    const std::string lower = lowerAscii(source.suggestedName);
    source.isInstructByName =
        lower.find("instruct") != std::string::npos || lower.find("chat") != std::string::npos;
    std::vector<fs::path> paths{folder / "params.json", folder / "tokenizer.model"};
    const auto shards = formats::metaShardNames(folder);
    if (!shards) return shards.error();
    for (const std::string& shard : *shards)
        paths.push_back(folder / shard);
    for (const fs::path& entry : entriesOf(folder))
        if (isSideFile(nameOf(entry)) && isFile(entry)) paths.push_back(entry);
    for (const fs::path& path : paths)
        if (auto added = addFile(source, path, {}); !added) return added.error();
    if (auto sized = addResultBytes(source, (*weights)->tensors()); !sized) return sized.error();
    return source;
}

Result<ImportSource> inspectFolder(const fs::path& folder) {
    const auto cache = findCacheEntry(folder);
    if (!cache) return cache.error();
    const fs::path& files = cache->folder.empty() ? folder : cache->snapshot;
    if (!isFile(files / "config.json")) return isMetaFolder(files) ? inspectMeta(files) : refuseFolder(files);
    ImportSource source;
    source.place = files;
    source.name = nameOf(folder);
    source.suggestedName = source.name;
    if (!cache->folder.empty()) nameByCache(source, *cache);
    for (const fs::path& entry : entriesOf(files)) {
        std::error_code unreadable;
        if (!belongsToModel(nameOf(entry)) || fs::is_directory(entry, unreadable)) continue;
        if (auto added = addFile(source, entry, cache->folder); !added) return added.error();
    }
    const auto& found = source.files;
    if (std::none_of(found.begin(), found.end(), [](const SourceFile& file) { return file.isWeights; }))
        return hasPickle(files)
                   ? refuseFolder(files)
                   : Error{codes::kImportSource,
                           displayPath(files) +
                               ": found config.json, but no weights; get the model's .safetensors "
                               "files into this folder"};
    return source;
}

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
    if (auto sized = addResultBytes(source, (*reader)->tensors(), kBfloat16Bytes); !sized)
        return sized.error();
    return source;
}

/// Whether a file is meant as GGUF: by its name, or by its first bytes.
bool beginsAsGguf(const fs::path& path) {
    if (lowerAscii(path.extension().string()) == ".gguf") return true;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return true; // why it cannot be opened is told by the reader
    std::array<char, 4> magic{};
    stream.read(magic.data(), magic.size());
    return std::string_view(magic.data(), magic.size()) == "GGUF";
}

} // namespace

// Everything else of a repository (other formats, pictures) is no part of the model.
bool belongsToModel(std::string_view name) {
    constexpr std::array<std::string_view, 12> kNames{"config.json",
                                                      "generation_config.json",
                                                      "tokenizer.json",
                                                      "tokenizer.model",
                                                      "tokenizer_config.json",
                                                      "special_tokens_map.json",
                                                      "added_tokens.json",
                                                      "vocab.json",
                                                      "merges.txt",
                                                      "chat_template.jinja",
                                                      "chat_template.json",
                                                      "model.safetensors.index.json"};
    return isWeights(name) || std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
           isSideFile(name);
}

Result<ImportSource> inspectSource(const fs::path& path) {
    std::error_code failure;
    const fs::path plain = path.has_filename() ? path : path.parent_path();
    const fs::file_status status = fs::status(plain, failure);
    if (!fs::exists(status))
        return Error{codes::kFileNotFound,
                     displayPath(path) + ": there is no such file or folder; check the path"};
    if (fs::is_directory(status)) return inspectFolder(fs::weakly_canonical(plain, failure));
    const std::string ending = plain.extension().string();
    const fs::path parent = fs::absolute(plain, failure).parent_path();
    if (nameOf(plain).starts_with("consolidated.") && isMetaFolder(parent)) return inspectMeta(parent);
    if (ending == ".pth" || ending == ".bin" || ending == ".pt")
        return Error{codes::kImportNotYet, displayPath(path) +
                                               ": found pickled weights, which are not read yet; get "
                                               "the model with .safetensors files"};
    if (ending == ".safetensors")
        return Error{codes::kImportSource, displayPath(path) +
                                               ": found one file of a model, expected its folder; "
                                               "name " +
                                               displayPath(parent)};
    if (!beginsAsGguf(plain))
        return Error{
            codes::kImportSource,
            displayPath(path) +
                ": is not a model file; expected a .gguf file or a model folder. A data set needs no "
                "import: give it to `llamahome train MODEL --data FILE`"};
    return inspectGguf(plain);
}

} // namespace llamahome::jobs
