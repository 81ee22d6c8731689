// One answer over HTTP with its redirects followed, as far as that is safe. The transport's thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "download/retries.h"
#include "network/transport.h"

namespace llamahome::download {

/// https, or http on this machine, or any http where `allowsPlain`; no user name in it. NET-08 else, without
/// what may be secret.
Result<void> checkAddress(std::string_view url, bool allowsPlain = false);

/// Whether an address that checkAddress() allows leads to this machine by its own name.
bool isOnThisMachine(std::string_view url);

/// Scheme, host and port: what may be shown of an address, and what a credential is for.
std::string originOf(std::string_view url);

/// Whether an address can be asked without anybody on the way reading along: what a credential needs.
bool isPrivate(std::string_view url);

/// Whether going from one address to the other keeps to the rules: checkAddress(), but http beyond this
/// machine where it stays with the same host; https never leads to http; and nobody outside leads to this
/// machine or into its network (by an address; names are not looked up). NET-06 else.
Result<void> checkStep(std::string_view from, std::string_view to);

/// A header for one host of those on the way.
struct OriginHeader {
    std::string origin; ///< as of originOf()
    std::string name;
    std::string value;
};

/// GETs `url`, over http where the transport allows it; `sink` sees the answer at the end of the redirects
/// only, whatever its status. Each step is checked; another origin than the first gets only what says which
/// bytes are wanted, in which form and by what program, so no credential. NET-06 for a redirect that is
/// refused, the eleventh, or one with a body beyond a mebibyte; errors of Transport::get.
Result<network::HttpResponse> getFollowing(network::Transport& transport, network::HttpRequest request,
                                           network::HttpSink& sink, const CancelToken& cancel,
                                           const OriginHeader& forOne = {});

struct TextAnswer {
    network::HttpResponse response;
    std::string url; ///< the one that answered, after redirects
    std::string text;
};

/// The body of an answer with status 200, asked for again by the rules of Retries. NET-05 for another status;
/// NET-07 for more than `maxBytes`. A pause that the server asks for is kept.
Result<TextAnswer> getText(network::Transport& transport, const network::HttpRequest& request,
                           std::size_t maxBytes, const Pause& pause, const CancelToken& cancel);

/// NET-05 in words: what the server said, and whether trying later helps. The detail has what a report needs:
/// status, and the server's own name for the error and the request.
Error statusError(const network::HttpResponse& response);

} // namespace llamahome::download
