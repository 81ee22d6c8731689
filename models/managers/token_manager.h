// TokenManager: the Hub's token as the settings page shows it: where it comes from, whether it works, keeping
// one in the keychain. A QObject; GUI thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <QObject>
#include <QString>

#include "jobs/system/hub_tokens.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class SettingsManager;

class TokenManager final : public QObject {
    Q_OBJECT

public:
    /// jobs::HubTokens::of(), or a test's; called on a thread of the manager's.
    using OpenTokens =
        std::function<Result<jobs::HubTokens>(const config::HubSettings&, const config::Environment&)>;

    /// Both outlive it. Looks for nothing before refresh().
    TokenManager(ManagerContext& context, const SettingsManager& settings, QObject* parent = nullptr);
    TokenManager(ManagerContext& context, const SettingsManager& settings, OpenTokens openTokens,
                 QObject* parent = nullptr);
    /// Stops what is under way: it waits for no keychain.
    ~TokenManager() override;

    /// Where the token comes from and whose it is, in a sentence; empty before the first answer.
    QString text() const;
    /// Whether this session has a keychain to keep one in.
    bool canKeep() const { return m_finding && m_finding->canKeep; }
    /// Whether the one that counts lies in the keychain.
    bool canForget() const { return m_finding && m_finding->state.origin == jobs::kKeychainOrigin; }
    bool canCheck() const { return m_finding && !m_finding->state.origin.empty(); }
    /// Whether something is under way.
    bool isBusy() const { return m_isBusy; }

    /// Looks where the token comes from; asks nobody. changed() follows, after each of these. Nothing happens
    /// while something is under way.
    void refresh();
    /// Asks the Hub whose it is.
    void check();
    /// Keeps it when the Hub knows it; failed() tells why not.
    void keep(const QString& token);
    void forget();

Q_SIGNALS:
    void changed();
    void failed(const llamahome::Error& error);

private:
    struct Finding {
        jobs::TokenState state;
        bool canKeep = false;
        std::optional<Error> failure; ///< of keeping or forgetting
    };
    /// What changes the tokens; called on a thread of the manager's.
    using Change = std::function<Result<void>(jobs::HubTokens&, network::Transport&)>;
    Finding found(const config::HubSettings& hub, bool asksHub, const Change& change) const;
    void start(bool asksHub, const Change& change);

    ManagerContext& m_context;
    const SettingsManager& m_settings;
    OpenTokens m_openTokens;
    CancelToken m_cancel;
    std::optional<Finding> m_finding;
    bool m_isBusy = false;
    FilePool m_pool; ///< the keychain may wait for the user
};

} // namespace llamahome::managers
