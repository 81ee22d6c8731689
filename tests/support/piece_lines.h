// Lines with the ids that the sentencepiece package gives them, of the model
// tests/data/text/sentencepiece/llama. One thread.
#pragma once

#include <filesystem>
#include <vector>

#include "core/json.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::testing {

/// To how many of the lines the tokenizer of a model's folder gives other ids; -1 where it or the lines
/// cannot be read.
inline int differentPieceLines(const std::filesystem::path& folder) {
    const auto rows =
        readJsonFile(std::filesystem::path(LLAMAHOME_TEST_DATA) / "formats" / "pieces_lines.json");
    const auto tokenizer = text::Tokenizer::load(folder);
    if (!rows || !tokenizer || rows->size() < 100) return -1;
    int count = 0;
    for (const Json& row : *rows)
        if (tokenizer->encode(row["text"].get<std::string>(), text::SpecialTokens::AsText) !=
            row["ids"].get<std::vector<std::int32_t>>())
            ++count;
    return count;
}

} // namespace llamahome::testing
