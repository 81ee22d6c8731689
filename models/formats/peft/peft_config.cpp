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

/// Each changes what the adapter computes or which modules it has; unset is null, false, {} or [].
constexpr std::array kUnsupportedKeys{"use_dora",
                                      "use_qalora",
                                      "lora_bias",
                                      "fan_in_fan_out",
                                      "modules_to_save",
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
    if (const std::string bias = fields.text("bias", "none");
        bias != "none" && bias != "all" && bias != "lora_only")
        return unsupported(what, "bias " + quotedText(bias), "\"none\", \"all\" or \"lora_only\"");
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

Json alphaJson(double alpha) {
    constexpr double kExact = 9007199254740992.0; // 2^53
    if (std::floor(alpha) == alpha && std::abs(alpha) < kExact) return Json(static_cast<std::int64_t>(alpha));
    return Json(alpha);
}

} // namespace

Result<PeftConfig> parsePeftConfig(const Json& json, const std::string& what) {
    if (!json.is_object())
        return Error{codes::kAdapterConfigValue, what + ": expected a JSON object; save the adapter again"};
    const ConfigFields fields(json, what, codes::kAdapterConfigValue);
    if (auto supported = refuseUnsupported(fields, what); !supported) return supported.error();
    PeftAdapter adapter;
    adapter.r = fields.size("r", 8, kMaxAdapterRank);
    adapter.alpha = fields.positive("lora_alpha", 8.0);
    adapter.dropout = fields.fraction("lora_dropout", 0.0);
    adapter.useRslora = fields.flag("use_rslora", false);
    adapter.bias = fields.text("bias", "none");
    adapter.baseModel = fields.text("base_model_name_or_path", "");
    if (fields.problem()) return *fields.problem();
    auto modules = PeftModules::read(json, what);
    if (!modules) return modules.error();
    if (auto targets = modules->plainTargets()) adapter.targetModules = std::move(*targets);
    return PeftConfig{std::move(adapter), std::move(*modules)};
}

Json peftConfigJson(const PeftAdapter& adapter) {
    std::vector<std::string> targets = adapter.targetModules;
    std::sort(targets.begin(), targets.end());
    Json ranks = Json::object();
    Json alphas = Json::object();
    for (const LoraPair& pair : adapter.pairs) {
        if (pair.r != adapter.r) ranks[pair.module] = pair.r;
        if (pair.alpha && *pair.alpha != adapter.alpha) alphas[pair.module] = alphaJson(*pair.alpha);
    }
    Json json{{"alpha_pattern", std::move(alphas)}, {"auto_mapping", nullptr}};
    json["base_model_name_or_path"] = adapter.baseModel.empty() ? Json() : Json(adapter.baseModel);
    json["bias"] = adapter.bias;
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
    json["rank_pattern"] = std::move(ranks);
    json["revision"] = nullptr;
    json["target_modules"] = targets;
    json["task_type"] = "CAUSAL_LM";
    json["use_dora"] = false;
    json["use_rslora"] = adapter.useRslora;
    return json;
}

} // namespace llamahome::formats
