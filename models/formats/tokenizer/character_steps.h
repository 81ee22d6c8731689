// What stands before and after the merges in the tokenizer.json of a BPE of characters. Any thread.
#pragma once

#include <optional>

#include "core/json.h"
#include "formats/tokenizer/hub_tokenizer.h"

namespace llamahome::formats {

/// "normalizer" and "decoder" as the reference library converts SentencePiece models: blanks become U+2581,
/// one more stands before a text, runs of them may be collapsed.
Json characterNormalizer(const CharacterBpe& characters);
Json characterDecoder(const CharacterBpe& characters);

/// Whether a tokenizer.json is of this kind and not of bytes: its model falls back to bytes, or it has a
/// normalizer or a Metaspace.
bool isCharacterTokenizer(const Json& tokenizer);

/// The settings of such a tokenizer.json, in the form above or with a Metaspace that does not split; nothing
/// where its steps do other things. `byteFallback` is the model's.
std::optional<CharacterBpe> characterSteps(const Json& tokenizer);

} // namespace llamahome::formats
