#include "core/proc_file.h"

#include <charconv>
#include <fstream>
#include <string>

namespace llamahome {
namespace {

std::optional<std::uint64_t> numberAt(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data() + begin, text.data() + text.size(), value);
    return read.ec == std::errc() ? std::optional(value) : std::nullopt;
}

} // namespace

std::optional<std::uint64_t> namedNumber(const std::filesystem::path& file, std::string_view name) {
    std::ifstream stream(file);
    std::string line;
    while (std::getline(stream, line))
        if (line.starts_with(name)) return numberAt(std::string_view(line).substr(name.size()));
    return {};
}

std::optional<std::uint64_t> soleNumber(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::string line;
    return std::getline(stream, line) ? numberAt(line) : std::nullopt;
}

} // namespace llamahome
