#include "jobs/import/import_ollama.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json_field.h"
#include "formats/file_text.h"
#include "formats/hub/sharded_weights.h"
#include "jobs/import/import_files.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxManifestBytes = 1U << 20;
constexpr std::string_view kOrigin = "Ollama's store";
constexpr std::string_view kBlobPrefix = "sha256-";
constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::string_view kKindPrefix = "application/vnd.ollama.image.";
constexpr std::size_t kShownDigits = 12;
constexpr std::uint64_t kMaxTextBytes = 1U << 16; ///< of a layer that is a text, more than they ever have
constexpr std::size_t kMaxNotes = 8;              ///< a whole Modelfile gives four
constexpr std::size_t kMaxSettingsText = 500;     ///< about as long a note is still read
constexpr std::size_t kMaxManifests = 1000;       ///< looked at in a store
constexpr std::size_t kMostListed = 10;           ///< names in a message
constexpr int kManifestDepth = 4;                 ///< host, namespace, name, tag
constexpr std::string_view kDefaultHost = "registry.ollama.ai";
constexpr std::string_view kDefaultSpace = "library";

/// Layers that are no part of a model of text alone, and what to do about them.
struct RefusedLayer {
    std::string_view kind;
    std::string_view text;
};
constexpr std::array kRefused{
    RefusedLayer{"adapter",
                 "an adapter over another model, which is not taken apart; import the model that it is for, "
                 "and use the adapter where it was made"},
    RefusedLayer{"projector", "an encoder of pictures, which is not read; choose a model of text alone"},
    RefusedLayer{"tensor", "single tensors in place of a GGUF file; get the model from the Hub"},
};

/// Layers that Ollama's conversations depend on and that are named where they are not taken over.
struct NotedLayer {
    std::string_view kind;
    std::string_view text;
};
constexpr std::array kNoted{
    NotedLayer{"template", "its template, which cannot be read"},
    NotedLayer{"system", "its system text"},
    NotedLayer{"params", "its settings"},
    NotedLayer{"messages", "its first messages"},
};

/// What one layer of a manifest says.
struct Layer {
    std::string kind; ///< "model", "license"
    std::string digits;
    std::uint64_t bytes = 0;
};

Error refuse(const fs::path& manifest, const std::string& text) {
    return Error{codes::kImportSource, displayPath(manifest) + ": " + text};
}

/// A digest is "sha256:" and 64 small digits, so that no path hides in it.
Result<Layer> readLayer(const fs::path& manifest, const Json& json) {
    Layer layer;
    const std::string kind = stringField(json, "mediaType");
    layer.kind = kind.starts_with(kKindPrefix) ? kind.substr(kKindPrefix.size()) : kind;
    const std::string digest = stringField(json, "digest");
    if (digest.starts_with(kDigestPrefix)) layer.digits = digest.substr(kDigestPrefix.size());
    if (!isSha256(layer.digits))
        return refuse(manifest, "found the digest " + formats::quotedText(digest) +
                                    ", expected sha256: and 64 digits; get the model again with Ollama");
    const auto size = countField(json, "size");
    if (!size) return refuse(manifest, "found a layer without a size; get the model again with Ollama");
    layer.bytes = *size;
    return layer;
}

/// The folder manifests/ that the file lies in, and the parts of its path below; empty where there is none.
fs::path manifestsFolder(const fs::path& manifest) {
    for (fs::path folder = manifest.parent_path(); folder.has_relative_path(); folder = folder.parent_path())
        if (nameOf(folder) == "manifests") return folder;
    return {};
}

/// "llama3.2:1b", with what tells it from others of that name: a namespace, a host.
std::string shownName(const fs::path& below) {
    std::vector<std::string> parts;
    for (const fs::path& part : below)
        parts.push_back(displayPath(part));
    if (parts.size() == 4 && parts[0] == kDefaultHost) parts.erase(parts.begin());
    if (parts.size() == 3 && parts[0] == kDefaultSpace) parts.erase(parts.begin());
    std::string name;
    for (std::size_t i = 0; i < parts.size(); ++i)
        name += (i == 0 ? "" : i + 1 == parts.size() ? ":" : "/") + parts[i];
    return name;
}

/// The manifests of a store in order of their paths, as far as there are few enough; nothing in them is read.
void addManifests(const fs::path& folder, int depth, std::vector<fs::path>& found) {
    for (const fs::path& entry : entriesOf(folder)) {
        if (found.size() >= kMaxManifests) return;
        std::error_code unreadable;
        if (depth < kManifestDepth && fs::is_directory(entry, unreadable))
            addManifests(entry, depth + 1, found);
        else if (depth == kManifestDepth && isFile(entry))
            found.push_back(entry);
    }
}

std::vector<fs::path> manifestsIn(const fs::path& store) {
    std::vector<fs::path> found;
    addManifests(store / "manifests", 1, found);
    return found;
}

/// "llama3.2:1b, smollm2:135m and 3 more"; empty for none.
std::string modelsIn(const fs::path& store) {
    const std::vector<fs::path> manifests = manifestsIn(store);
    std::string text;
    for (std::size_t i = 0; i < std::min(kMostListed, manifests.size()); ++i)
        text += (i == 0 ? "" : ", ") + shownName(manifests[i].lexically_relative(store / "manifests"));
    return manifests.size() > kMostListed
               ? text + " and " + std::to_string(manifests.size() - kMostListed) + " more"
               : text;
}

/// Below manifests/, of a name as people type it; empty where it is none.
fs::path placeOfName(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    const std::size_t colon = name.rfind(':');
    const bool hasTag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
    const fs::path path = hasTag ? name.substr(0, colon) : name;
    std::vector<std::string> parts;
    for (const fs::path& part : path)
        parts.push_back(displayPath(part));
    if (parts.empty() || parts.size() > 3) return {};
    if (parts.size() == 1) parts.insert(parts.begin(), std::string(kDefaultSpace));
    if (parts.size() == 2) parts.insert(parts.begin(), std::string(kDefaultHost));
    parts.push_back(hasTag ? name.substr(colon + 1) : "latest");
    fs::path place;
    for (const std::string& part : parts) {
        if (!formats::isPlainFileName(part) || part.starts_with('.')) return {};
        place /= part;
    }
    return place;
}

/// The blob of a layer, which must be there with the size that is said.
Result<fs::path> blobOf(const fs::path& manifest, const fs::path& blobs, const Layer& layer) {
    const fs::path blob = blobs / (std::string(kBlobPrefix) + layer.digits);
    const auto size = fileSize(blob);
    if (!size && size.error().code == codes::kFileNotFound)
        return refuse(manifest, "its " + layer.kind + " is missing, expected " + displayPath(blob) +
                                    "; get the model again with Ollama");
    if (!size) return size.error();
    if (*size == layer.bytes) return blob;
    return refuse(manifest, "its " + layer.kind + " " + displayPath(blob) + " has " + std::to_string(*size) +
                                " bytes, expected " + std::to_string(layer.bytes) +
                                "; get the model again with Ollama");
}

Result<std::vector<Layer>> readLayers(const fs::path& manifest) {
    const auto json = readJsonFile(manifest);
    if (!json) return json.error();
    std::vector<Layer> layers;
    for (const Json& one : (*json)["layers"]) {
        auto layer = readLayer(manifest, one);
        if (!layer) return layer.error();
        for (const RefusedLayer& refused : kRefused)
            if (layer->kind == refused.kind) return refuse(manifest, "found " + std::string(refused.text));
        layers.push_back(std::move(*layer));
    }
    const auto models =
        std::count_if(layers.begin(), layers.end(), [](const Layer& layer) { return layer.kind == "model"; });
    if (models == 1) return layers;
    return refuse(manifest, "found " + std::to_string(models) +
                                " models in it, expected one; choose another tag of it");
}

void setHash(SourceFile& file, const std::string& digits) {
    file.expectedSha256 = digits;
    file.origin = kOrigin;
}

/// Adds the licence texts of the manifest, which may be several.
Result<void> addLicences(ImportSource& source, const fs::path& manifest, const fs::path& blobs,
                         const std::vector<Layer>& layers) {
    std::size_t count = 0;
    for (const Layer& layer : layers) {
        if (layer.kind != "license") continue;
        const auto blob = blobOf(manifest, blobs, layer);
        if (!blob) return blob.error();
        if (auto added = addFile(source, *blob, {}); !added) return added;
        source.files.back().name = ++count == 1 ? "LICENSE" : "LICENSE-" + std::to_string(count);
        setHash(source.files.back(), layer.digits);
    }
    return {};
}

/// Reads Ollama's settings of a model: the texts that end an answer into `stops`; gives the others in words,
/// as its Modelfile has them, empty where there are none or they cannot be read.
std::string readSettings(const fs::path& blob, std::vector<std::string>& stops) {
    const auto text = readFile(blob, kMaxTextBytes);
    const auto json = text ? parseJson(*text, nameOf(blob)) : Result<Json>(text.error());
    if (!json || !json->is_object()) return {};
    std::string settings;
    for (const auto& [key, value] : json->items()) {
        const Json list = value.is_array() ? value : Json::array({value});
        for (const Json& one : list) {
            if (key == "stop" && one.is_string()) {
                stops.push_back(one.get<std::string>());
                continue;
            }
            if (settings.size() > kMaxSettingsText) return settings + " and more";
            const std::string shown = one.is_string() ? one.get<std::string>() : writeJsonLine(one);
            settings += (settings.empty() ? "" : ", ") + formats::quotedText(key + " " + shown);
        }
    }
    return settings;
}

/// What Ollama keeps beside the weights and its conversations depend on there: what can be taken over, and
/// notes of the rest.
void readOtherLayers(ImportSource& source, const fs::path& manifest, const fs::path& blobs,
                     const std::vector<Layer>& layers) {
    for (const Layer& layer : layers) {
        if (layer.kind == "model" || layer.kind == "license") continue;
        if (source.notes.size() == kMaxNotes) {
            source.notes.emplace_back("not taken over from Ollama: more layers of other kinds");
            return;
        }
        const auto blob = blobOf(manifest, blobs, layer);
        std::string content;
        if (blob && layer.kind == "params") {
            content = readSettings(*blob, source.ollamaSettings.stops);
            if (content.empty() && !source.ollamaSettings.stops.empty()) continue;
        } else if (blob && layer.kind == "template") {
            auto text = readFile(*blob, kMaxTextBytes);
            source.ollamaSettings.chatTemplate = text ? std::move(*text) : std::string();
            if (!source.ollamaSettings.chatTemplate.empty()) continue;
        } else if (blob && layer.kind == "system") {
            if (const auto text = readFile(*blob, kMaxTextBytes)) content = formats::quotedText(*text);
        }
        std::string note = "not taken over from Ollama: ";
        const auto known = std::find_if(kNoted.begin(), kNoted.end(),
                                        [&](const NotedLayer& one) { return one.kind == layer.kind; });
        note +=
            known == kNoted.end() ? "a layer " + formats::quotedText(layer.kind) : std::string(known->text);
        source.notes.push_back(note + (content.empty() ? "" : ", " + content));
    }
}

/// The manifest in a blob's store whose model it is; empty where none says so.
fs::path manifestOf(const fs::path& blob) {
    std::error_code failure;
    const fs::path whole = fs::absolute(blob, failure);
    const std::string digits = nameOf(whole).substr(kBlobPrefix.size());
    for (const fs::path& manifest : manifestsIn(whole.parent_path().parent_path())) {
        if (!isOllamaManifest(manifest)) continue;
        const auto layers = readLayers(manifest);
        if (layers && std::any_of(layers->begin(), layers->end(), [&](const Layer& layer) {
                return layer.kind == "model" && layer.digits == digits;
            }))
            return manifest;
    }
    return {};
}

} // namespace

fs::path ollamaManifest(const std::vector<fs::path>& stores, const fs::path& name) {
    const fs::path place = placeOfName(displayPath(name));
    if (place.empty()) return {};
    for (const fs::path& store : stores)
        if (isOllamaManifest(store / "manifests" / place)) return store / "manifests" / place;
    return {};
}

Error refuseOllamaStore(const fs::path& store) {
    const std::string models = modelsIn(store);
    const std::string found = models.empty() ? "found Ollama's store without a model in it"
                                             : "found Ollama's models " + models + ", expected one of them";
    return refuse(store, found + "; name it so, or by its manifest, such as " +
                             displayPath(store / "manifests" / kDefaultHost / kDefaultSpace / "NAME/TAG"));
}

std::string noSuchOllamaModel(const std::vector<fs::path>& stores) {
    for (const fs::path& store : stores)
        if (const std::string models = modelsIn(store); !models.empty())
            return "no model of Ollama's of that name; there are " + models;
    return "no model of Ollama's is where it keeps them; set OLLAMA_MODELS to its store, or name the model's "
           "manifest, models/manifests/registry.ollama.ai/library/NAME/TAG";
}

bool isOllamaStore(const fs::path& folder) {
    std::error_code unreadable;
    return fs::is_directory(folder / "manifests", unreadable) &&
           fs::is_directory(folder / "blobs", unreadable);
}

bool isOllamaManifest(const fs::path& file) {
    const auto text = readFile(file, kMaxManifestBytes);
    if (!text || !text->starts_with('{')) return false;
    const auto json = parseJson(*text, nameOf(file));
    return json && json->is_object() && json->contains("layers") && (*json)["layers"].is_array() &&
           json->contains("schemaVersion");
}

Result<ImportSource> inspectOllama(const fs::path& manifest) {
    std::error_code failure;
    const fs::path whole = fs::absolute(manifest, failure);
    const fs::path manifests = manifestsFolder(whole);
    const fs::path blobs = manifests.parent_path() / "blobs";
    if (manifests.empty() || !fs::is_directory(blobs, failure))
        return refuse(manifest,
                      "found a manifest of Ollama's outside its store, expected it below manifests/ with "
                      "blobs/ beside that; name the one in the store");
    const auto layers = readLayers(manifest);
    if (!layers) return layers.error();
    const auto model = std::find_if(layers->begin(), layers->end(),
                                    [](const Layer& layer) { return layer.kind == "model"; });
    const auto blob = blobOf(manifest, blobs, *model);
    if (!blob) return blob.error();
    auto source = inspectGguf(*blob);
    if (!source) return source;
    setHash(source->files.front(), model->digits);
    source->name = shownName(whole.lexically_relative(manifests));
    const std::string tag = nameOf(whole);
    source->suggestedName = nameOf(whole.parent_path()) + (tag == "latest" ? "" : "-" + tag);
    if (auto added = addLicences(*source, manifest, blobs, *layers); !added) return added.error();
    readOtherLayers(*source, manifest, blobs, *layers);
    return source;
}

bool isOllamaBlob(const fs::path& file) {
    const std::string name = nameOf(file);
    return name.starts_with(kBlobPrefix) && isSha256(name.substr(kBlobPrefix.size()));
}

Result<ImportSource> inspectOllamaBlob(const fs::path& blob) {
    if (const fs::path manifest = manifestOf(blob); !manifest.empty()) return inspectOllama(manifest);
    auto source = inspectGguf(blob);
    if (!source) return source;
    setHash(source->files.front(), nameOf(blob).substr(kBlobPrefix.size()));
    source->suggestedName = source->name.substr(0, kBlobPrefix.size() + kShownDigits);
    return source;
}

} // namespace llamahome::jobs
