#include <algorithm>
#include <unordered_set>
#include <vector>

#include "core/error_codes.h"
#include "core/json.h"
#include "core/shown_text.h"

namespace llamahome {
namespace {

/// Moves `place` over the first `count` bytes of `text`.
void advance(JsonPlace& place, std::string_view text, std::size_t count) {
    for (const char c : text.substr(0, count)) {
        if (c == '\n') {
            ++place.line;
            place.column = 1;
        } else {
            ++place.column;
        }
    }
}

/// The parser's reason without its code and place, which parseJsonAt() tells, and without the text that it
/// read, which can be long and hold anything:
/// "[json.exception.parse_error.101] parse error at line 1, column 2: REASON; last read: 'TEXT'; expected …".
std::string reasonIn(std::string_view words) {
    constexpr std::size_t kLongestReason = 160; // "number overflow parsing" tells all digits
    const std::size_t place = words.find("column ");
    const std::size_t end = place == std::string_view::npos ? place : words.find(": ", place);
    if (end != std::string_view::npos) words.remove_prefix(end + 2);
    return std::string(words.substr(0, std::min(words.find("; last read: "), kLongestReason)));
}

Error syntaxError(const std::string& what, const JsonPlace& place, const std::string& reason) {
    return Error{codes::kJsonSyntax,
                 what + ": not valid JSON at line " + std::to_string(place.line) + ", column " +
                     std::to_string(place.column),
                 reason};
}

/// Builds the document and stops at the first thing that a limit forbids. Members are appended without the
/// look-up that ordered_json makes for each, which would take quadratic time on a vocabulary; duplicates are
/// found by a set.
class LinearBuilder final : public nlohmann::json_sax<Json> {
public:
    explicit LinearBuilder(std::size_t maxDepth)
        : m_maxDepth(maxDepth) {}

    bool null() override { return add(Json()); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t& value) override { return add(Json::binary(std::move(value))); }
    bool start_object(std::size_t) override {
        m_keys.emplace_back();
        return open(Json::object());
    }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_object() override {
        m_keys.pop_back();
        m_open.pop_back();
        return true;
    }
    bool end_array() override {
        m_open.pop_back();
        return true;
    }
    bool key(string_t& key) override {
        if (!m_keys.back().insert(key).second) {
            limit = "the key " + quotedText(key) + " stands twice";
            return false;
        }
        m_key = std::move(key);
        return true;
    }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& failure) override {
        faultByte = position;
        fault = reasonIn(failure.what());
        return false;
    }

    Json document;
    std::string limit;         ///< what a limit forbids; empty: none did
    std::string fault;         ///< the parser's reason
    std::size_t faultByte = 0; ///< counted from 1

private:
    Json* place(Json value) {
        if (m_open.empty()) {
            document = std::move(value);
            return &document;
        }
        Json& parent = *m_open.back();
        if (parent.is_array()) return &parent.get_ref<Json::array_t&>().emplace_back(std::move(value));
        auto& members = parent.get_ref<Json::object_t&>();
        members.emplace_back(std::move(m_key), std::move(value));
        return &members.back().second;
    }
    bool add(Json value) {
        place(std::move(value));
        return true;
    }
    bool open(Json container) {
        if (m_open.size() >= m_maxDepth) {
            limit = "nested deeper than " + std::to_string(m_maxDepth) + " levels";
            return false;
        }
        m_open.push_back(place(std::move(container)));
        return true;
    }

    std::size_t m_maxDepth;
    std::vector<Json*> m_open;
    std::vector<std::unordered_set<std::string>> m_keys;
    std::string m_key;
};

} // namespace

Result<Json> parseJsonAt(std::string_view text, std::string_view what, JsonPlace& place,
                         const JsonLimits& limits) {
    const std::string name(what);
    if (text.size() > limits.maxBytes)
        return Error{codes::kJsonLimit, name + ": found " + std::to_string(text.size()) +
                                            " bytes of JSON, expected at most " +
                                            std::to_string(limits.maxBytes)};
    if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
        advance(place, text, zero); // the parser would take it for the end and leave the rest unseen
        return syntaxError(name, place, "found a zero byte");
    }
    LinearBuilder builder(limits.maxDepth);
    if (Json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.document);
    if (!builder.limit.empty()) return Error{codes::kJsonLimit, name + ": " + builder.limit};
    advance(place, text, builder.faultByte > 0 ? builder.faultByte - 1 : 0);
    return syntaxError(name, place, builder.fault);
}

} // namespace llamahome
