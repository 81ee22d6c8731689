#include "jobs/system/token_rows.h"

#include <limits>
#include <string>
#include <string_view>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"

namespace llamahome::jobs {
namespace {

constexpr std::uint64_t kMostBytes = 1ULL << 30;

bool isTokenId(const Json& value) {
    return value.is_number_unsigned() &&
           value.get<std::uint64_t>() <= std::numeric_limits<std::int32_t>::max();
}

Result<text::TokenRow> rowOf(std::string_view line, const std::string& place) {
    const auto json = parseJson(line, place);
    if (!json) return json.error();
    const auto wrong = [&place](const std::string& found, const std::string& expected) {
        return Error{codes::kJsonShape, place + ": found " + found + ", expected " + expected +
                                            " as `llamahome tokenize --chat --json` prints them"};
    };
    for (const char* key : {"token_ids", "supervised"})
        if (!json->is_object() || !json->contains(key) || !(*json)[key].is_array())
            return wrong(std::string("no list '") + key + "'", "the lists token_ids and supervised");
    const Json& ids = (*json)["token_ids"];
    const Json& supervised = (*json)["supervised"];
    if (ids.size() != supervised.size() || ids.size() < 2)
        return wrong(std::to_string(ids.size()) + " token_ids and " + std::to_string(supervised.size()) +
                         " supervised",
                     "two tokens or more and as many marks");
    text::TokenRow row;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (!isTokenId(ids[i]) || !supervised[i].is_boolean())
            return wrong(writeJsonLine(ids[i]) + " with " + writeJsonLine(supervised[i]) + " as token " +
                             std::to_string(i + 1),
                         "whole numbers from 0 and true or false");
        row.tokens.push_back(ids[i].get<std::int32_t>());
        row.supervised.push_back(supervised[i].get<bool>() ? 1 : 0);
    }
    return row;
}

} // namespace

Result<std::vector<text::TokenRow>> readTokenRows(const std::filesystem::path& file) {
    const auto text = readFile(file, kMostBytes);
    if (!text) return text.error();
    std::vector<text::TokenRow> rows;
    std::string_view rest = *text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        auto row = rowOf(line, displayPath(file) + ", line " + std::to_string(number));
        if (!row) return row.error();
        rows.push_back(std::move(*row));
    }
    if (rows.empty())
        return Error{codes::kJsonShape, displayPath(file) + ": found no rows, expected one object a "
                                                            "line with the lists token_ids and supervised"};
    return rows;
}

} // namespace llamahome::jobs
