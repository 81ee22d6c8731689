// The licence that a model's card (README.md) names. Any thread but GUI.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace llamahome::jobs {

/// `license` of the card's YAML head; `license_name` where that is "other", as the Hub has it. Empty where
/// the card has no such head, or names no licence in plain text.
std::string licenceOfCard(std::string_view card);

/// The same of the card in a model's folder; empty where there is none.
std::string licenceByCard(const std::filesystem::path& folder);

} // namespace llamahome::jobs
