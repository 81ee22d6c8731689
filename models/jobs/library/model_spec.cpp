#include "jobs/library/model_spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>

#include "config/model_choice.h"
#include "config/nearest_name.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "core/quantity.h"
#include "core/shell_quote.h"
#include "formats/hub/model_config.h"
#include "formats/peft/peft_config.h"
#include "jobs/import/import_source.h"
#include "jobs/memory_estimate.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr double kMaxAdapterScale = 100.0;

bool isGguf(std::string_view word) {
    return word.size() > 5 && (word.ends_with(".gguf") || word.ends_with(".GGUF"));
}

/// Written as a path: "./x", "../x", "/x", "~/x", "x/".
bool looksLikePath(std::string_view word) {
    return word.starts_with('/') || word.starts_with("./") || word.starts_with("../") || word == "." ||
           word == ".." || word.starts_with("~/") || word.ends_with('/');
}

Error ggufIsImported(const std::string& word) {
    std::error_code failure;
    if (!fs::exists(word, failure))
        return Error{codes::kFileNotFound, word + ": there is no such file; check the path"};
    return Error{codes::kImportSource, word +
                                           ": found a GGUF file, expected an installed model; take it over "
                                           "with `" +
                                           shellLine({"llamahome", "import", word}) +
                                           "`, then use the name that it prints"};
}

/// A folder that was not imported can be used where it is in Hub layout; other forms are imported first.
Result<void> checkIsReady(const std::string& word) {
    const auto source = inspectSource(word);
    if (!source) return source.error();
    if (!isConverted(source->form)) return {};
    return Error{codes::kImportSource, word +
                                           ": found a model in another layout than the Hub's, which is "
                                           "converted first; take it over with `" +
                                           shellLine({"llamahome", "import", word}) +
                                           "`, then use the name that it prints"};
}

Result<ModelEntry> folderEntry(const Library& library, const std::string& word) {
    std::error_code failure;
    if (!fs::exists(word, failure))
        return Error{codes::kFileNotFound, word + ": there is no such folder; check the path"};
    auto entry = library.describeFolder(word);
    if (!entry || (entry->kind == kModelKind && !isThere(entry->path / kManifestName)))
        if (auto ready = checkIsReady(word); !ready) return ready.error();
    if (entry && entry->kind == kModelKind) return std::move(*entry);
    if (entry)
        return Error{codes::kModelWords, word +
                                             ": found an adapter, expected a model; name its base model and "
                                             "give the adapter with --adapter"};
    return Error{codes::kImportSource,
                 word + ": found no config.json, expected a model folder in Hub layout; check the path"};
}

/// FAMILY VERSION, ORGANISATION NAME or "local" NAME.
Result<ModelEntry> pairEntry(const Library& library, const std::string& family, const std::string& version) {
    if (auto entry = library.find(family, version)) return std::move(*entry);
    if (family == "local")
        return Error{codes::kModelNotInstalled, "local/" + version +
                                                    " is not installed; take it over with "
                                                    "`llamahome import PATH --as local " +
                                                    version + "`"};
    const auto known = library.catalog().find(family, version);
    return known ? Result<ModelEntry>(*library.find(known->family, known->version)) : known.error();
}

Result<ModelEntry> slashedEntry(const Library& library, const std::string& word) {
    const std::size_t slash = word.find('/');
    const std::string family = word.substr(0, slash);
    const std::string version = word.substr(slash + 1);
    if (auto entry = library.find(family, version)) return std::move(*entry);
    std::error_code failure;
    if (fs::exists(word, failure)) return folderEntry(library, word);
    const auto known = library.catalog().defaultVersion(family);
    if (known || family == "local" || version.find('/') != std::string::npos)
        return pairEntry(library, family, version);
    return Error{codes::kModelNotInstalled, word +
                                                " is neither installed nor in the catalogue; get a model of "
                                                "the Hub with `llamahome download " +
                                                word +
                                                "`, take over files that you have with `llamahome import "
                                                "PATH --as " +
                                                family + " " + version + "`, or see `llamahome models`"};
}

Result<ModelEntry> oneWordEntry(const Library& library, const std::string& word) {
    if (isGguf(word)) return ggufIsImported(word);
    if (looksLikePath(word)) return folderEntry(library, word);
    if (word.find('/') != std::string::npos) return slashedEntry(library, word);
    const auto known = library.catalog().defaultVersion(word);
    if (known) return pairEntry(library, known->family, known->version);
    if (auto entry = library.find("local", word)) return std::move(*entry);
    std::error_code failure;
    if (fs::is_directory(word, failure)) return folderEntry(library, word);
    return known.error();
}

Result<ModelEntry> defaultEntry(const Library& library, const config::Environment& environment) {
    const auto chosen = config::modelFromEnvironment(environment, library.catalog());
    if (!chosen) return chosen.error();
    if (*chosen) {
        auto entry = pairEntry(library, (*chosen)->family, (*chosen)->version);
        if (entry) entry->notice = (*chosen)->notice;
        return entry;
    }
    const config::CatalogFamily& first = library.catalog().families().front();
    return pairEntry(library, first.name, first.defaultVersion);
}

std::vector<ModelEntry> usableModels(const Library& library) {
    std::vector<ModelEntry> models = library.list();
    std::erase_if(models, [](const ModelEntry& entry) { return !entry.isUsable(); });
    return models;
}

/// The model to use where no words name one.
Result<ModelEntry> unnamedEntry(const Library& library, const ModelRequest& request) {
    const auto chosen = config::modelFromEnvironment(request.environment, library.catalog());
    if (!chosen) return chosen.error();
    if (*chosen) return defaultEntry(library, request.environment);
    if (!request.adapter.empty()) {
        const auto adapter = resolveAdapter(library, request.adapter);
        if (!adapter) return adapter.error();
        auto base = baseOfAdapter(library, *adapter);
        if (base) base->notice = "the base of " + adapter->name;
        return base;
    }
    std::vector<ModelEntry> usable = usableModels(library);
    if (usable.size() != 1) return defaultEntry(library, request.environment);
    usable.front().notice = "the only one installed";
    return std::move(usable.front());
}

/// "; installed: a, b", or that none is.
std::string installedList(const Library& library) {
    std::string names;
    for (const ModelEntry& entry : usableModels(library))
        names += (names.empty() ? "" : ", ") + entry.name;
    return names.empty() ? "; no model is installed yet" : "; installed: " + names;
}

/// Of a model that is not installed the catalogue knows no shapes: unquantised.
std::uint64_t neededBytes(const ModelEntry& entry, const ModelRequest& request) {
    if (request.quantisation && request.use != ModelUse::Files)
        if (const auto config = formats::readModelConfig(entry.path / "config.json"))
            return request.use == ModelUse::Chat ? leastToChat(*config, request.quantisation)
                                                 : leastToTrain(*config, request.quantisation);
    switch (request.use) {
    case ModelUse::Files:
        return 0;
    case ModelUse::Chat:
        return entry.memoryToChatBytes;
    case ModelUse::Train:
        return entry.memoryToTrainBytes;
    }
    return 0;
}

/// The entry with most parameters that fits; installed ones first, then those of `family`. Null where none
/// does.
const ModelEntry* largestThatFits(const std::vector<ModelEntry>& entries, const std::string& family,
                                  const ModelRequest& request) {
    const ModelEntry* best = nullptr;
    for (const ModelEntry& entry : entries) {
        const std::uint64_t needed = neededBytes(entry, request);
        if (!entry.catalog || needed == 0 || needed > request.memoryBytes) continue;
        const auto rank = [&](const ModelEntry& one) {
            return std::tuple(one.isUsable(), one.family == family, one.catalog->parameters);
        };
        if (best == nullptr || rank(entry) > rank(*best)) best = &entry;
    }
    return best;
}

Error tooLarge(const Library& library, const ModelEntry& entry, const ModelRequest& request) {
    const std::vector<ModelEntry> all = library.list();
    const ModelEntry* fitting = largestThatFits(all, entry.family, request);
    std::string message = entry.name + " needs " + formatBytes(neededBytes(entry, request)) +
                          " of memory to " + (request.use == ModelUse::Train ? "train" : "chat") +
                          ", this machine has " + formatBytes(request.memoryBytes) + " for it; ";
    message += fitting == nullptr ? "no known model fits"
                                  : "the largest that fits is " + fitting->name + ": name it as `" +
                                        commandWords(*fitting) + "`";
    if (entry.catalog && entry.catalog->min_gpu_memory > 0.0 &&
        entry.catalog->min_gpu_memory * 1e9 < static_cast<double>(request.memoryBytes))
        return Error{
            codes::kModelTooLarge, message,
            "the catalogue's minimum of " + formatNumber(entry.catalog->min_gpu_memory) +
                " GB holds for quantised weights on a GPU; --quantize nf4 needs a quarter of the memory"};
    return Error{codes::kModelTooLarge, message};
}

/// What puts a damaged model right.
std::string remedy(const ModelEntry& entry) {
    const auto manifest = readManifest(entry.path);
    if (entry.kind == kModelKind && manifest && hasFilesOfHub(*manifest))
        return "put it right with `llamahome download " + downloadWords(entry) +
               "`, which fetches the damaged files only";
    return "look at it with `llamahome verify " + commandWords(entry) +
           "`, or import it again from where it came";
}

/// `installed` is added where the model is not.
Result<void> checkUsable(const ModelEntry& entry, const std::string& installed = {}) {
    switch (entry.state) {
    case ModelState::Verified:
        return {};
    case ModelState::Partial:
        if (!entry.problem.empty())
            return Error{codes::kModelNotInstalled,
                         entry.name + " is not installed yet: " + entry.problem + installed};
        [[fallthrough]];
    case ModelState::Absent:
        return Error{codes::kModelNotInstalled,
                     entry.name + " is known but not installed; get it with `llamahome download " +
                         downloadWords(entry) +
                         "`, or take over files that you have with `llamahome import PATH --as " +
                         commandWords(entry) + "`" + installed};
    case ModelState::Damaged:
        return Error{codes::kModelDamaged,
                     entry.name + " is damaged: " + entry.problem + "; " + remedy(entry)};
    case ModelState::Offline:
        return Error{codes::kModelOffline, entry.name + " is offline: " + entry.problem};
    case ModelState::Foreign:
        return Error{codes::kModelNotInstalled, entry.name + " is not in the library: " + entry.problem};
    }
    return {};
}

Result<ModelEntry> chosenEntry(const Library& library, const std::vector<std::string>& words,
                               const config::Environment& environment) {
    switch (words.size()) {
    case 0:
        return defaultEntry(library, environment);
    case 1:
        return oneWordEntry(library, words.front());
    case 2:
        return pairEntry(library, words.front(), words.back());
    default:
        return Error{codes::kModelWords,
                     "MODEL: found " + std::to_string(words.size()) +
                         " words, expected FAMILY VERSION, FAMILY/VERSION, a Hub id or a path"};
    }
}

} // namespace

Result<ModelEntry> resolveKnownModel(const Library& library, const std::vector<std::string>& words,
                                     const config::Environment& environment) {
    auto entry = chosenEntry(library, words, environment);
    if (entry || entry.error().code != codes::kFamilyUnknown) return entry;
    Error unknown = entry.error();
    unknown.message += installedList(library);
    return unknown;
}

Result<ModelEntry> resolveModel(const Library& library, const ModelRequest& request) {
    auto entry = request.words.empty() ? unnamedEntry(library, request)
                                       : resolveKnownModel(library, request.words, request.environment);
    if (!entry) return entry;
    if (request.memoryBytes > 0 && neededBytes(*entry, request) > request.memoryBytes)
        return tooLarge(library, *entry, request);
    if (entry->isUsable()) return entry;
    return checkUsable(*entry, installedList(library)).error();
}

bool isBase(const ModelEntry& model, const std::string& base) {
    return !base.empty() && (model.hubId == base || displayPath(model.path) == base || model.name == base);
}

Result<std::string> baseNameOfAdapter(const ModelEntry& adapter) {
    const auto json = readJsonFile(adapter.path / "adapter_config.json");
    if (!json) return json.error();
    const auto config = formats::parsePeftConfig(*json, adapter.name);
    if (!config) return config.error();
    return config->adapter.baseModel;
}

const ModelEntry* baseAmong(const std::vector<ModelEntry>& models, const ModelEntry& adapter,
                            const std::string& baseName) {
    for (const ModelEntry& model : models)
        if (isBase(model, baseName)) return &model;
    const auto manifest = readManifest(adapter.path);
    if (!manifest) return nullptr;
    for (const ModelEntry& model : models)
        if (model.family == manifest->family && model.version == manifest->version) return &model;
    return nullptr;
}

Result<ModelEntry> baseOfAdapter(const Library& library, const ModelEntry& adapter) {
    const auto base = baseNameOfAdapter(adapter);
    if (!base) return base.error();
    const std::vector<ModelEntry> models = usableModels(library);
    if (const ModelEntry* found = baseAmong(models, adapter, *base)) return *found;
    return Error{codes::kModelNotInstalled,
                 adapter.name + ": its base " +
                     (base->empty() ? std::string("is not named") : *base + " is not installed") +
                     "; name the MODEL to use it with" + installedList(library)};
}

Result<ModelEntry> resolveAdapter(const Library& library, const std::string& nameOrFolder) {
    auto entry = library.findAdapter(nameOrFolder);
    if (!entry) entry = library.describeFolder(nameOrFolder);
    if (entry && entry->kind == kAdapterKind) {
        if (auto usable = checkUsable(*entry); !usable) return usable.error();
        return std::move(*entry);
    }
    if (entry)
        return Error{codes::kAdapterNotFound, nameOrFolder +
                                                  ": found a model, expected an adapter folder with "
                                                  "adapter_config.json"};
    std::vector<std::string> names;
    std::string listed;
    for (const ModelEntry& one : library.installedAdapters()) {
        names.push_back(one.name);
        listed += one.name + "\n";
    }
    const std::string near = config::nearestName(nameOrFolder, names);
    return Error{codes::kAdapterNotFound,
                 "no adapter `" + nameOrFolder +
                     "`: neither a name from `llamahome models` nor a folder with "
                     "adapter_config.json; " +
                     (near.empty() ? names.empty() ? std::string("none is there yet, train one")
                                                   : "`llamahome models finetuned` lists those that are there"
                                   : "nearest is " + near),
                 listed};
}

Result<AdapterOption> parseAdapterOption(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    std::error_code failure;
    if (colon == std::string::npos || fs::exists(text, failure)) return AdapterOption{text};
    const std::string_view number = std::string_view(text).substr(colon + 1);
    double scale = 0.0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), scale);
    const bool isWhole = read.ec == std::errc() && read.ptr == number.data() + number.size() && colon > 0;
    if (isWhole && scale >= 0.0 && scale <= kMaxAdapterScale)
        return AdapterOption{text.substr(0, colon), scale};
    return Error{codes::kAdapterScale, "--adapter " + text + ": found the scale `" + std::string(number) +
                                           "`, expected a number from 0 to 100 after the colon"};
}

} // namespace llamahome::jobs
