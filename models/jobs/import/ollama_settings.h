// What Ollama keeps beside a model's weights for conversations with it. Any thread but GUI.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

struct OllamaSettings {
    std::string chatTemplate;       ///< its TEMPLATE; empty where it has none
    std::vector<std::string> stops; ///< texts that end an answer
};

/// Gives the model in `folder`, which was just converted, what it can hold of `settings`: stops that are
/// special tokens of its tokenizer become end tokens of generation_config.json, and where the model has no
/// chat template of its own, the known one that is theirs becomes chat_template.jinja. Gives what the user
/// should know, in words: what was taken over, and what was not and why.
Result<std::vector<std::string>> takeOllamaSettings(const OllamaSettings& settings, FileLayer& files,
                                                    const std::filesystem::path& folder);

} // namespace llamahome::jobs
