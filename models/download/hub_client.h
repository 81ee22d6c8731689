// One question to the Hub's API and what its refusals mean in words. The transport's thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "core/cancel_token.h"
#include "core/result.h"
#include "download/retries.h"
#include "network/transport.h"

namespace llamahome::download {

/// Where the Hub's own pages are: licences are accepted there, whatever mirror serves the files.
inline constexpr std::string_view kHubSite = "https://huggingface.co";

/// The Hub or a mirror of it, as one command uses it.
struct HubAccess {
    std::string endpoint; ///< as hubEndpoint() gives it
    std::string token;    ///< sent to the endpoint's origin only; empty: none
};

/// An endpoint without the slashes at its end. NET-08 where it is no address to fetch from, by
/// checkAddress().
Result<std::string> hubEndpoint(std::string_view setting, bool allowsPlain);

/// Whether a text is a Hub id: two parts of letters, digits, '.', '_' and '-', "owner/name".
bool isHubId(std::string_view text);
/// Whether a text is a commit: 40 lower-case hex digits.
bool isCommit(std::string_view text);

/// What is asked about, for messages.
struct HubSubject {
    std::string id;
    std::string revision = {}; ///< empty: not asked for by name
    std::string file = {};     ///< empty: no file
};

/// The refusal of an answer whose status is not 200, by the Hub's error codes: HUB-01 no such repository, or
/// it needs a token; HUB-02 the licence is to be accepted first; HUB-03 the token is refused or lacks a
/// right; HUB-04 revision, HUB-05 file; HUB-06 disabled by the Hub; else NET-05. `body` is the answer's
/// beginning.
Error hubRefusal(const network::HttpResponse& response, std::string_view body, const HubAccess& access,
                 const HubSubject& subject);

/// Whether a refusal of that code may be cured by a token, or by another one.
bool isTokenWanted(std::string_view code);

/// HUB-07: what came with status 200 is not the Hub's.
Error notTheHub(const HubAccess& access, const std::string& found);

/// The body of an answer with status 200, redirects followed, asked again by the rules of Retries. Errors:
/// hubRefusal(), NET-07 for more than `maxBytes`, those of Transport and getFollowing.
struct HubAnswer {
    network::HttpResponse response;
    std::string text;
};
Result<HubAnswer> askHub(network::Transport& transport, const HubAccess& access, const std::string& url,
                         std::size_t maxBytes, const HubSubject& subject, const Pause& pause,
                         const CancelToken& cancel);

/// The headers of a request to `access`: the token, where there is one and nobody on the way can read it.
std::map<std::string, std::string> hubHeaders(const HubAccess& access);

/// The account that the token of `access` belongs to. HUB-03: the Hub does not know it.
Result<std::string> whoAmI(network::Transport& transport, const HubAccess& access, const Pause& pause,
                           const CancelToken& cancel);

} // namespace llamahome::download
