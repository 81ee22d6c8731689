#include "config/catalog.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/catalog_reader.h"
#include "config/nearest_name.h"
#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome::config {
namespace {

constexpr std::size_t kMaxCatalogBytes = 4U << 20;
constexpr std::size_t kMaxFamilies = 200;

/// The version whose size is nearest by ratio, of the wanted kind where there is one.
const CatalogVersion* nearestInSize(const CatalogFamily& family, const VersionName& wanted) {
    const CatalogVersion* best = nullptr;
    double leastRatio = 0.0;
    for (const CatalogVersion& version : family.versions) {
        const auto name = parseVersionName(version.version);
        if (!name) continue;
        // The other kind of the same size loses to every other distance below a thousandth.
        const double ratio =
            std::abs(std::log(name->size / wanted.size)) + (name->instruct == wanted.instruct ? 0.0 : 1e-3);
        if (best != nullptr && ratio >= leastRatio) continue;
        best = &version;
        leastRatio = ratio;
    }
    return best;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

} // namespace

std::optional<double> parseModelSize(std::string_view size) {
    const std::string text = lowerAscii(size);
    double number = 0.0;
    const auto read =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (read.ec != std::errc() || !std::isfinite(number) || number <= 0.0) return {};
    const std::string_view unit(read.ptr, static_cast<std::size_t>(text.data() + text.size() - read.ptr));
    if (unit == "b") return number * 1e9;
    if (unit == "m") return number * 1e6;
    return {};
}

std::optional<VersionName> parseVersionName(std::string_view version) {
    constexpr std::string_view kInstruct = "-instruct";
    VersionName name;
    name.instruct = version.ends_with(kInstruct);
    if (name.instruct) version.remove_suffix(kInstruct.size());
    const std::size_t dash = version.rfind('-');
    if (dash == 0) return {};
    if (dash != std::string_view::npos) name.generation = std::string(version.substr(0, dash));
    const auto size = parseModelSize(version.substr(dash == std::string_view::npos ? 0 : dash + 1));
    if (!size) return {};
    name.size = *size;
    return name;
}

const CatalogVersion* CatalogFamily::find(std::string_view version) const {
    for (const CatalogVersion& one : versions)
        if (one.version == version ||
            std::find(one.aliases.begin(), one.aliases.end(), version) != one.aliases.end())
            return &one;
    return nullptr;
}

Result<Catalog> Catalog::load(const std::filesystem::path& path) {
    auto json = readJsonFile(path, {16, kMaxCatalogBytes});
    if (!json) return json.error();
    return parse(*json, displayPath(path));
}

Result<Catalog> Catalog::parse(const Json& json, const std::string& what) {
    // Some files have the families one level down.
    const bool isWrapped = json.is_object() && json.contains("models") && json["models"].is_object() &&
                           !json["models"].contains("versions");
    const Json& families = isWrapped ? json["models"] : json;
    if (!families.is_object() || families.empty() || families.size() > kMaxFamilies)
        return Error{codes::kCatalogShape, what + ": found no families, expected {\"llama\": {…}, …}"};
    Catalog catalog;
    for (const auto& [name, value] : families.items()) {
        auto family = readCatalogFamily(name, value, what);
        if (!family) return family.error();
        catalog.m_families.push_back(std::move(*family));
    }
    return catalog;
}

const CatalogFamily* Catalog::findFamily(std::string_view family) const {
    for (const CatalogFamily& one : m_families)
        if (one.name == family) return &one;
    return nullptr;
}

Result<CatalogVersion> Catalog::find(std::string_view family, std::string_view version) const {
    const CatalogFamily* known = findFamily(lowerAscii(family));
    if (known == nullptr) return defaultVersion(family); // its error
    if (const CatalogVersion* found = known->find(lowerAscii(version))) return *found;
    return Error{codes::kVersionUnknown, "no version `" + std::string(version.substr(0, 64)) + "` of " +
                                             known->name + "; " + nearest(known->name, version)};
}

Result<CatalogVersion> Catalog::defaultVersion(std::string_view family) const {
    if (const CatalogFamily* known = findFamily(lowerAscii(family)))
        return *known->find(known->defaultVersion);
    std::vector<std::string> names;
    for (const CatalogFamily& one : m_families)
        names.push_back(one.name);
    const std::string near = nearestName(lowerAscii(family), names);
    return Error{codes::kFamilyUnknown, "no model family `" + std::string(family.substr(0, 64)) +
                                            "`; known: " + joined(names) +
                                            (near.empty() ? "" : "; nearest is " + near)};
}

std::optional<CatalogVersion> Catalog::findHubId(std::string_view id) const {
    const std::string wanted = lowerAscii(id);
    if (wanted.empty()) return {};
    for (const CatalogFamily& family : m_families)
        for (const CatalogVersion& version : family.versions) {
            if (lowerAscii(version.hubId) == wanted) return version;
            for (const std::string& former : version.formerHubIds)
                if (lowerAscii(former) == wanted) return version;
        }
    return {};
}

std::string Catalog::nearest(std::string_view family, std::string_view version) const {
    const CatalogFamily* known = findFamily(family);
    if (known == nullptr) return {};
    const std::string text = lowerAscii(version);
    const auto wanted = parseVersionName(text);
    std::vector<std::string> all;
    std::vector<std::string> sameGeneration;
    for (const CatalogVersion& one : known->versions) {
        all.push_back(one.version);
        const auto name = parseVersionName(one.version);
        if (wanted && name && name->generation == wanted->generation && name->instruct == wanted->instruct)
            sameGeneration.push_back(one.version);
        else if (wanted && name && name->generation == wanted->generation && one.instruct == wanted->instruct)
            sameGeneration.push_back(one.version); // one that exists in a single kind
    }
    std::string offer = "known: " + joined(sameGeneration.empty() ? all : sameGeneration);
    if (wanted) {
        if (const CatalogVersion* near = nearestInSize(*known, *wanted))
            offer += "; nearest in size: " + near->version;
    } else if (const std::string near = nearestName(text, all); !near.empty()) {
        offer += "; nearest is " + near;
    }
    return offer;
}

} // namespace llamahome::config
