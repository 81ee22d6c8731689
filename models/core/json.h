// The one door for JSON text: bounded, duplicate keys refused, position in every message. Any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/result.h"

namespace llamahome {

/// Keys keep the order of the file.
using Json = nlohmann::ordered_json;

struct JsonLimits {
    std::size_t maxDepth = 64;
    std::size_t maxBytes = 64U << 20;
};

/// Parses one document. `what` names it in messages ("config.json"). JSON-01 syntax, with line and column;
/// JSON-02 too deep, too large, or a key twice in one object.
Result<Json> parseJson(std::string_view text, std::string_view what, const JsonLimits& limits = {});

/// A place in a text file; both count from 1, columns in bytes.
struct JsonPlace {
    std::size_t line = 1;
    std::size_t column = 1;
};

/// As parseJson, in linear time however many keys an object has, for text that begins at `place` of a larger
/// file. After JSON-01 `place` is where the fault is.
Result<Json> parseJsonAt(std::string_view text, std::string_view what, JsonPlace& place,
                         const JsonLimits& limits = {});

/// Reads and parses a file; messages carry its path.
Result<Json> readJsonFile(const std::filesystem::path& path, const JsonLimits& limits = {});

/// Two-space indent and a trailing newline, as Hub files have. Invalid UTF-8 is replaced, never thrown at.
std::string writeJson(const Json& value);
/// One line without blanks or newline. Invalid UTF-8 is replaced.
std::string writeJsonLine(const Json& value);

} // namespace llamahome
