#include "download/answer_rules.h"

#include <array>
#include <charconv>

#include "core/ascii.h"

namespace llamahome::download {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

/// What may itself be a page.
bool mayBePage(std::string_view path) {
    const std::string name = lowerAscii(path);
    return name.ends_with(".html") || name.ends_with(".htm") || name.ends_with(".xml") ||
           name.ends_with(".md") || name.ends_with(".svg");
}

std::optional<int> numberIn(std::string_view text, std::size_t at, std::size_t count) {
    const auto value = text.size() < at + count ? std::nullopt : wholeNumber(text.substr(at, count));
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that servers send today.
std::optional<std::chrono::system_clock::time_point> httpDate(std::string_view text) {
    namespace chrono = std::chrono;
    constexpr std::size_t kLength = 29;
    if (text.size() != kLength || !text.ends_with(" GMT")) return std::nullopt;
    std::optional<unsigned> month;
    for (unsigned i = 0; i < kMonths.size(); ++i)
        if (text.substr(8, 3) == kMonths.at(i)) month = i + 1;
    const auto day = numberIn(text, 5, 2);
    const auto year = numberIn(text, 12, 4);
    const auto hour = numberIn(text, 17, 2);
    const auto minute = numberIn(text, 20, 2);
    const auto second = numberIn(text, 23, 2);
    if (!month || !day || !year || !hour || !minute || !second) return std::nullopt;
    const chrono::year_month_day date{chrono::year(*year), chrono::month(*month),
                                      chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return chrono::sys_days(date) + chrono::hours(*hour) + chrono::minutes(*minute) +
           chrono::seconds(*second);
}

/// N of "…;key=N" in one member of a structured header.
std::optional<std::uint64_t> parameter(std::string_view header, std::string_view key) {
    while (!header.empty()) {
        const std::string_view part = trimmed(header.substr(0, header.find(';')));
        header.remove_prefix(std::min(header.size(), header.find(';') == std::string_view::npos
                                                         ? header.size()
                                                         : header.find(';') + 1));
        if (part.size() > key.size() && part.starts_with(key) && part[key.size()] == '=')
            return wholeNumber(part.substr(key.size() + 1));
    }
    return std::nullopt;
}

} // namespace

std::optional<std::uint64_t> wholeNumber(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<ContentRange> contentRange(std::string_view header) {
    constexpr std::string_view kUnit = "bytes ";
    const auto slash = header.find('/');
    if (!header.starts_with(kUnit) || slash == std::string_view::npos) return std::nullopt;
    const std::string_view range = header.substr(kUnit.size(), slash - kUnit.size());
    ContentRange found;
    if (const std::string_view total = header.substr(slash + 1); total != "*") {
        found.total = wholeNumber(total);
        if (!found.total) return std::nullopt;
    }
    if (range == "*") return found;
    const auto dash = range.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto last = wholeNumber(range.substr(dash + 1));
    found.first = wholeNumber(range.substr(0, dash));
    if (!found.first || !last || *last < *found.first || (found.total && *last >= *found.total))
        return std::nullopt;
    return found;
}

std::string strongEtag(const network::HttpResponse& response) {
    const std::string etag = response.header("etag");
    const bool isQuoted = etag.size() > 2 && etag.starts_with('"') && etag.ends_with('"');
    return isQuoted ? etag : std::string();
}

bool isWebPage(const network::HttpResponse& response, std::string_view path) {
    return lowerAscii(response.header("content-type")).starts_with("text/html") && !mayBePage(path);
}

bool beginsAsWebPage(std::span<const std::byte> body, std::string_view path) {
    const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
    const std::string head = lowerAscii(text.substr(0, 32));
    const auto start = head.find_first_not_of(" \t\r\n");
    if (start == std::string::npos || mayBePage(path)) return false;
    const std::string_view first = std::string_view(head).substr(start);
    return first.starts_with("<!doctype") || first.starts_with("<html");
}

std::optional<double> pauseAsked(const network::HttpResponse& response,
                                 std::chrono::system_clock::time_point now) {
    const std::string limit = response.header("ratelimit");
    if (parameter(limit, "r") == std::uint64_t{0})
        if (const auto seconds = parameter(limit, "t")) return static_cast<double>(*seconds);
    const std::string after = response.header("retry-after");
    if (const auto seconds = wholeNumber(after)) return static_cast<double>(*seconds);
    const auto date = httpDate(after);
    if (!date) return std::nullopt;
    const double seconds = std::chrono::duration<double>(*date - now).count();
    return seconds > 0.0 ? std::optional(seconds) : std::nullopt;
}

} // namespace llamahome::download
