// What the headers of an answer say of a file: range, size, identity, pause. Values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "network/transport.h"

namespace llamahome::download {

/// Decimal digits and nothing else.
std::optional<std::uint64_t> wholeNumber(std::string_view text);

struct ContentRange {
    std::optional<std::uint64_t> first; ///< nothing in "bytes */TOTAL", the answer to a range that is none
    std::optional<std::uint64_t> total; ///< nothing where the server does not know it: "*"
};

/// "bytes FIRST-LAST/TOTAL" or "bytes */TOTAL"; nothing where it is neither.
std::optional<ContentRange> contentRange(std::string_view header);

/// The ETag where it is a strong one, quotes included: only that says that bytes are the same. Else empty.
std::string strongEtag(const network::HttpResponse& response);

/// Whether the answer, which should be the file `path`, is a web page: what logins of networks, proxies and
/// error pages send.
bool isWebPage(const network::HttpResponse& response, std::string_view path);
/// The same by how the body begins.
bool beginsAsWebPage(std::span<const std::byte> body, std::string_view path);

/// Seconds that the server asks to wait before the next request: `t` of RateLimit where nothing is left, else
/// Retry-After as seconds or as a date. Nothing where it asks for none, or for what is none.
std::optional<double> pauseAsked(const network::HttpResponse& response,
                                 std::chrono::system_clock::time_point now);

} // namespace llamahome::download
