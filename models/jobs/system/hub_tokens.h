// The Hub's token: where it is found, whether it works, and keeping it in the system's keychain. The text of
// a token is never shown, logged or written elsewhere. Not on the GUI thread: the keychain may ask the user.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/environment.h"
#include "config/hub_token.h"
#include "config/model_settings.h"
#include "core/cancel_token.h"
#include "core/result.h"
#include "download/retries.h"
#include "network/keychain.h"
#include "network/transport.h"

namespace llamahome::jobs {

/// The origin of a token that the keychain holds.
inline constexpr const char* kKeychainOrigin = "the keychain";

/// What may be told of a token.
struct TokenState {
    std::string origin = {};           ///< "the keychain", "HF_TOKEN", a file's path; empty: there is none
    std::string account = {};          ///< whose the Hub says it is; empty: not asked, or it does not work
    std::optional<Error> problem = {}; ///< why it cannot be found, or does not work
};

class HubTokens {
public:
    /// For the endpoint of the settings, with the keychain of the user's session. NET-08: it is none.
    static Result<HubTokens> of(const config::HubSettings& hub, const config::Environment& environment);
    /// For `endpoint`, as hubEndpoint() gives it. `keychain` null: there is none. The environment outlives
    /// it.
    HubTokens(const config::Environment& environment, std::string endpoint,
              std::unique_ptr<network::Keychain> keychain);

    const std::string& endpoint() const { return m_endpoint; }
    /// Whether this session has a keychain.
    bool canKeep() const { return m_keychain != nullptr; }

    /// The keychain's token for this endpoint, else HF_TOKEN, else the Hub's token file, as
    /// config::hubToken() reads both; none where HF_HUB_DISABLE_IMPLICIT_TOKEN is true. A keychain that
    /// refuses is passed over, with a line in the log. HUB-03 as config::hubToken(); RUN-00: cancelled while
    /// the keychain was asked, as with all of these.
    Result<config::HubToken> find(const CancelToken& cancel);
    /// Where the token comes from, without asking the Hub.
    TokenState state(const CancelToken& cancel);
    /// The same, and whom the Hub takes it for.
    TokenState tried(network::Transport& transport, const download::Pause& pause, const CancelToken& cancel);

    /// Keeps a token that a person gave, when the Hub knows it: gives whose it is. HUB-03: it cannot be one,
    /// the Hub does not know it, or there is no keychain; errors of the transport.
    Result<std::string> keep(const std::string& token, network::Transport& transport,
                             const download::Pause& pause, const CancelToken& cancel);
    /// Out of the keychain; elsewhere it stays. HUB-03 where there is no keychain, or it refuses.
    Result<void> forget(const CancelToken& cancel);

private:
    std::string name() const { return "token for " + m_endpoint; }
    Result<std::string> accountOf(const std::string& token, network::Transport& transport,
                                  const download::Pause& pause, const CancelToken& cancel) const;

    const config::Environment& m_environment;
    std::string m_endpoint;
    std::unique_ptr<network::Keychain> m_keychain;
};

/// In words, without the token: "from HF_TOKEN", "from the keychain, of "name"", "none; …", or the problem.
std::string tokenWords(const TokenState& state);

} // namespace llamahome::jobs
