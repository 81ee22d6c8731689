#include "app/signals.h"

#include <array>
#include <atomic>
#include <csignal>
#include <string>

#include <unistd.h>

namespace llamahome::app {
namespace {

constexpr int kExitInterrupted = 130;

// A signal handler can reach nothing but statics; both are lock-free.
std::atomic<const CancelToken*> currentToken{nullptr};
std::atomic<int> receivedSignal{0};
static_assert(std::atomic<const CancelToken*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

/// The text that is in use; the other one is written before they are exchanged.
struct AbortMessage {
    std::array<char, 512> bytes{};
    std::size_t size = 0;
};
std::array<AbortMessage, 2> abortMessages;
std::atomic<const AbortMessage*> abortMessage{nullptr};
static_assert(std::atomic<const AbortMessage*>::is_always_lock_free);

void onSignal(int signal) {
    if (receivedSignal.exchange(signal) != 0) {
        if (const AbortMessage* message = abortMessage.load())
            (void)!::write(STDERR_FILENO, message->bytes.data(), message->size);
        ::_exit(kExitInterrupted);
    }
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

void setAbortMessage(std::string_view text) {
    AbortMessage& next = abortMessages[abortMessage.load() == abortMessages.data() ? 1 : 0];
    const std::string line = text.empty() ? "" : "\nllamahome: " + std::string(text.substr(0, 490)) + "\n";
    next.size = line.copy(next.bytes.data(), next.bytes.size());
    abortMessage.store(&next);
}

int SignalScope::received() {
    return receivedSignal.load();
}

int SignalScope::take() {
    return receivedSignal.exchange(0);
}

} // namespace llamahome::app
