// Reading lists of turns and checking their order. Any thread.
#pragma once

#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/data/example.h"

namespace llamahome::text {

/// Turns of {"role", "content"} or {"from", "value"}; content is text or a list of text parts. Roles of the
/// formats in use become system, user, assistant and tool. DATA-12 or DATA-13 naming the turn.
Result<std::vector<Message>> readMessages(const Json& list);

/// Removes an answer that nothing was asked for, as ShareGPT data has them at the start.
void dropLeadingAnswer(std::vector<Message>& messages);

/// The conversation as an example, without the turns after the last answer, from which nothing is learned.
/// DATA-13 naming a turn that is empty or out of order: a system message that is not first, two users or two
/// answers in a row, no answer at all.
Result<Example> checkedConversation(std::vector<Message> messages);

} // namespace llamahome::text
