#include "formats/peft/peft_modules.h"

#include <algorithm>
#include <cmath>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/hub/tensor_names.h"
#include "formats/peft/peft_adapter.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxPatterns = 10'000;
constexpr std::size_t kStepsALetter = 4;    ///< a plain name needs about half
constexpr std::size_t kMostSteps = 400'000; ///< the name of each module of the largest Llama, twice
constexpr std::string_view kAnyParent = "(.*\\.)?";

Error wrongValue(const std::string& what, const char* key, const Json& value, const std::string& expected) {
    return Error{codes::kAdapterConfigValue, what + ": " + key + ": found " +
                                                 quotedText(writeJsonLine(value)) + ", expected " + expected +
                                                 "; save the adapter again"};
}

const Json* setValue(const Json& config, const char* key) {
    const auto found = config.find(key);
    return found == config.end() || found->is_null() ? nullptr : &*found;
}

/// For all expressions of a configuration together. One that names many modules may have more.
ProgramBudget budgetOf(const Json& config) {
    std::size_t letters = 0;
    for (const char* key : {"rank_pattern", "alpha_pattern"})
        if (const Json* const map = setValue(config, key); map != nullptr && map->is_object())
            for (const auto& [name, number] : map->items())
                letters += kAnyParent.size() + name.size();
    const ProgramBudget least;
    return {std::min(least.steps + kStepsALetter * letters, kMostSteps)};
}

/// "all-linear", an expression, or a list of names.
Result<ModuleNames> readNames(const Json& value, const char* key, const std::string& what,
                              ProgramBudget& budget) {
    std::vector<std::string> names;
    if (value == "all-linear") {
        for (const std::string& module : projectionModules())
            names.push_back(module.substr(module.find('.') + 1));
        return ModuleNames(std::move(names));
    }
    if (value.is_string()) {
        auto pattern = ModulePattern::compile(value.get_ref<const std::string&>(), what + ": " + key, budget);
        if (!pattern) return pattern.error();
        return ModuleNames(std::move(*pattern));
    }
    if (value.is_array())
        for (const Json& entry : value)
            if (entry.is_string() && !entry.get_ref<const std::string&>().empty()) names.push_back(entry);
    if (!value.is_array() || names.size() != value.size())
        return wrongValue(what, key, value, "a list of module names, or an expression");
    return ModuleNames(std::move(names));
}

/// rank_pattern or alpha_pattern. `read` gives the value, or nothing for a wrong one.
template <typename Value, typename Read>
Result<std::vector<std::pair<ModulePattern, Value>>> readMap(const Json& config, const char* key,
                                                             const std::string& what, const char* expected,
                                                             ProgramBudget& budget, Read read) {
    std::vector<std::pair<ModulePattern, Value>> patterns;
    const Json* const map = setValue(config, key);
    if (map == nullptr) return patterns;
    if (!map->is_object() || map->size() > kMaxPatterns)
        return wrongValue(what, key, *map, "an object from module names to numbers");
    for (const auto& [name, number] : map->items()) {
        const std::optional<Value> value = read(number);
        if (!value) return wrongValue(what, key, *map, expected);
        auto pattern =
            ModulePattern::compile(std::string(kAnyParent) + "(" + name + ")$", what + ": " + key, budget);
        if (!pattern) return pattern.error();
        patterns.emplace_back(std::move(*pattern), *value);
    }
    return patterns;
}

template <typename Value>
std::optional<Value> firstMatch(const std::vector<std::pair<ModulePattern, Value>>& patterns,
                                const std::string& module, MatchBudget& budget) {
    for (const auto& [pattern, value] : patterns)
        if (pattern.matches(module, budget)) return value;
    return std::nullopt;
}

} // namespace

bool matchesTarget(const std::string& module, const std::vector<std::string>& targets) {
    return std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
        return module == target || module.ends_with("." + target);
    });
}

Result<PeftModules> PeftModules::read(const Json& config, const std::string& what) {
    PeftModules modules;
    ProgramBudget budget = budgetOf(config);
    if (auto done = modules.readTargets(config, what, budget); !done) return done.error();
    if (auto done = modules.readLayers(config, what); !done) return done.error();
    if (auto done = modules.readPatterns(config, what, budget); !done) return done.error();
    return modules;
}

Result<void> PeftModules::readTargets(const Json& config, const std::string& what, ProgramBudget& budget) {
    // PEFT's default for a Llama where nothing is said.
    m_targets = std::vector<std::string>{"q_proj", "v_proj"};
    if (const Json* const value = setValue(config, "target_modules")) {
        auto names = readNames(*value, "target_modules", what, budget);
        if (!names) return names.error();
        m_targets = std::move(*names);
        const auto* const list = std::get_if<std::vector<std::string>>(&m_targets);
        if (list != nullptr && list->empty())
            return wrongValue(what, "target_modules", *value, "a list of module names, or an expression");
    }
    if (const Json* const value = setValue(config, "exclude_modules")) {
        auto names = readNames(*value, "exclude_modules", what, budget);
        if (!names) return names.error();
        m_excluded = std::move(*names);
    }
    return {};
}

Result<void> PeftModules::readLayers(const Json& config, const std::string& what) {
    const Json* const value = setValue(config, "layers_to_transform");
    if (value == nullptr || (value->is_array() && value->empty())) return {};
    const Json list = value->is_array() ? *value : Json::array({*value});
    std::vector<std::int64_t> layers;
    for (const Json& layer : list)
        if (layer.is_number_integer()) layers.push_back(layer.get<std::int64_t>());
    if (layers.size() != list.size())
        return wrongValue(what, "layers_to_transform", *value, "numbers of layers");
    if (config.contains("target_modules") && config["target_modules"].is_string())
        return wrongValue(what, "layers_to_transform", *value,
                          "none beside target_modules as an expression, as PEFT does");
    if (const Json* const pattern = setValue(config, "layers_pattern")) {
        const Json names = pattern->is_array() ? *pattern : Json::array({*pattern});
        const bool isOfLlama = names.empty() || names == Json::array({""}) ||
                               std::find(names.begin(), names.end(), "layers") != names.end();
        if (!isOfLlama)
            return Error{codes::kAdapterUnsupported,
                         what + ": found layers_pattern " + quotedText(writeJsonLine(*pattern)) +
                             ", expected \"layers\", as a Llama's are called; this "
                             "kind of adapter cannot be used"};
    }
    m_layers = std::move(layers);
    return {};
}

Result<void> PeftModules::readPatterns(const Json& config, const std::string& what, ProgramBudget& budget) {
    auto ranks = readMap<std::int64_t>(config, "rank_pattern", what, "ranks, whole numbers from 1 to 65,536",
                                       budget, [](const Json& number) -> std::optional<std::int64_t> {
                                           if (!number.is_number_integer()) return std::nullopt;
                                           const auto rank = number.get<std::int64_t>();
                                           return rank >= 1 && rank <= kMaxAdapterRank ? std::optional(rank)
                                                                                       : std::nullopt;
                                       });
    if (!ranks) return ranks.error();
    m_ranks = std::move(*ranks);
    auto alphas =
        readMap<double>(config, "alpha_pattern", what, "numbers above 0", budget,
                        [](const Json& number) -> std::optional<double> {
                            if (!number.is_number()) return std::nullopt;
                            const auto alpha = number.get<double>();
                            return std::isfinite(alpha) && alpha > 0.0 ? std::optional(alpha) : std::nullopt;
                        });
    if (!alphas) return alphas.error();
    m_alphas = std::move(*alphas);
    return {};
}

bool PeftModules::isAmong(const ModuleNames& names, const std::string& module) const {
    if (const auto* const pattern = std::get_if<ModulePattern>(&names))
        return pattern->matches(module, m_budget);
    return matchesTarget(module, std::get<std::vector<std::string>>(names));
}

bool PeftModules::hasLayer(const std::string& module, std::int64_t layer) const {
    if (!m_layers) return true;
    const auto& names = std::get<std::vector<std::string>>(m_targets);
    // PEFT takes a module that is named in full whatever its layer.
    return std::find(names.begin(), names.end(), module) != names.end() ||
           std::find(m_layers->begin(), m_layers->end(), layer) != m_layers->end();
}

bool PeftModules::isTarget(const std::string& module, std::int64_t layer) const {
    return !isAmong(m_excluded, module) && isAmong(m_targets, module) && hasLayer(module, layer);
}

std::optional<std::int64_t> PeftModules::rankOf(const std::string& module) const {
    return firstMatch(m_ranks, module, m_budget);
}

std::optional<double> PeftModules::alphaOf(const std::string& module) const {
    return firstMatch(m_alphas, module, m_budget);
}

std::optional<std::vector<std::string>> PeftModules::plainTargets() const {
    const auto* const excluded = std::get_if<std::vector<std::string>>(&m_excluded);
    const auto* const targets = std::get_if<std::vector<std::string>>(&m_targets);
    if (targets == nullptr || m_layers || excluded == nullptr || !excluded->empty()) return std::nullopt;
    std::vector<std::string> names = *targets;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

} // namespace llamahome::formats
