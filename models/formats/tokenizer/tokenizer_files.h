// The files of a Hub model's tokenizer, opened: the one way in for encoding and for export. Any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "core/json.h"
#include "core/result.h"

namespace llamahome::formats {

inline constexpr std::size_t kMaxTokenizerBytes = 64U << 20; ///< of each of the files

struct TokenizerFiles {
    Json tokenizer;    ///< tokenizer.json with the added tokens of `config` that it lacks
    Json config;       ///< tokenizer_config.json, else what tokenizer.model makes of one; null without both
    std::string shown; ///< the path of the file that `tokenizer` comes from, for messages
};

/// Reads tokenizer.json, else what a SentencePiece tokenizer.model makes of one, and tokenizer_config.json.
/// FILE-01 where there is neither of the first two, TK-12 for Meta's list of ranks alone, JSON-01 and
/// JSON-02, FILE-07 for files above kMaxTokenizerBytes, and the errors of tokenizerFromSentencePiece().
Result<TokenizerFiles> readTokenizerFiles(const std::filesystem::path& folder);

/// A JSON file of at most kMaxTokenizerBytes; null JSON where there is no such file.
Result<Json> readJsonIfThere(const std::filesystem::path& path);

/// The model's chat template: chat_template.jinja, else the text in `tokenizerConfig`, which is one text or
/// the one named "default" of a list; nothing where there is none.
Result<std::optional<std::string>> readChatTemplate(const std::filesystem::path& folder,
                                                    const Json& tokenizerConfig);

} // namespace llamahome::formats
