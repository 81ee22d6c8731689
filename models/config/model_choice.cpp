#include "config/model_choice.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/ascii.h"
#include "core/error_codes.h"

namespace llamahome::config {
namespace {

using Candidates = std::vector<const CatalogVersion*>;

struct Wish {
    std::string model; ///< the three variables as given
    std::string size;
    std::string variant;
    std::string generation; ///< taken from `model`
};

std::string namesOf(const Candidates& candidates) {
    std::string names;
    for (const CatalogVersion* one : candidates)
        names += (names.empty() ? "" : ", ") + one->version;
    return names;
}

/// "LLAMA_MODEL=llama3.3 LLAMA_MODEL_SIZE=13b".
std::string shown(const Wish& wish) {
    std::string text;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) text += (text.empty() ? "" : " ") + std::string(name) + "=" + value;
    };
    add("LLAMA_MODEL", wish.model);
    add("LLAMA_MODEL_SIZE", wish.size);
    add("LLAMA_MODEL_VARIANT", wish.variant);
    return text;
}

/// The family that the name begins with, the longest of several; the rest is the generation.
const CatalogFamily* splitFamily(const Catalog& catalog, Wish& wish) {
    const std::string name = lowerAscii(wish.model);
    const CatalogFamily* best = nullptr;
    for (const CatalogFamily& family : catalog.families())
        if (name.starts_with(family.name) && (best == nullptr || family.name.size() > best->name.size()))
            best = &family;
    if (best == nullptr) return nullptr;
    std::string rest = name.substr(best->name.size());
    if (!rest.empty() && (rest.front() == '-' || rest.front() == '/' || rest.front() == '_'))
        rest.erase(0, 1);
    wish.generation = rest;
    return best;
}

void keepIf(Candidates& candidates,
            const std::function<bool(const CatalogVersion&, const VersionName&)>& keeps) {
    const auto isOut = [&](const CatalogVersion* one) {
        const auto name = parseVersionName(one->version);
        return !name || !keeps(*one, *name);
    };
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), isOut), candidates.end());
}

Error unknownVersion(const Wish& wish, const std::string& version, const CatalogFamily& family,
                     const Catalog& catalog) {
    return Error{codes::kVersionUnknown, shown(wish) + ": no version `" + version + "` of " + family.name +
                                             "; " + catalog.nearest(family.name, version)};
}

/// Leaves those of the wanted kind. Where a model exists in one kind only, that one stays, with a notice.
void narrowToVariant(Candidates& candidates, const Wish& wish, ModelChoice& choice) {
    if (wish.variant.empty()) return;
    const bool isChat = wish.variant != "base";
    Candidates wanted = candidates;
    wanted.erase(std::remove_if(wanted.begin(), wanted.end(),
                                [&](const auto* one) { return one->instruct != isChat; }),
                 wanted.end());
    if (!wanted.empty()) {
        candidates = std::move(wanted);
    } else if (!candidates.empty()) {
        choice.notice = shown(wish) + ": " + candidates.front()->version + " has no " + wish.variant +
                        " variant, the one there is was taken";
        if (!candidates.front()->note.empty()) choice.notice += "; " + candidates.front()->note;
    }
}

/// The default version, or its sibling of the same size, if it is among the candidates; else the only one, or
/// of two kinds of one model the base.
const CatalogVersion* chooseOne(const Candidates& candidates, const CatalogFamily& family) {
    const auto wanted = parseVersionName(family.defaultVersion);
    for (const CatalogVersion* one : candidates)
        if (one->version == family.defaultVersion) return one;
    for (const CatalogVersion* one : candidates) {
        const auto name = parseVersionName(one->version);
        if (wanted && name && name->generation == wanted->generation && name->size == wanted->size)
            return one;
    }
    if (candidates.size() == 1) return candidates.front();
    const auto first = parseVersionName(candidates.front()->version);
    for (const CatalogVersion* one : candidates) {
        const auto name = parseVersionName(one->version);
        if (!first || !name || name->size != first->size || name->generation != first->generation)
            return nullptr;
    }
    const auto base =
        std::find_if(candidates.begin(), candidates.end(), [](const auto* one) { return !one->instruct; });
    return base == candidates.end() ? candidates.front() : *base;
}

Result<std::optional<ModelChoice>> chooseFrom(const CatalogFamily& family, const Wish& wish,
                                              const Catalog& catalog) {
    ModelChoice choice{family.name, {}};
    Candidates candidates;
    for (const CatalogVersion& version : family.versions)
        candidates.push_back(&version);
    if (!wish.generation.empty())
        keepIf(candidates, [&](const auto&, const auto& name) { return name.generation == wish.generation; });
    if (candidates.empty()) return unknownVersion(wish, wish.generation, family, catalog);
    if (!wish.size.empty()) {
        const auto size = parseModelSize(wish.size);
        if (!size)
            return Error{codes::kEnvironmentValue,
                         "LLAMA_MODEL_SIZE: found `" + wish.size + "`, expected a size such as 1b or 135m"};
        keepIf(candidates,
               [&](const auto&, const auto& name) { return std::abs(name.size - *size) < *size * 1e-9; });
        const std::string version =
            (wish.generation.empty() ? "" : wish.generation + "-") + lowerAscii(wish.size);
        if (candidates.empty()) return unknownVersion(wish, version, family, catalog);
    }
    narrowToVariant(candidates, wish, choice);
    const CatalogVersion* chosen = chooseOne(candidates, family);
    if (chosen == nullptr)
        return Error{codes::kEnvironmentValue,
                     shown(wish) + ": names several models (" + namesOf(candidates) +
                         "); set LLAMA_MODEL_SIZE and LLAMA_MODEL_VARIANT to one of them"};
    choice.version = chosen->version;
    return std::optional(std::move(choice));
}

} // namespace

Result<std::optional<ModelChoice>> modelFromEnvironment(const Environment& environment,
                                                        const Catalog& catalog) {
    Wish wish{environmentValue(environment, "LLAMA_MODEL"),
              environmentValue(environment, "LLAMA_MODEL_SIZE"),
              environmentValue(environment, "LLAMA_MODEL_VARIANT"),
              {}};
    if (wish.model.empty() && wish.size.empty() && wish.variant.empty()) return std::optional<ModelChoice>();
    if (!wish.variant.empty() && wish.variant != "base" && wish.variant != "chat")
        return Error{codes::kEnvironmentValue,
                     "LLAMA_MODEL_VARIANT: found `" + wish.variant + "`, expected base or chat"};
    if (const auto entry = catalog.findHubId(wish.model))
        return std::optional(ModelChoice{entry->family, entry->version});
    if (wish.model.empty()) return chooseFrom(catalog.families().front(), wish, catalog);
    const CatalogFamily* family = splitFamily(catalog, wish);
    if (family == nullptr) {
        const auto unknown = catalog.defaultVersion(wish.model);
        return Error{codes::kFamilyUnknown, "LLAMA_MODEL: " + unknown.error().message};
    }
    if (const CatalogVersion* whole = family->find(wish.generation);
        whole != nullptr && wish.size.empty() && wish.variant.empty())
        return std::optional(ModelChoice{family->name, whole->version});
    return chooseFrom(*family, wish, catalog);
}

} // namespace llamahome::config
