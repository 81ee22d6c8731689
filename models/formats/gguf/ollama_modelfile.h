// The Modelfile from which Ollama makes a model of a GGUF file. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::formats {

/// What a chat template writes around the texts of one exchange. The bos token is left out: Ollama puts it
/// where the GGUF says so.
struct OllamaTurns {
    std::string first = {}; ///< before all of it, with or without a system text
    std::string systemBefore = {};
    std::string systemAfter = {};
    std::string userBefore = {};
    std::string userAfter = {};
    std::string answerBefore = {}; ///< opens the assistant's turn
    std::string answerAfter = {};
};

struct OllamaModelfile {
    std::string from = {};                          ///< path of the GGUF file, or a model's name in Ollama
    std::string adapter = {};                       ///< path of a GGUF adapter; empty: none
    std::optional<OllamaTurns> turns = {};          ///< nothing: Ollama takes what it knows of the model
    std::vector<std::string> stops = {};            ///< texts that end an answer
    std::optional<std::int64_t> contextLength = {}; ///< num_ctx
    std::string system = {};                        ///< the default system text; empty: none
    std::string license = {};                       ///< empty: none
};

/// Whether a Modelfile can hold that text in three double quotes: it has no such three and does not end in
/// one.
bool canBeModelfileText(std::string_view text);

/// The text of the Modelfile, in the order FROM, ADAPTER, TEMPLATE, SYSTEM, PARAMETER, LICENSE (llama.md
/// 8.5). The template is Go's text/template over .System, .Prompt and .Response. EXP-02 names a text that
/// cannot be quoted there: three double quotes in a row, a line end or a quote in a path.
Result<std::string> ollamaModelfileText(const OllamaModelfile& file);

} // namespace llamahome::formats
