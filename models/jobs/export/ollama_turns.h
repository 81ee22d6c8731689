// What a chat template writes around the texts of an exchange, as Ollama's Modelfile says it. Any thread.
#pragma once

#include <optional>
#include <string>

#include "formats/gguf/ollama_modelfile.h"
#include "text/template/chat_template.h"

namespace llamahome::jobs {

struct OllamaChat {
    formats::OllamaTurns turns;
    std::string system; ///< what the template puts in where no system text is given; may be empty
};

/// Found by rendering conversations and looking at what stands between their texts. `bos` is the text of the
/// bos token where Ollama writes it by itself, as the tokenizer does; empty where it writes none. Nothing for
/// a template whose turns cannot be told apart so, as one that prints dates: Ollama then takes what it knows
/// of the model by the file's own template.
std::optional<OllamaChat> ollamaChat(const text::ChatTemplate& chatTemplate, const std::string& bos);

} // namespace llamahome::jobs
