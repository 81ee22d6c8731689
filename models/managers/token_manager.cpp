#include "managers/token_manager.h"

#include "jobs/system/network_access.h"
#include "managers/run_job.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/window_words.h"

namespace llamahome::managers {

TokenManager::TokenManager(ManagerContext& context, const SettingsManager& settings, QObject* parent)
    : TokenManager(context, settings, jobs::HubTokens::of, parent) {}

TokenManager::TokenManager(ManagerContext& context, const SettingsManager& settings, OpenTokens openTokens,
                           QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_settings(settings)
    , m_openTokens(std::move(openTokens)) {}

TokenManager::~TokenManager() {
    m_cancel.cancel();
}

QString TokenManager::text() const {
    if (!m_finding) return {};
    return tr("Token for the Hub: %1.").arg(windowText(jobs::tokenWords(m_finding->state)));
}

/// On a thread of the manager's.
TokenManager::Finding TokenManager::found(const config::HubSettings& hub, bool asksHub,
                                          const Change& change) const {
    const config::Environment& environment = m_context.workspace.environment;
    auto tokens = m_openTokens(hub, environment);
    if (!tokens) return {{{}, {}, tokens.error()}, false, {}};
    if (!asksHub && !change) return {tokens->state(m_cancel), tokens->canKeep(), {}};
    const auto rules = jobs::networkRules(hub, environment);
    if (!rules) return {{{}, {}, rules.error()}, tokens->canKeep(), {}};
    const auto transport = jobs::openNetwork(*rules);
    if (!transport) return {{{}, {}, transport.error()}, tokens->canKeep(), {}};
    Finding finding{{}, tokens->canKeep(), {}};
    if (change)
        if (const auto changed = change(*tokens, **transport); !changed) finding.failure = changed.error();
    finding.state =
        asksHub ? tokens->tried(**transport, download::pauseForSeconds, m_cancel) : tokens->state(m_cancel);
    return finding;
}

void TokenManager::start(bool asksHub, const Change& change) {
    if (m_isBusy) return;
    m_isBusy = true;
    Q_EMIT changed();
    runTask<Finding>(
        m_pool, m_context.jobs,
        [this, asksHub, change, hub = m_settings.settings().model.hub] {
            return found(hub, asksHub, change); // the pool ends before this does
        },
        this,
        [this](const Finding& finding) {
            m_isBusy = false;
            m_finding = finding;
            Q_EMIT changed();
            if (finding.failure) Q_EMIT failed(*finding.failure);
        });
}

void TokenManager::refresh() {
    start(false, {});
}

void TokenManager::check() {
    start(true, {});
}

void TokenManager::keep(const QString& token) {
    start(true,
          [text = fromQt(token), cancel = m_cancel](jobs::HubTokens& tokens,
                                                    network::Transport& transport) -> Result<void> {
              const auto kept = tokens.keep(text, transport, download::pauseForSeconds, cancel);
              return kept ? Result<void>() : Result<void>(kept.error());
          });
}

void TokenManager::forget() {
    start(false, [cancel = m_cancel](jobs::HubTokens& tokens, network::Transport&) {
        return tokens.forget(cancel);
    });
}

} // namespace llamahome::managers
