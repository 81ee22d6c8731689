// One answer over HTTP with its redirects followed, as far as that is safe. The transport's thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "network/transport.h"

namespace llamahome::download {

/// https, or http on this machine; no user name in it. NET-08 else.
Result<void> checkAddress(std::string_view url);

/// Whether an address that checkAddress() allows leads to this machine by its own name.
bool isOnThisMachine(std::string_view url);

/// GETs `url`; `sink` sees the answer at the end of the redirects only, whatever its status. Each address on
/// the way is checked; https never leads to http. NET-06 for a redirect that is refused or the eleventh;
/// errors of Transport::get.
Result<network::HttpResponse> getFollowing(network::Transport& transport, network::HttpRequest request,
                                           network::HttpSink& sink, const CancelToken& cancel);

struct TextAnswer {
    network::HttpResponse response;
    std::string url; ///< the one that answered, after redirects
    std::string text;
};

/// The body of an answer with status 200. NET-05 for another status; NET-07 for more than `maxBytes`.
Result<TextAnswer> getText(network::Transport& transport, const network::HttpRequest& request,
                           std::size_t maxBytes, const CancelToken& cancel);

/// NET-05 in words: what the server said, and whether trying later helps.
Error statusError(std::string_view what, int status);

} // namespace llamahome::download
