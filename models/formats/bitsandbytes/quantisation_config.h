// `quantization_config` of a config.json, as transformers writes it for bitsandbytes. Any thread.
#pragma once

#include <optional>
#include <string_view>

#include "core/json.h"
#include "core/result.h"
#include "formats/bitsandbytes/quantised_view.h"

namespace llamahome::formats {

/// "int8", "nf4": how settings and messages call it.
std::string_view quantisationName(Quantisation format);
/// The other way; nothing for another name.
std::optional<Quantisation> quantisationFromName(std::string_view name);
/// How a setting wants a model's matrices kept: a format's name, or "w8a8", which is int8 whose products are
/// made in int8 too. Nothing: as they are.
std::optional<Quantisation> quantisationOfSetting(std::string_view setting);
bool wantsInt8Products(std::string_view setting);

/// ARCH-02 names a method or a type that is not read: other libraries', FP4, codes stored as numbers of
/// another type. `config` is the value of quantization_config.
Result<Quantisation> parseQuantisationConfig(const Json& config, std::string_view what);

Json quantisationConfigJson(Quantisation format);

} // namespace llamahome::formats
