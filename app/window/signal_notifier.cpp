#include "app/window/signal_notifier.h"

#include <atomic>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include <QSocketNotifier>

namespace llamahome::app {
namespace {

constexpr int kExitInterrupted = 130;
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// A signal handler can reach nothing but statics; both are lock-free.
std::atomic<int> writeEnd{-1};
std::atomic<int> seen{0};
static_assert(std::atomic<int>::is_always_lock_free);

void onSignal(int) {
    if (seen.exchange(1) != 0) ::_exit(kExitInterrupted);
    const char byte = 1;
    // A full pipe has a byte in it already.
    if (const int end = writeEnd.load(); end >= 0 && ::write(end, &byte, 1) < 0) return;
}

void install(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int signal : kSignals)
        ::sigaction(signal, &action, nullptr);
}

} // namespace

SignalNotifier::SignalNotifier(QObject* parent)
    : QObject(parent) {
    if (::pipe2(m_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return;
    auto* notifier = new QSocketNotifier(m_pipe[0], QSocketNotifier::Read, this);
    connect(notifier, &QSocketNotifier::activated, this, &SignalNotifier::read);
    seen.store(0);
    writeEnd.store(m_pipe[1]);
    install(onSignal);
}

SignalNotifier::~SignalNotifier() {
    install(SIG_DFL);
    writeEnd.store(-1);
    for (const int end : m_pipe)
        if (end >= 0) ::close(end);
}

void SignalNotifier::read() {
    char byte = 0;
    if (::read(m_pipe[0], &byte, 1) == 1) Q_EMIT stopWanted();
}

} // namespace llamahome::app
