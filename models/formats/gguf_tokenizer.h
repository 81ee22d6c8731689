// The tokenizer of a GGUF file as the Hub's JSON files. Byte-level BPE only. Any thread.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "formats/gguf_reader.h"
#include "formats/hub_tokenizer.h"

namespace llamahome::formats {

/// GG-17 names a tokenizer or pre-tokenizer that is not converted, GG-18 what is wrong with the vocabulary or
/// the merges. `contextLength` is written as model_max_length.
Result<HubTokenizer> tokenizerFromGguf(const GgufReader& reader, std::int64_t contextLength);

} // namespace llamahome::formats
