// The check that ends every export: an answer ends for the model as it was trained to end. Any thread but
// GUI.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"

namespace llamahome::jobs {

/// Looks at a folder in Hub layout: its chat template is known, what ends an assistant's turn in it is one
/// token of the tokenizer, and generation stops at that token. With a training record (training_record.yaml)
/// beside the weights, the template that was trained with must be the folder's. Gives what was found in
/// words: "answers end with <|im_end|> in template, tokenizer and generation_config.json". EXP-03 where they
/// disagree.
Result<std::string> checkTurnEnd(const std::filesystem::path& folder);

} // namespace llamahome::jobs
