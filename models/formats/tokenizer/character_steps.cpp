#include "formats/tokenizer/character_steps.h"

#include <string_view>
#include <utility>
#include <vector>

namespace llamahome::formats {
namespace {

constexpr const char* kMark = "\xE2\x96\x81"; ///< U+2581, which stands for a blank

Json replaceStep(const char* patternKind, const char* pattern, const char* content) {
    return {{"type", "Replace"}, {"pattern", {{patternKind, pattern}}}, {"content", content}};
}

const Json& at(const Json& json, const char* key) {
    static const Json nothing;
    return json.is_object() && json.contains(key) ? json[key] : nothing;
}

/// Equal whatever the order of members.
bool isSameStep(const Json& one, const Json& other) {
    if (!one.is_object() || !other.is_object()) return one == other;
    if (one.size() != other.size()) return false;
    for (const auto& [key, value] : one.items())
        if (!other.contains(key) || !isSameStep(value, other[key])) return false;
    return true;
}

bool isSameSequence(const Json& one, const Json& other, const char* list) {
    const auto stepsOf = [list](const Json& json) {
        const Json& steps = at(json, list);
        return steps.is_array() ? std::vector<Json>(steps.begin(), steps.end()) : std::vector<Json>{json};
    };
    const std::vector<Json> left = stepsOf(one);
    const std::vector<Json> right = stepsOf(other);
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i)
        if (!isSameStep(left[i], right[i])) return false;
    return true;
}

/// Whether a Metaspace without splitting puts the mark before a text; nothing for other steps.
std::optional<bool> marksByMetaspace(const Json& preTokenizer) {
    if (at(preTokenizer, "type") != "Metaspace" || at(preTokenizer, "replacement") != kMark ||
        at(preTokenizer, "split") != false)
        return std::nullopt;
    const Json& scheme = at(preTokenizer, "prepend_scheme");
    if (scheme == "always" || scheme == "first") return true;
    if (scheme == "never") return false;
    return std::nullopt;
}

} // namespace

Json characterNormalizer(const CharacterBpe& characters) {
    Json steps = Json::array();
    // The look-arounds stand for the beginning and the end of a text.
    if (characters.collapsesBlanks) {
        steps.push_back(replaceStep("Regex", " {2,}", " "));
        steps.push_back(replaceStep("Regex", "(?<!.|\\n) ", ""));
    }
    if (characters.addsMark) steps.push_back({{"type", "Prepend"}, {"prepend", kMark}});
    steps.push_back(replaceStep("String", " ", kMark));
    if (characters.collapsesBlanks)
        steps.push_back(replaceStep("Regex", "(?<!\xE2\x96\x81)\xE2\x96\x81+(?!.|\\n)", ""));
    return {{"type", "Sequence"}, {"normalizers", std::move(steps)}};
}

Json characterDecoder(const CharacterBpe& characters) {
    Json steps = Json::array();
    steps.push_back(replaceStep("String", kMark, " "));
    steps.push_back({{"type", "ByteFallback"}});
    steps.push_back({{"type", "Fuse"}});
    if (characters.addsMark)
        steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
    return {{"type", "Sequence"}, {"decoders", std::move(steps)}};
}

bool isCharacterTokenizer(const Json& tokenizer) {
    return at(at(tokenizer, "model"), "byte_fallback") == true || !at(tokenizer, "normalizer").is_null() ||
           at(at(tokenizer, "pre_tokenizer"), "type") == "Metaspace";
}

std::optional<CharacterBpe> characterSteps(const Json& tokenizer) {
    CharacterBpe found;
    found.byteFallback = at(at(tokenizer, "model"), "byte_fallback") == true;
    const Json& normalizer = at(tokenizer, "normalizer");
    const Json& preTokenizer = at(tokenizer, "pre_tokenizer");
    if (normalizer.is_null()) {
        const auto marks = marksByMetaspace(preTokenizer);
        if (!marks) return std::nullopt;
        found.addsMark = *marks;
        return found;
    }
    if (!preTokenizer.is_null()) return std::nullopt;
    for (const bool addsMark : {true, false}) {
        for (const bool collapses : {false, true}) {
            found.addsMark = addsMark;
            found.collapsesBlanks = collapses;
            if (isSameSequence(normalizer, characterNormalizer(found), "normalizers")) return found;
        }
    }
    return std::nullopt;
}

} // namespace llamahome::formats
