// Chat messages as JSON, as standard input and prompt files have them. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/template/message.h"

namespace llamahome::app {

/// A list of {"role","content"}, bare or under "messages". JSON-03 for anything else, DATA-12 or DATA-13
/// naming the turn.
Result<std::vector<text::Message>> messagesOf(const Json& json, std::string_view what);

} // namespace llamahome::app
