#include "core/json.h"

#include "core/file_layer.h"

namespace llamahome {

Result<Json> parseJson(std::string_view text, std::string_view what, const JsonLimits& limits) {
    JsonPlace start;
    return parseJsonAt(text, what, start, limits);
}

Result<Json> readJsonFile(const std::filesystem::path& path, const JsonLimits& limits) {
    const auto text = readFile(path, limits.maxBytes);
    if (!text) return text.error();
    return parseJson(*text, displayPath(path), limits);
}

std::string writeJson(const Json& value) {
    return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string writeJsonLine(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace llamahome
