#include "formats/bitsandbytes/quantisation_config.h"

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/hub/config_fields.h"

namespace llamahome::formats {
namespace {

constexpr std::string_view kInt8Name = "int8";
constexpr std::string_view kNf4Name = "nf4";
constexpr std::string_view kInt8ProductsSetting = "w8a8"; // weights 8 bits, activations 8 bits

Error unsupported(std::string_view what, const std::string& found, const std::string& expected) {
    return Error{codes::kModelUnsupported, std::string(what) + ": quantization_config: found " + found +
                                               ", LlamaHome runs " + expected +
                                               "; get the model unquantised"};
}

} // namespace

std::string_view quantisationName(Quantisation format) {
    return format == Quantisation::Int8 ? kInt8Name : kNf4Name;
}

std::optional<Quantisation> quantisationFromName(std::string_view name) {
    if (name == kInt8Name) return Quantisation::Int8;
    if (name == kNf4Name) return Quantisation::Nf4;
    return std::nullopt;
}

std::optional<Quantisation> quantisationOfSetting(std::string_view setting) {
    return wantsInt8Products(setting) ? Quantisation::Int8 : quantisationFromName(setting);
}

bool wantsInt8Products(std::string_view setting) {
    return setting == kInt8ProductsSetting;
}

Result<Quantisation> parseQuantisationConfig(const Json& config, std::string_view what) {
    if (!config.is_object())
        return unsupported(what, quotedText(writeJsonLine(config)), "what bitsandbytes quantised");
    const ConfigFields fields(config, std::string(what) + ": quantization_config");
    const std::string method = fields.text("quant_method", "");
    const bool isInt8 = fields.flag("load_in_8bit", false);
    const bool isNf4 = fields.flag("load_in_4bit", false);
    const std::string type = fields.text("bnb_4bit_quant_type", "fp4");
    const std::string storage = fields.text("bnb_4bit_quant_storage", "uint8");
    if (fields.problem()) return *fields.problem();
    if (method != "bitsandbytes")
        return unsupported(what, "quant_method " + quotedText(method), "\"bitsandbytes\"");
    if (isInt8 == isNf4)
        return unsupported(what, "neither 4 nor 8 bits, or both", "load_in_4bit or load_in_8bit");
    if (isInt8) return Quantisation::Int8;
    if (type != kNf4Name) return unsupported(what, "bnb_4bit_quant_type " + quotedText(type), "\"nf4\"");
    if (storage != "uint8")
        return unsupported(what, "bnb_4bit_quant_storage " + quotedText(storage), "\"uint8\"");
    return Quantisation::Nf4;
}

Json quantisationConfigJson(Quantisation format) {
    const bool isNf4 = format == Quantisation::Nf4;
    return Json{{"_load_in_4bit", isNf4},
                {"_load_in_8bit", !isNf4},
                {"bnb_4bit_compute_dtype", isNf4 ? "bfloat16" : "float32"},
                {"bnb_4bit_quant_storage", "uint8"},
                {"bnb_4bit_quant_type", isNf4 ? "nf4" : "fp4"},
                {"bnb_4bit_use_double_quant", isNf4},
                {"llm_int8_enable_fp32_cpu_offload", false},
                {"llm_int8_has_fp16_weight", false},
                {"llm_int8_skip_modules", Json()},
                {"llm_int8_threshold", 6.0},
                {"load_in_4bit", isNf4},
                {"load_in_8bit", !isNf4},
                {"quant_method", "bitsandbytes"}};
}

} // namespace llamahome::formats
