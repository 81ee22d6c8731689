#include "jobs/system/hub_tokens.h"

#include <utility>

#include "core/blocking.h"
#include "core/error_codes.h"
#include "core/log.h"
#include "download/hub_client.h"

namespace llamahome::jobs {
namespace {

Error noKeychain() {
    return {codes::kHubToken,
            "token: this session has no keychain to keep it in, expected Secret Service or KWallet; set "
            "HF_TOKEN, or write it to the Hub's token file"};
}

} // namespace

Result<HubTokens> HubTokens::of(const config::HubSettings& hub, const config::Environment& environment) {
    auto endpoint = download::hubEndpoint(hub.endpoint, hub.plain_http);
    if (!endpoint) return endpoint.error();
    return HubTokens(environment, std::move(*endpoint), network::openKeychain(environment));
}

HubTokens::HubTokens(const config::Environment& environment, std::string endpoint,
                     std::unique_ptr<network::Keychain> keychain)
    : m_environment(environment)
    , m_endpoint(std::move(endpoint))
    , m_keychain(std::move(keychain)) {}

Result<config::HubToken> HubTokens::find(const CancelToken& cancel) {
    const bool isOff =
        config::isTrueWord(config::environmentValue(m_environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN"));
    if (m_keychain && !isOff) {
        blockingCall("ask", kKeychainOrigin);
        auto kept = m_keychain->read(name(), cancel);
        if (!kept && kept.error().code == codes::kCancelled) return kept.error();
        if (!kept) logLine(LogLevel::Warning, "jobs", kept.error().message);
        if (kept && !kept->empty()) return config::HubToken{std::move(*kept), kKeychainOrigin};
    }
    return config::hubToken(m_environment);
}

TokenState HubTokens::state(const CancelToken& cancel) {
    const auto token = find(cancel);
    if (!token) return {{}, {}, token.error()};
    return {token->origin};
}

TokenState HubTokens::tried(network::Transport& transport, const download::Pause& pause,
                            const CancelToken& cancel) {
    const auto token = find(cancel);
    if (!token) return {{}, {}, token.error()};
    TokenState state{token->origin};
    if (token->text.empty()) return state;
    auto account = accountOf(token->text, transport, pause, cancel);
    if (account)
        state.account = std::move(*account);
    else
        state.problem = account.error();
    return state;
}

Result<std::string> HubTokens::keep(const std::string& token, network::Transport& transport,
                                    const download::Pause& pause, const CancelToken& cancel) {
    if (!m_keychain) return noKeychain();
    const std::string text = config::trimmedToken(token);
    if (const std::string fault = config::faultOfToken(text); !fault.empty())
        return Error{codes::kHubToken, "token: " + fault + ", expected one such as hf_…; copy it again"};
    auto account = accountOf(text, transport, pause, cancel);
    if (!account) return account.error();
    if (auto kept = m_keychain->write(name(), text, cancel); !kept) return kept.error();
    return account;
}

Result<void> HubTokens::forget(const CancelToken& cancel) {
    return m_keychain ? m_keychain->remove(name(), cancel) : Result<void>(noKeychain());
}

Result<std::string> HubTokens::accountOf(const std::string& token, network::Transport& transport,
                                         const download::Pause& pause, const CancelToken& cancel) const {
    return download::whoAmI(transport, {m_endpoint, token}, pause, cancel);
}

std::string tokenWords(const TokenState& state) {
    if (state.origin.empty())
        return state.problem ? state.problem->message : "none; models that need none can be downloaded";
    std::string words = "from " + state.origin;
    if (!state.account.empty()) words += ", of " + state.account;
    if (state.problem) words += "; " + state.problem->message;
    return words;
}

} // namespace llamahome::jobs
