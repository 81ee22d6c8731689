#include "formats/peft/peft_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/hub/config_fields.h"
#include "formats/hub/tensor_names.h"

namespace llamahome::formats {
namespace {

constexpr std::int64_t kMaxRank = 65536;

/// Each changes what the adapter computes or which modules it has; unset is null, false, {} or [].
constexpr std::array kUnsupportedKeys{"rank_pattern",
                                      "alpha_pattern",
                                      "use_dora",
                                      "use_qalora",
                                      "lora_bias",
                                      "fan_in_fan_out",
                                      "modules_to_save",
                                      "exclude_modules",
                                      "layers_to_transform",
                                      "layer_replication",
                                      "target_parameters",
                                      "megatron_config",
                                      "trainable_token_indices",
                                      "alora_invocation_tokens",
                                      "arrow_config",
                                      "use_bdlora",
                                      "kasa_config",
                                      "velora_config",
                                      "monteclora_config",
                                      "ensure_weight_tying",
                                      "loftq_config"};

bool isSet(const Json& value) {
    if (value.is_null() || (value.is_boolean() && !value.get<bool>())) return false;
    return !(value.is_structured() && value.empty());
}

Error unsupported(const std::string& what, const std::string& found, const std::string& expected) {
    return Error{codes::kAdapterUnsupported, what + ": found " + found + ", expected " + expected +
                                                 "; this kind of adapter cannot be used yet"};
}

Result<void> refuseUnsupported(const ConfigFields& fields, const std::string& what) {
    if (const std::string type = fields.text("peft_type", ""); type != "LORA")
        return unsupported(what, "peft_type " + quotedText(type), "\"LORA\"");
    if (const std::string task = fields.text("task_type", "CAUSAL_LM"); task != "CAUSAL_LM")
        return unsupported(what, "task_type " + quotedText(task), "\"CAUSAL_LM\"");
    if (const std::string bias = fields.text("bias", "none"); bias != "none")
        return unsupported(what, "bias " + quotedText(bias), "\"none\"");
    for (const char* key : kUnsupportedKeys)
        if (fields.json().contains(key) && isSet(fields.json()[key]))
            return unsupported(what, std::string(key) + " " + quotedText(writeJsonLine(fields.json()[key])),
                               "it unset");
    if (!fields.has("init_lora_weights") || !fields.json()["init_lora_weights"].is_string()) return {};
    const auto init = fields.json()["init_lora_weights"].get<std::string>();
    for (const char* changesBase : {"pissa", "olora", "corda", "lora_ga", "loftq"})
        if (init.starts_with(changesBase))
            return unsupported(what, "init_lora_weights " + quotedText(init),
                               "one that leaves the base as it is");
    return {};
}

/// A list of names, "all-linear", or PEFT's default for a Llama where nothing is said.
Result<std::vector<std::string>> readTargets(const ConfigFields& fields, const std::string& what) {
    if (!fields.has("target_modules")) return std::vector<std::string>{"q_proj", "v_proj"};
    const Json& value = fields.json()["target_modules"];
    std::vector<std::string> targets;
    if (value == "all-linear") {
        for (const std::string& module : projectionModules())
            targets.push_back(module.substr(module.find('.') + 1));
    } else if (value.is_string()) {
        return unsupported(what, "target_modules as the expression " + quotedText(value.get<std::string>()),
                           "a list of module names");
    } else if (value.is_array()) {
        for (const Json& entry : value)
            if (entry.is_string() && !entry.get_ref<const std::string&>().empty()) targets.push_back(entry);
    }
    if (targets.empty() || (value.is_array() && targets.size() != value.size()))
        return Error{codes::kAdapterConfigValue,
                     what + ": target_modules: found " + quotedText(writeJsonLine(value)) +
                         ", expected a list of module names; save the adapter again"};
    std::sort(targets.begin(), targets.end());
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    return targets;
}

Json alphaJson(double alpha) {
    constexpr double kExact = 9007199254740992.0; // 2^53
    if (std::floor(alpha) == alpha && std::abs(alpha) < kExact) return Json(static_cast<std::int64_t>(alpha));
    return Json(alpha);
}

} // namespace

bool matchesTarget(const std::string& module, const std::vector<std::string>& targets) {
    return std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
        return module == target || module.ends_with("." + target);
    });
}

Result<PeftAdapter> parsePeftConfig(const Json& json, const std::string& what) {
    if (!json.is_object())
        return Error{codes::kAdapterConfigValue, what + ": expected a JSON object; save the adapter again"};
    const ConfigFields fields(json, what, codes::kAdapterConfigValue);
    if (auto supported = refuseUnsupported(fields, what); !supported) return supported.error();
    PeftAdapter adapter;
    adapter.r = fields.size("r", 8, kMaxRank);
    adapter.alpha = fields.positive("lora_alpha", 8.0);
    adapter.dropout = fields.fraction("lora_dropout", 0.0);
    adapter.useRslora = fields.flag("use_rslora", false);
    adapter.baseModel = fields.text("base_model_name_or_path", "");
    if (fields.problem()) return *fields.problem();
    auto targets = readTargets(fields, what);
    if (!targets) return targets.error();
    adapter.targetModules = std::move(*targets);
    return adapter;
}

Json peftConfigJson(const PeftAdapter& adapter) {
    std::vector<std::string> targets = adapter.targetModules;
    std::sort(targets.begin(), targets.end());
    Json json{{"alpha_pattern", Json::object()}, {"auto_mapping", nullptr}};
    json["base_model_name_or_path"] = adapter.baseModel.empty() ? Json() : Json(adapter.baseModel);
    json["bias"] = "none";
    json["fan_in_fan_out"] = false;
    json["inference_mode"] = true;
    json["init_lora_weights"] = true;
    json["layer_replication"] = nullptr;
    json["layers_pattern"] = nullptr;
    json["layers_to_transform"] = nullptr;
    json["loftq_config"] = Json::object();
    json["lora_alpha"] = alphaJson(adapter.alpha);
    json["lora_dropout"] = adapter.dropout;
    json["megatron_config"] = nullptr;
    json["megatron_core"] = "megatron.core";
    json["modules_to_save"] = nullptr;
    json["peft_type"] = "LORA";
    json["r"] = adapter.r;
    json["rank_pattern"] = Json::object();
    json["revision"] = nullptr;
    json["target_modules"] = targets;
    json["task_type"] = "CAUSAL_LM";
    json["use_dora"] = false;
    json["use_rslora"] = adapter.useRslora;
    return json;
}

} // namespace llamahome::formats
