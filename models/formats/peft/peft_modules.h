// Which modules an adapter's configuration names, and the rank and alpha that it gives each (PEFT's rules,
// llama.md 6.2 and 6.3). Immutable once read; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "formats/peft/module_pattern.h"

namespace llamahome::formats {

/// Names of modules or their ends after a dot, or one expression for the whole name.
using ModuleNames = std::variant<std::vector<std::string>, ModulePattern>;

class PeftModules {
public:
    /// Reads target_modules, exclude_modules, layers_to_transform, layers_pattern, rank_pattern and
    /// alpha_pattern of adapter_config.json. PEFT-01 for a wrong value, PEFT-02 for what is not understood.
    static Result<PeftModules> read(const Json& config, const std::string& what);

    /// Whether the adapter is on the module of that layer: "model.layers.3.self_attn.q_proj".
    bool isTarget(const std::string& module, std::int64_t layer) const;
    /// Of rank_pattern; nothing where no pattern fits the module.
    std::optional<std::int64_t> rankOf(const std::string& module) const;
    /// Of alpha_pattern, likewise.
    std::optional<double> alphaOf(const std::string& module) const;
    /// False where comparing took too long; what was said before is not to be relied on then.
    bool isDecided() const { return !m_budget.isSpent(); }

    /// The targets as a sorted list of names; nothing where they are an expression, or only some layers or
    /// not all of the named modules are taken.
    std::optional<std::vector<std::string>> plainTargets() const;

private:
    template <typename Value>
    using Patterns = std::vector<std::pair<ModulePattern, Value>>;

    Result<void> readTargets(const Json& config, const std::string& what, ProgramBudget& budget);
    Result<void> readLayers(const Json& config, const std::string& what);
    Result<void> readPatterns(const Json& config, const std::string& what, ProgramBudget& budget);
    bool isAmong(const ModuleNames& names, const std::string& module) const;
    bool hasLayer(const std::string& module, std::int64_t layer) const;

    ModuleNames m_targets;
    ModuleNames m_excluded;
    std::optional<std::vector<std::int64_t>> m_layers;
    Patterns<std::int64_t> m_ranks;
    Patterns<double> m_alphas;
    mutable MatchBudget m_budget;
};

/// PEFT's rule for a list of names: the module's name, or the end of it after a dot.
bool matchesTarget(const std::string& module, const std::vector<std::string>& targets);

} // namespace llamahome::formats
