#include "download/meta_link.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "core/clock.h"
#include "core/error_codes.h"
#include "core/json.h"
#include "core/shown_text.h"
#include "download/http_get.h"
#include "download/remote_names.h"

namespace llamahome::download {
namespace {

using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kMaxLinkBytes = 16384;
constexpr std::string_view kHost = ".llamameta.net";
constexpr std::string_view kAskAnew = "ask for a new one at https://www.llama.com/llama-downloads/";
constexpr std::array<std::string_view, 3> kParameters{"Policy=", "Signature=", "Key-Pair-Id="};

Error wrongLink(const std::string& found) {
    return {codes::kMetaLink,
            "Meta's link: found " + found +
                ", expected the one from the e-mail, https://….llamameta.net/*?Policy=…&Signature=…; copy it "
                "from there whole, from https to its end"};
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kAround = " \t\r\n\"'<>";
    const std::size_t begin = text.find_first_not_of(kAround);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kAround) + 1 - begin);
}

/// Host without port, in small letters.
std::string hostOf(const std::string& origin) {
    const std::string_view authority = std::string_view(origin).substr(origin.find("://") + 3);
    return lowerAscii(authority.substr(0, authority.find(':')));
}

/// The value of "NAME=" in a query; empty where it has none.
std::string_view valueOf(std::string_view query, std::string_view name) {
    for (std::size_t at = 0; at < query.size();) {
        const std::size_t end = std::min(query.find('&', at), query.size());
        const std::string_view pair = query.substr(at, end - at);
        if (pair.starts_with(name)) return pair.substr(name.size());
        at = end + 1;
    }
    return {};
}

/// CloudFront's Base64, which has -, _ and ~ for +, = and /. Empty where it is none.
std::string decoded(std::string_view text) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~";
    std::string bytes;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        if (c == '_') break; // filling at the end
        const std::size_t value = kAlphabet.find(c);
        if (value == std::string_view::npos) return {};
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFFFF;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xFF);
    }
    return bytes;
}

/// {"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":SECONDS}}}]}.
std::optional<Time> expiryIn(std::string_view policy) {
    const auto json = parseJson(decoded(policy), "policy", {16, kMaxLinkBytes});
    if (!json) return std::nullopt;
    const Json* place = &*json;
    for (const char* key : {"Statement", "", "Condition", "DateLessThan", "AWS:EpochTime"}) {
        if (*key == '\0') {
            if (!place->is_array() || place->empty()) return std::nullopt;
            place = &place->front();
            continue;
        }
        if (!place->is_object() || !place->contains(key)) return std::nullopt;
        place = &(*place)[key];
    }
    if (!place->is_number_unsigned()) return std::nullopt;
    constexpr std::uint64_t kLastSecond = 253402300799; // the year 9999
    return Time(std::chrono::seconds(std::min(place->get<std::uint64_t>(), kLastSecond)));
}

} // namespace

Result<MetaLink> MetaLink::parse(std::string_view pasted, Time now) {
    const std::string_view text = trimmed(pasted);
    if (text.empty()) return wrongLink("nothing");
    const auto isOdd = [](char c) { return c <= 0x20 || c == 0x7F; };
    if (text.size() > kMaxLinkBytes || std::any_of(text.begin(), text.end(), isOdd))
        return wrongLink("a text with blanks or line ends in it");
    if (text.find('@') != std::string_view::npos && text.find("://") == std::string_view::npos)
        return wrongLink("an e-mail address");
    MetaLink link;
    link.m_origin = originOf(text);
    if (auto allowed = checkAddress(text); !allowed) return wrongLink(quotedText(link.m_origin));
    if (!hostOf(link.m_origin).ends_with(kHost) && !isOnThisMachine(text))
        return wrongLink("a link to " + quotedText(link.m_origin));
    const std::size_t question = std::min(text.find('?'), text.size());
    const std::string_view path = text.substr(0, question);
    const bool isInHost = link.m_origin.find('*') != std::string::npos;
    if (isInHost || std::count(path.begin(), path.end(), '*') != 1)
        return wrongLink("a link without one * in its path");
    const std::string_view query = text.substr(std::min(question + 1, text.size()));
    for (const std::string_view name : kParameters)
        if (valueOf(query, name).empty())
            return wrongLink("a link without " + std::string(name.substr(0, name.size() - 1)) +
                             " (a shell cuts it at the first & unless it is quoted)");
    link.m_before = std::string(path.substr(0, path.find('*')));
    link.m_after = std::string(text.substr(path.find('*') + 1));
    link.m_expires = expiryIn(valueOf(query, "Policy="));
    if (link.m_expires && *link.m_expires <= now)
        return Error{codes::kMetaLinkExpired, "Meta's link: it held until " + formatUtc(*link.m_expires) +
                                                  "; " + std::string(kAskAnew) +
                                                  ": what has been fetched is kept and goes on with that"};
    return link;
}

std::string MetaLink::urlOf(std::string_view path) const {
    return m_before + encodedForUrl(path, true) + m_after;
}

} // namespace llamahome::download
