// The kinds of data files and the shapes of their rows. Any thread.
#pragma once

#include <string_view>

#include "core/result.h"
#include "formats/input_file.h"

namespace llamahome::text {

enum class DataFileKind { JsonLines, JsonArray, Table, Text };

/// "JSON Lines", "JSON array", "table", "text".
std::string_view kindName(DataFileKind kind);

enum class DataFormat { ChatMessages, ShareGpt, Alpaca, PromptCompletion, QuestionAnswer, PlainText };

/// "chat messages", "ShareGPT", "Alpaca", "prompt and completion", "question and answer", "plain text".
std::string_view formatName(DataFormat format);

/// The kind of a file, by its content and, between text and JSON, by its name. Refused: DATA-03 empty,
/// DATA-04 a JSON array too large to be read at once, DATA-05 JSON spread over lines, DATA-07 not UTF-8,
/// DATA-19 compressed or unknown, DATA-40 Parquet, and what formats::refuseImpostor() refuses of a text.
Result<DataFileKind> recogniseDataFile(const formats::InputFile& file);

} // namespace llamahome::text
