// Example: one row of a data file, whatever format it stood in. A value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "text/template/message.h"

namespace llamahome::text {

/// Either a conversation or plain text.
struct Example {
    std::vector<Message> messages; ///< empty for plain text
    Json tools = {};               ///< functions that the assistant may call: a list, or null
    bool plainText = false;
    std::string text;     ///< of plain text
    std::size_t line = 0; ///< where it begins in its file, counted from 1; a CSV row's first line
};

/// Equal for equal examples, wherever they stand; for finding duplicates within one process.
std::uint64_t exampleHash(const Example& example);
/// Equal for examples that differ in their last answer only. Of plain text, and where nothing is answered,
/// exampleHash().
std::uint64_t questionHash(const Example& example);

} // namespace llamahome::text
