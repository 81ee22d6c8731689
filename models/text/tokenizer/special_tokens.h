// SpecialTokens: whether the text of a special token in the input means that token. Any thread.
#pragma once

namespace llamahome::text {

enum class SpecialTokens {
    AsText,     ///< "<|eot_id|>" is nine letters and marks: for whatever a person or a data file wrote
    Recognised, ///< "<|eot_id|>" is the token: for what a template wrote
};

} // namespace llamahome::text
