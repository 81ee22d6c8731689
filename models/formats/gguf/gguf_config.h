// The architecture of a model in a GGUF file, as its metadata and rope tensor state it. One thread.
#pragma once

#include "core/result.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/hub/model_config.h"

namespace llamahome::formats {

/// Everything of config.json but the end tokens, which the tokenizer knows better. GG-17 names what cannot be
/// run: another architecture, experts, a scaled rope. GG-16 a missing or wrong key.
Result<ModelConfig> configFromGguf(GgufReader& reader);

} // namespace llamahome::formats
