#include "text/tokenizer/token_decoder.h"

#include <charconv>
#include <optional>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "formats/file_text.h"
#include "text/text_limits.h"

namespace llamahome::text {
namespace {

using formats::quotedText;

Error unread(std::string_view what, const std::string& found) {
    return Error{
        codes::kTokenizerKind,
        std::string(what) + ": decoder " + found +
            " is not known; known: ByteLevel, or Sequence of Replace, ByteFallback, Metaspace, Strip "
            "at the start, Fuse"};
}

/// The byte that "<0x0A>" stands for.
std::optional<char> fallbackByte(std::string_view token) {
    if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
    unsigned value = 0;
    const char* const end = token.data() + 5;
    const auto parsed = std::from_chars(token.data() + 3, end, value, 16);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return static_cast<char>(value);
}

} // namespace

Result<TokenDecoder> TokenDecoder::parse(const Json& json, std::string_view what) {
    TokenDecoder result;
    if (auto added = result.add(json, what); !added) return added.error();
    if (result.m_byteLevel && (!result.m_steps.empty() || result.m_stripCount > 0))
        return unread(what, "ByteLevel with others");
    return result;
}

Result<void> TokenDecoder::add(const Json& json, std::string_view what) {
    const std::string kind = stringField(json, "type");
    if (m_steps.size() >= kMaxTokenizerSteps)
        return Error{codes::kTokenizerLimit, std::string(what) + ": the decoder has more than " +
                                                 std::to_string(kMaxTokenizerSteps) +
                                                 " steps; get the model again"};
    if (kind == "Sequence") {
        const Json* list = member(json, "decoders");
        if (list == nullptr || !list->is_array())
            return Error{codes::kTokenizerShape,
                         std::string(what) + ": decoder Sequence without a list \"decoders\""};
        for (const Json& part : *list) {
            if (auto added = add(part, what); !added) return added;
        }
        return {};
    }
    if (kind == "Strip") return addStrip(json, what);
    if (kind == "Fuse") {
        m_fused = true;
        return {};
    }
    if (kind == "ByteLevel") {
        m_byteLevel = true;
        return {};
    }
    if (kind != "Replace" && kind != "ByteFallback" && kind != "Metaspace")
        return unread(what, quotedText(kind.empty() ? writeJsonLine(json) : kind));
    const bool afterBytes = !m_steps.empty() && m_steps.back().kind == Kind::ByteFallback;
    if (m_fused || afterBytes)
        return unread(what, quotedText(kind) + (m_fused ? " after Fuse" : " after ByteFallback"));
    if (kind == "ByteFallback") {
        m_steps.push_back({Kind::ByteFallback});
        return {};
    }
    if (kind == "Metaspace") {
        const std::string scheme = stringField(json, "prepend_scheme");
        const bool never = scheme.empty() ? !boolField(json, "add_prefix_space", true) : scheme == "never";
        Step step{Kind::Metaspace, {TextPattern::literal(stringField(json, "replacement"))}, " "};
        if (step.pattern.front().expression().empty()) return unread(what, "Metaspace without a replacement");
        step.dropsAtStart = !never;
        m_steps.push_back(std::move(step));
        return {};
    }
    auto pattern = TextPattern::parse(member(json, "pattern"), "decoder Replace", what);
    if (!pattern) return pattern.error();
    std::string content = stringField(json, "content");
    if (auto bounded = m_growth.add(content.size(), what, "decoder"); !bounded) return bounded;
    m_steps.push_back({Kind::Replace, {std::move(*pattern)}, std::move(content)});
    return {};
}

Result<void> TokenDecoder::addStrip(const Json& json, std::string_view what) {
    const std::string content = stringField(json, "content");
    const Json* start = member(json, "start");
    const Json* stop = member(json, "stop");
    const bool readable = content.size() == 1 && start != nullptr && start->is_number_integer() &&
                          *start >= 0 && *start <= 1000 && (stop == nullptr || *stop == 0);
    if (!readable || (m_fused && m_stripCount > 0))
        return unread(what, "Strip " + quotedText(writeJsonLine(json)));
    const auto count = start->get<std::size_t>();
    if (m_fused) {
        m_stripCount = count;
        m_stripped = content.front();
        return {};
    }
    Step step{Kind::StripToken};
    step.count = count;
    step.stripped = content.front();
    m_steps.push_back(std::move(step));
    return {};
}

std::string TokenDecoder::bytesOf(std::string_view spelling, DecodeState& state) const {
    std::string token(spelling);
    for (const Step& step : m_steps) {
        switch (step.kind) {
        case Kind::Replace:
            token = step.pattern.front().replaceAll(token, step.content);
            break;
        case Kind::Metaspace: {
            const bool drops = step.dropsAtStart && !state.inText;
            token = step.pattern.front().replaceAll(token, drops ? std::string_view() : step.content);
            break;
        }
        case Kind::ByteFallback:
            if (const auto byte = fallbackByte(token)) token = *byte;
            break;
        case Kind::StripToken: {
            const std::size_t end = std::min(token.find_first_not_of(step.stripped), token.size());
            token.erase(0, std::min(end, step.count));
            break;
        }
        }
    }
    if (!state.inText) state.inStrip = m_stripCount > 0;
    state.inText = true;
    while (state.inStrip && !token.empty()) {
        state.inStrip = token.front() == m_stripped && state.stripped < m_stripCount;
        if (!state.inStrip) break;
        token.erase(0, 1);
        ++state.stripped;
    }
    return token;
}

} // namespace llamahome::text
