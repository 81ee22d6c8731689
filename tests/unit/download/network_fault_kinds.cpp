#include "network_fault_kinds.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/error_codes.h"
#include "download/partial_file.h"
#include "support/checked.h"

namespace llamahome::testing {
namespace {

using Then = ServedAnswer::Then;
using Spoil = std::function<void(HubExchange&, std::uint32_t)>;

std::size_t bodyAt(const ServedAnswer& answer) {
    return answer.bytes.find("\r\n\r\n") + 4;
}

std::string bodyOf(const HubExchange& exchange) {
    return exchange.answer.bytes.substr(bodyAt(exchange.answer));
}

/// A place in the body that the seed chooses, neither its beginning nor its end.
std::size_t placeIn(const HubExchange& exchange, std::uint32_t seed) {
    const std::size_t size = bodyOf(exchange).size();
    return size < 3 ? size / 2 : 1 + (seed * 2654435761U) % (size - 2);
}

void cut(HubExchange& exchange, std::size_t bodyBytes, Then then) {
    exchange.answer.bytes.resize(bodyAt(exchange.answer) + bodyBytes);
    exchange.answer.then = then;
}

/// The first `count` answers only.
Spoil first(int count, Spoil spoil) {
    return [count, spoil = std::move(spoil)](HubExchange& exchange, std::uint32_t seed) {
        if (exchange.number <= count) spoil(exchange, seed);
    };
}

/// A first answer that breaks off, so that the rest is asked for, and `spoil` from then on.
Spoil afterCut(Spoil spoil) {
    return [spoil = std::move(spoil)](HubExchange& exchange, std::uint32_t seed) {
        if (exchange.number == 1)
            cut(exchange, placeIn(exchange, seed), Then::Close);
        else
            spoil(exchange, seed);
    };
}

Spoil answerWith(int status, std::string body, std::vector<std::string> headers = {}) {
    return
        [=](HubExchange& exchange, std::uint32_t) { exchange.answer = {httpAnswer(status, body, headers)}; };
}

Spoil answerRaw(std::string bytes, Then then = Then::Close) {
    return [=](HubExchange& exchange, std::uint32_t) { exchange.answer = {bytes, then}; };
}

/// The right body with another head.
Spoil withHead(std::string head) {
    return [=](HubExchange& exchange, std::uint32_t) {
        exchange.answer.bytes = "HTTP/1.1 " + head + "\r\nConnection: close\r\n\r\n" + bodyOf(exchange);
    };
}

Spoil withHeader(std::string header) {
    return [=](HubExchange& exchange, std::uint32_t) {
        exchange.answer.bytes.insert(bodyAt(exchange.answer) - 2, header + "\r\n");
    };
}

Spoil withoutHeader(std::string name) {
    return [=](HubExchange& exchange, std::uint32_t) {
        const auto at = exchange.answer.bytes.find(name + ": ");
        if (at == std::string::npos) return;
        exchange.answer.bytes.erase(at, exchange.answer.bytes.find("\r\n", at) + 2 - at);
    };
}

Spoil cutAt(double share, Then then) {
    return [=](HubExchange& exchange, std::uint32_t) {
        const auto size = static_cast<double>(bodyOf(exchange).size());
        cut(exchange, static_cast<std::size_t>(size * share), then);
    };
}

void flipBit(HubExchange& exchange, std::uint32_t seed) {
    if (bodyOf(exchange).empty()) return;
    char& byte = exchange.answer.bytes[bodyAt(exchange.answer) + placeIn(exchange, seed)];
    byte = static_cast<char>(byte ^ 1);
}

void goLast(HubExchange& exchange, std::uint32_t) {
    cut(exchange, std::max<std::size_t>(bodyOf(exchange).size(), 1) - 1, Then::Reset);
}

/// "Content-Range: bytes FIRST-LAST/TOTAL" of the answer moved by so much.
Spoil otherRange(std::int64_t start, std::int64_t total) {
    return [=](HubExchange& exchange, std::uint32_t) {
        const std::string name = "Content-Range: bytes ";
        const auto at = exchange.answer.bytes.find(name);
        if (at == std::string::npos) return;
        const auto begin = std::stoll(exchange.answer.bytes.substr(at + name.size()));
        const auto slash = exchange.answer.bytes.find('/', at);
        const auto size = std::stoll(exchange.answer.bytes.substr(slash + 1));
        const auto end = exchange.answer.bytes.find("\r\n", at);
        exchange.answer.bytes.replace(at, end - at,
                                      name + std::to_string(begin + start) + "-" + std::to_string(size - 1) +
                                          "/" + std::to_string(size + total));
    };
}

std::function<void(DownloadGround&, std::uint32_t)> failing(ErrorCode code, const char* words, int count,
                                                            std::uint64_t afterBytes) {
    return [=](DownloadGround& ground, std::uint32_t seed) {
        const std::uint64_t bytes = afterBytes == 0 ? 0 : 1 + seed * 977 % afterBytes;
        ground.faults = [=](int number) -> std::optional<TransportFault> {
            if (number > count) return std::nullopt;
            return TransportFault{Error{code, words}, bytes};
        };
    };
}

void leaveForAWhile(DownloadGround& ground, std::uint32_t) {
    ground.hub.host(HubHost::First).goAway();
    ground.onPause = [&ground](std::size_t pause) {
        if (pause == 3) ground.hub.host(HubHost::First).comeBack();
    };
}

void haveDamagedPart(DownloadGround& ground, std::uint32_t seed) {
    for (const auto& [path, content] : ground.files()) {
        std::string kept = content.substr(0, content.size() / 2);
        kept[seed % kept.size()] ^= 1;
        const auto target = ground.fileOf(path);
        std::filesystem::create_directories(target.parent_path());
        checked(writeFileAtomically(systemFiles(), download::partPath(target), kept));
    }
}

/// All of it is there, only its size was never told.
void haveWholePart(DownloadGround& ground, std::uint32_t) {
    for (download::RemoteFile& file : ground.set.files) {
        const auto target = ground.fileOf(file.path);
        std::filesystem::create_directories(target.parent_path());
        checked(writeFileAtomically(systemFiles(), download::partPath(target), ground.files().at(file.path)));
        file.sizeBytes.reset();
    }
}

void knowNoHash(DownloadGround& ground, std::uint32_t) {
    for (download::RemoteFile& file : ground.set.files) {
        file.hash = {};
        file.sizeBytes.reset();
    }
}

void waitForLong(DownloadGround& ground, std::uint32_t) {
    ground.patience.waitSeconds = std::numeric_limits<double>::infinity();
}

std::string page() {
    return "<!DOCTYPE html><html><title>Log in</title></html>";
}

/// Connections that are refused, break, lie about their length, or fall silent.
void addConnectionFaults(std::vector<NetworkFault>& kinds) {
    using enum FaultEnd;
    kinds.push_back({"F01 refused for a while", Recovers});
    kinds.back().prepare = leaveForAWhile;
    kinds.push_back({"F02 no such name", Recovers});
    kinds.back().prepare = failing(codes::kNetworkFailure, "Host hub not found", 3, 0);
    kinds.push_back({"F03 names are not answered", Recovers});
    kinds.back().prepare = failing(codes::kNetworkStalled, "nothing arrived for 30 s", 2, 0);
    kinds.push_back({"F04 one of two addresses is dead", Recovers});
    kinds.back().prepare = failing(codes::kNetworkFailure, "Network unreachable", 1, 0);
    kinds.push_back({"F05 reset before the headers", Recovers, first(3, answerRaw("", Then::Reset))});
    for (const Then then : {Then::Reset, Then::Close})
        for (const double share : {0.0, 0.001, 0.5})
            kinds.push_back({then == Then::Reset ? "F06 reset in the body" : "F07 closed in the body",
                             Recovers, first(1, cutAt(share, then))});
    kinds.push_back({"F06 reset before the last byte", Recovers, first(1, goLast)});
    kinds.push_back({"F06 reset anywhere", Recovers, first(1, [](HubExchange& exchange, std::uint32_t seed) {
                         cut(exchange, placeIn(exchange, seed), Then::Reset);
                     })});
    kinds.push_back(
        {"F08 no length, and ends early", Recovers, first(1, [](HubExchange& exchange, std::uint32_t seed) {
             const std::size_t place = placeIn(exchange, seed);
             withHead("200 OK")(exchange, seed);
             cut(exchange, place, Then::Close);
         })});
    kinds.back().isInList = false;
    kinds.push_back({"F08 chunks that end early", Recovers,
                     first(1, answerRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nabc"))});
    kinds.push_back({"F09 offers less", Refuses, answerWith(200, "less")});
    kinds.back().isInList = false;
    kinds.push_back({"F10 offers more", Refuses, [](HubExchange& exchange, std::uint32_t) {
                         exchange.answer = {httpAnswer(200, bodyOf(exchange) + "more")};
                     }});
    kinds.back().isInList = false;
    const Spoil longer = [](HubExchange& exchange, std::uint32_t seed) {
        withHead("200 OK")(exchange, seed);
        exchange.answer.bytes += "more";
    };
    kinds.push_back({"F10 sends more, once", Recovers, first(1, longer)});
    kinds.back().isInList = false;
    kinds.push_back({"F10 sends more, always", Refuses, longer});
    kinds.back().isInList = false;
    kinds.push_back({"F11 no length", Recovers, withHead("200 OK")});
    kinds.push_back({"F26 a fault of the server's for some minutes", Recovers,
                     first(9, [](HubExchange& exchange, std::uint32_t seed) {
                         const int status = std::array{500, 502, 503, 504}.at((seed + exchange.number) % 4U);
                         exchange.answer = {httpAnswer(status, "")};
                     })});
    kinds.back().prepare = waitForLong;
    kinds.back().isInList = false; // a list is asked for by somebody who waits for it
    kinds.push_back({"F26 a fault of the server's, always", Refuses, answerWith(503, "")});
    kinds.push_back({"F27 a piece and a fault by turns", Recovers, [](HubExchange& exchange, std::uint32_t) {
                         if (exchange.number > 16) return;
                         if (exchange.number % 2 == 0)
                             exchange.answer = {httpAnswer(500, "")};
                         else
                             cut(exchange, std::min<std::size_t>(bodyOf(exchange).size(), 7'000),
                                 Then::Close);
                     }});
    kinds.back().isInList = false;
    kinds.push_back({"F37 silence in the body", Recovers, first(1, cutAt(0.5, Then::Silence))});
    kinds.push_back(
        {"F36 headers that never end", Recovers, first(1, [](HubExchange& exchange, std::uint32_t) {
             exchange.answer = {"HTTP/1.1 200 OK\r\nX-Slow: " + std::string(5000, 'x')};
             exchange.answer.millisecondsEach = 20;
         })});
    kinds.push_back({"F38 a byte at a time", Recovers, [](HubExchange& exchange, std::uint32_t) {
                         if (bodyOf(exchange).size() < 1000) exchange.answer.millisecondsEach = 1;
                     }});
    kinds.back().prepare = [](DownloadGround& ground, std::uint32_t) {
        ground.transportOptions.stallSeconds = network::kStallSeconds; // slow is not silent
    };
    kinds.push_back({"F43 the connection closes after a while", Recovers, first(3, cutAt(0.3, Then::Close))});
    kinds.push_back({"F43 the proxy refuses", Recovers});
    kinds.back().prepare = failing(codes::kNetworkFailure, "Proxy connection refused", 2, 0);
    kinds.push_back({"F44 the stream is reset", Recovers});
    kinds.back().prepare = failing(codes::kNetworkFailure, "stream reset", 3, 60'000);
    kinds.push_back({"F45 another network in the middle", Recovers});
    kinds.back().prepare = failing(codes::kNetworkFailure, "Network unreachable", 4, 90'000);
    kinds.push_back({"F46 asleep in the middle", Recovers});
    kinds.back().prepare = failing(codes::kNetworkStalled, "nothing arrived for 30 s", 1, 90'000);
}

/// Answers that are not the bytes which were asked for.
void addContentFaults(std::vector<NetworkFault>& kinds) {
    using enum FaultEnd;
    const std::size_t begin = kinds.size();
    kinds.push_back({"F12 another start", Recovers, afterCut(otherRange(-1, 0))});
    kinds.push_back({"F13 another total", Recovers, afterCut(otherRange(0, 5))});
    kinds.push_back({"F14 no range", Recovers, afterCut(withoutHeader("Content-Range"))});
    kinds.push_back({"F14 many ranges", Recovers,
                     afterCut(first(4, answerWith(206, "--x", {"Content-Type: multipart/byteranges"})))});
    kinds.push_back(
        {"F15 all of it instead of the rest", Recovers, afterCut([](HubExchange& exchange, std::uint32_t) {
             exchange.answer = {httpAnswer(200, exchange.content)};
         })});
    kinds.push_back({"F16 the part is the whole", Recovers});
    kinds.back().prepare = haveWholePart;
    kinds.push_back({"F17 no such range", Recovers,
                     afterCut(first(3, answerWith(416, "", {"Content-Range: bytes */5"})))});
    for (const char* etag : {"ETag: \"other\"", "ETag: W/\"weak\"", "ETag: bare", "X-None: 1"})
        kinds.push_back({std::string("F18, F20 the rest with ") + etag, Recovers,
                         afterCut([etag](HubExchange& exchange, std::uint32_t seed) {
                             withoutHeader("ETag")(exchange, seed);
                             withHeader(etag)(exchange, seed);
                         })});
    kinds.push_back({"F21 one bit, once", Recovers, first(1, flipBit)});
    kinds.push_back({"F21 one bit, always", Refuses, flipBit});
    kinds.push_back({"F22 one bit of what was kept", Recovers});
    kinds.back().prepare = haveDamagedPart;
    const Spoil zeros = [](HubExchange& exchange, std::uint32_t) {
        std::fill(exchange.answer.bytes.begin() + static_cast<std::ptrdiff_t>(bodyAt(exchange.answer)),
                  exchange.answer.bytes.end(), '\0');
    };
    kinds.push_back({"F23 zeros, once", Recovers, first(1, zeros)});
    kinds.push_back({"F23 zeros, always", Refuses, zeros});
    kinds.push_back({"F42 a page of the network's", Refuses,
                     answerWith(200, page(), {"Content-Type: text/html; charset=utf-8"})});
    kinds.push_back({"F49 a page instead of a list of sums", Refuses, answerWith(200, page())});
    kinds.back().prepare = knowNoHash;
    for (std::size_t i = begin; i < kinds.size(); ++i)
        kinds[i].isInList = false;
    kinds.push_back({"F24 packed", Refuses, withHeader("Content-Encoding: gzip")});
    kinds.push_back({"F47 a list that is too long", Refuses, answerWith(200, std::string(3U << 20, ' '))});
    kinds.back().isInFiles = false;
    using std::string_literals::operator""s;
    std::string manyHeaders = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 100'000; ++i)
        manyHeaders += "X: y\r\n";
    for (const auto& [name, bytes] :
         {std::pair("a status line that is none", "HTTP/9 what\r\n\r\n"s),
          std::pair("a zero byte in a header", "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"s),
          std::pair("100,000 headers", manyHeaders),
          std::pair("10 MB of header", "HTTP/1.1 200 OK\r\nX: " + std::string(10'000'000, 'x') + "\r\n\r\n")})
        kinds.push_back({std::string("F39 ") + name, Either, first(1, answerRaw(bytes))});
}

/// Refusals, pauses and other places to go to.
void addStatusFaults(std::vector<NetworkFault>& kinds) {
    using enum FaultEnd;
    for (const char* pause :
         {"RateLimit: \"api\";r=0;t=55", "Retry-After: 20", "Retry-After: Sat, 31 Jan 2099 12:00:00 GMT",
          "Retry-After: 864000", "Retry-After: -5", "Retry-After: soon"})
        kinds.push_back(
            {std::string("F25 429 with ") + pause, Recovers, first(2, answerWith(429, "", {pause}))});
    kinds.push_back({"F28 refused in the middle", Refuses, afterCut(answerWith(401, ""))});
    kinds.back().isInList = false;
    kinds.push_back({"F29 a link that ran out", Recovers, first(1, answerWith(403, "expired"))});
    kinds.back().isOfLargeOnly = true;
    kinds.push_back(
        {"F29 a link that ran out in the middle", Recovers, afterCut(first(3, answerWith(403, "expired")))});
    kinds.back().isOfLargeOnly = true;
    kinds.push_back({"F30 no link works", Refuses, answerWith(403, "expired")});
    kinds.back().isOfLargeOnly = true;
    for (const auto& [status, code] :
         {std::pair(403, "GatedRepo"), std::pair(401, "RepoNotFound"), std::pair(404, "RepoNotFound"),
          std::pair(404, "RevisionNotFound"), std::pair(404, "EntryNotFound"), std::pair(403, ""),
          std::pair(407, "")}) {
        kinds.push_back({"F31, F43 " + std::to_string(status) + " " + code, Refuses,
                         answerWith(status, "", {std::string("X-Error-Code: ") + code})});
        kinds.back().largeHost = HubHost::First;
    }
    const auto leadsTo = [&](const char* name, FaultEnd end, const Spoil& spoil) {
        kinds.push_back({name, end, spoil});
        kinds.back().largeHost = HubHost::First;
    };
    leadsTo("F32 to itself", Refuses, [](HubExchange& exchange, std::uint32_t) {
        exchange.answer = {httpAnswer(302, "", {"Location: " + exchange.request.target})};
    });
    leadsTo("F32 further and further", Refuses, [](HubExchange& exchange, std::uint32_t) {
        exchange.answer = {httpAnswer(302, "", {"Location: " + exchange.request.target + "?again"})};
    });
    for (const char* place : {"http://example.com/x", "file:///etc/passwd", "http://169.254.169.254/x",
                              "https://user:secret@example.com/x", "ftp://127.0.0.1/x"})
        leadsTo("F34 to an unsafe place", Refuses, answerWith(302, "", {std::string("Location: ") + place}));
    leadsTo("F42 to a login", Refuses, answerWith(302, page(), {"Location: http://login.example/"}));
    leadsTo("F35 beside, with a query", Recovers, first(1, [](HubExchange& exchange, std::uint32_t) {
                exchange.answer = {
                    httpAnswer(307, "", {"Location: " + exchange.request.target + "?download=true"})};
            }));
    kinds.push_back({"F33 to another host", Recovers, {}}); // every large file is
    kinds.back().isOfLargeOnly = true;
}

} // namespace

const std::vector<NetworkFault>& networkFaults() {
    static const std::vector<NetworkFault> kinds = [] {
        std::vector<NetworkFault> made;
        addConnectionFaults(made);
        addContentFaults(made);
        addStatusFaults(made);
        return made;
    }();
    return kinds;
}

} // namespace llamahome::testing
