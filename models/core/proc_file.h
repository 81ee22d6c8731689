// Numbers in the small text files of /proc and /sys. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace llamahome {

/// The number after `name` at the start of a line, "MemTotal:   123 kB"; nothing where file or line is
/// missing.
std::optional<std::uint64_t> namedNumber(const std::filesystem::path& file, std::string_view name);

/// The number that is all of a file; nothing where the file is missing or says something else, as "max".
std::optional<std::uint64_t> soleNumber(const std::filesystem::path& file);

} // namespace llamahome
