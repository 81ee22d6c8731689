// The nearest known name to a mistyped one, for messages. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llamahome::config {

/// Letters to insert, delete, replace or swap with a neighbour to turn one text into the other (optimal
/// string alignment distance). Case counts. Texts above 200 bytes are cut there.
std::size_t editDistance(std::string_view a, std::string_view b);

/// The candidate with the least edit distance, the first of several; empty when none is within a third of the
/// length of `text` (at least two letters): a far-fetched guess helps nobody.
std::string nearestName(std::string_view text, const std::vector<std::string>& candidates);

} // namespace llamahome::config
