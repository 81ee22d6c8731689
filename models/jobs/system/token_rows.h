// Rows of token ids from a file, for benchmarks that give two programs the same work. Any thread.
#pragma once

#include <filesystem>
#include <vector>

#include "core/result.h"
#include "text/data/token_row.h"

namespace llamahome::jobs {

/// One object a line with the lists that `tokenize --chat --json` prints of a conversation,
/// {"token_ids":[…],"supervised":[true,…]}; other members are ignored, and so are empty lines. JSON-03 names
/// line and fault: lists that are missing, of different lengths or of other things, a row of fewer than two
/// tokens, a file without rows.
Result<std::vector<text::TokenRow>> readTokenRows(const std::filesystem::path& file);

} // namespace llamahome::jobs
