#include "app/signals.h"

#include <atomic>
#include <csignal>

#include <unistd.h>

namespace llamahome::app {
namespace {

constexpr int kExitInterrupted = 130;

// A signal handler can reach nothing but statics; both are lock-free.
std::atomic<const CancelToken*> currentToken{nullptr};
std::atomic<int> receivedSignal{0};
static_assert(std::atomic<const CancelToken*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void onSignal(int signal) {
    if (receivedSignal.exchange(signal) != 0) ::_exit(kExitInterrupted);
    if (const CancelToken* token = currentToken.load()) token->cancel();
}

/// No SA_RESTART: a read at a prompt has to return when the user presses Ctrl-C.
void install(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

} // namespace

SignalScope::SignalScope(const CancelToken& token)
    : m_token(token)
    , m_outerToken(currentToken.load())
    , m_outerSignal(receivedSignal.load()) {
    receivedSignal.store(0);
    currentToken.store(&m_token);
    if (m_outerToken == nullptr) install(onSignal);
}

SignalScope::~SignalScope() {
    currentToken.store(m_outerToken);
    receivedSignal.store(m_outerSignal);
    if (m_outerToken == nullptr) install(SIG_DFL);
}

int SignalScope::received() {
    return receivedSignal.load();
}

int SignalScope::take() {
    return receivedSignal.exchange(0);
}

} // namespace llamahome::app
