// The check that ends every export: an answer ends for the model as it was trained to end. Any thread but
// GUI.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"

namespace llamahome::jobs {

/// Looks at a folder in Hub layout: its chat template is known, what ends an assistant's turn in it is one
/// token of the tokenizer, and generation stops at that token. With a training record, the text of a
/// training_record.yaml or empty, the template that was trained with must be the folder's. Gives what was
/// found in words: "answers end with <|im_end|> in template, tokenizer and configuration". EXP-03 where they
/// disagree.
Result<std::string> checkTurnEnd(const std::filesystem::path& folder, const std::string& trainingRecord);

} // namespace llamahome::jobs
