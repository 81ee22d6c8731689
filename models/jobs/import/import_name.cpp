#include "jobs/import/import_name.h"

#include <optional>
#include <string_view>

#include "config/nearest_name.h"
#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "formats/file_text.h"
#include "formats/hub/model_weights.h"

namespace llamahome::jobs {
namespace {

constexpr std::size_t kMaxNameBytes = 96;
constexpr double kLeastShare = 0.7; ///< of the catalogue's parameters: a vision model's text part has less
constexpr double kMostShare = 1.1;
constexpr std::string_view kLocal = "local";
constexpr std::string_view kAdapters = "finetuned";

bool isFolderName(std::string_view name) {
    return !name.empty() && name.size() <= kMaxNameBytes && name.front() != '.' && name.front() != '-' &&
           formats::isPlainFileName(name) && formats::isPlainText(name);
}

Result<ModelName> catalogued(const config::Catalog& catalog, const std::string& family,
                             const std::string& version) {
    const auto found = catalog.find(family, version);
    if (!found) return found.error();
    return ModelName{found->family, found->version};
}

Result<ModelName> plainName(const std::string& family, const std::string& version) {
    for (const std::string& name : {family, version})
        if (!isFolderName(name))
            return Error{codes::kImportName,
                         "name: found " + formats::quotedText(name) + ", expected a plain name of at most " +
                             std::to_string(kMaxNameBytes) + " bytes, such as local/my-model"};
    if (lowerAscii(family) == kAdapters)
        return Error{codes::kImportName,
                     "name: `finetuned` holds the adapters; use another, such as local/" + version};
    return ModelName{lowerAscii(family) == kLocal ? std::string(kLocal) : family, version};
}

/// "q4_k_m", "bf16", "iq3_xs": how weights are packed, as names of files say it.
bool isPacking(std::string_view word) {
    const std::string_view digits = word.substr(word.starts_with("i") ? 1 : 0);
    return word == "f16" || word == "f32" || word == "bf16" || word == "gguf" ||
           (digits.size() > 1 && digits[0] == 'q' && digits[1] >= '0' && digits[1] <= '9');
}

/// A name as the Hub has it, in small letters: without what publishers append about the packing.
std::string bareName(std::string_view name) {
    std::string bare = lowerAscii(name);
    for (std::size_t at = bare.find_last_of(".-"); at != std::string::npos && isPacking(bare.substr(at + 1));
         at = bare.find_last_of(".-"))
        bare.resize(at);
    return bare;
}

/// The catalogued model whose repository on the Hub is called so.
std::optional<ModelName> cataloguedByName(const config::Catalog& catalog, const std::string& name) {
    const std::string bare = bareName(name);
    for (const config::CatalogFamily& family : catalog.families())
        for (const config::CatalogVersion& version : family.versions)
            if (lowerAscii(version.hubId.substr(version.hubId.find('/') + 1)) == bare &&
                !version.hubId.empty())
                return ModelName{version.family, version.version};
    return std::nullopt;
}

/// FAMILY alone, or FAMILY/VERSION in one word.
Result<ModelName> oneWord(const config::Catalog& catalog, const std::string& word,
                          const ImportSource& source) {
    const std::size_t slash = word.find('/');
    if (slash != std::string::npos)
        return importName(catalog, word.substr(0, slash), word.substr(slash + 1), source);
    if (lowerAscii(word) == kLocal) return plainName(word, source.suggestedName);
    return Error{codes::kImportName, "name: found `" + word +
                                         "` alone, expected family and version, such as "
                                         "smollm2/135m-instruct or local/my-model"};
}

/// NAME, finetuned/NAME in one word or two, or by the source.
Result<ModelName> adapterName(const std::string& family, const std::string& version,
                              const ImportSource& source) {
    const std::size_t slash = family.find('/');
    if (version.empty() && slash != std::string::npos)
        return adapterName(family.substr(0, slash), family.substr(slash + 1), source);
    if (!version.empty() && lowerAscii(family) != kAdapters)
        return Error{codes::kImportName, "name: found " + formats::quotedText(family + "/" + version) +
                                             ", expected one word, because " + source.name +
                                             " is an adapter: `--as " + version + "`"};
    const std::string& name = !version.empty() ? version : !family.empty() ? family : source.suggestedName;
    if (isFolderName(name)) return ModelName{std::string(kAdapters), name};
    return Error{codes::kImportName, "name: found " + formats::quotedText(name) +
                                         ", expected a plain name of at most " +
                                         std::to_string(kMaxNameBytes) + " bytes, such as `--as my-adapter`"};
}

std::string parametersText(std::uint64_t parameters) {
    constexpr double kMillion = 1e6;
    constexpr double kBillion = 1e9;
    constexpr int kDigits = 3;
    const auto count = static_cast<double>(parameters);
    return count < kBillion ? formatNumber(count / kMillion, kDigits) + " million"
                            : formatNumber(count / kBillion, kDigits) + " billion";
}

} // namespace

Result<ModelName> importName(const config::Catalog& catalog, const std::string& family,
                             const std::string& version, const ImportSource& source) {
    if (source.form == SourceForm::Adapter) return adapterName(family, version, source);
    if (family.empty() && version.empty()) {
        if (const auto known = catalog.findHubId(source.name))
            return ModelName{known->family, known->version};
        if (source.organisation.empty())
            if (auto known = cataloguedByName(catalog, source.suggestedName)) return *known;
        return plainName(source.organisation.empty() ? std::string(kLocal) : source.organisation,
                         source.suggestedName);
    }
    if (version.empty()) return oneWord(catalog, family, source);
    if (catalog.findFamily(lowerAscii(family)) != nullptr) return catalogued(catalog, family, version);
    if (const auto known = catalog.findHubId(family + "/" + version))
        return ModelName{known->family, known->version};
    std::vector<std::string> families;
    for (const config::CatalogFamily& one : catalog.families())
        families.push_back(one.name);
    const std::string near = config::nearestName(lowerAscii(family), families);
    if (!near.empty() && lowerAscii(family) != kLocal)
        return Error{codes::kImportName, "name: no model family `" + family + "`; nearest is " + near +
                                             "; for a name of your own use local/" + version};
    return plainName(family, version);
}

std::string nameDoubt(const config::Catalog& catalog, const ModelName& name, const ImportSource& source) {
    const config::CatalogFamily* family = catalog.findFamily(name.family);
    const config::CatalogVersion* known = family == nullptr ? nullptr : family->find(name.version);
    if (known == nullptr || known->parameters == 0 || source.parameters == 0) return {};
    const double share = static_cast<double>(source.parameters) / static_cast<double>(known->parameters);
    if (share >= kLeastShare && share <= kMostShare) return {};
    return "its shape is not that of " + name.family + "/" + name.version + ": found " +
           parametersText(source.parameters) + " parameters, the catalogue has " +
           parametersText(known->parameters) + "; if it is another model, import it under another name";
}

} // namespace llamahome::jobs
