#include "core/json.h"

#include <set>
#include <vector>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome {
namespace {

std::string positionText(std::string_view text, std::size_t byte) {
    std::size_t line = 1;
    std::size_t column = 1;
    for (std::size_t i = 0; i + 1 < byte && i < text.size(); ++i) {
        if (text[i] == '\n') {
            ++line;
            column = 1;
        } else {
            ++column;
        }
    }
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// Builds the document and stops at the first thing that a limit forbids.
class BoundedBuilder {
public:
    explicit BoundedBuilder(std::size_t maxDepth)
        : m_maxDepth(maxDepth) {}

    bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
        switch (event) {
        case Json::parse_event_t::object_start:
            m_keys.emplace_back();
            checkDepth(depth);
            break;
        case Json::parse_event_t::array_start:
            checkDepth(depth);
            break;
        case Json::parse_event_t::object_end:
            m_keys.pop_back();
            break;
        case Json::parse_event_t::key: {
            const auto& key = parsed.get_ref<const std::string&>();
            if (!m_keys.back().insert(key).second) throw LimitReached{"the key \"" + key + "\" stands twice"};
            break;
        }
        default:
            break;
        }
        return true;
    }

    struct LimitReached {
        std::string what;
    };

private:
    void checkDepth(int depth) const {
        if (static_cast<std::size_t>(depth) >= m_maxDepth)
            throw LimitReached{"nested deeper than " + std::to_string(m_maxDepth) + " levels"};
    }

    std::size_t m_maxDepth;
    std::vector<std::set<std::string>> m_keys;
};

} // namespace

Result<Json> parseJson(std::string_view text, std::string_view what, const JsonLimits& limits) {
    const std::string name(what);
    if (text.size() > limits.maxBytes)
        return Error{codes::kJsonLimit, name + ": found " + std::to_string(text.size()) +
                                            " bytes of JSON, expected at most " +
                                            std::to_string(limits.maxBytes)};
    BoundedBuilder builder(limits.maxDepth);
    try {
        return Json::parse(text.begin(), text.end(), std::ref(builder));
    } catch (const BoundedBuilder::LimitReached& limit) {
        return Error{codes::kJsonLimit, name + ": " + limit.what};
    } catch (const Json::parse_error& failure) {
        return Error{codes::kJsonSyntax, name + ": not valid JSON at " + positionText(text, failure.byte),
                     failure.what()};
    } catch (const Json::exception& failure) {
        return Error{codes::kJsonSyntax, name + ": not valid JSON (" + failure.what() + ")", failure.what()};
    }
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
