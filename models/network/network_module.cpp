// The one symbol that libllamahome_network.so exports; transport_loader.cpp looks it up.
#include <mutex>
#include <type_traits>

#include <QtCore/QCoreApplication>
#include <QtNetwork/QNetworkProxyFactory>

#include "network/qt_transport.h"
#include "network/transport_entry.h"

namespace {

/// What Qt has to say, of a missing TLS library for one, belongs into the log and not on a script's terminal.
void logQtMessage(QtMsgType type, const QMessageLogContext&, const QString& text) {
    const bool isGrave = type == QtWarningMsg || type == QtCriticalMsg || type == QtFatalMsg;
    llamahome::logLine(isGrave ? llamahome::LogLevel::Warning : llamahome::LogLevel::Debug, "network",
                       text.toStdString());
}

/// Qt needs one application object; the command line has none. It stays until the process ends. Where there
/// is one, in the window, Qt's messages are that program's.
void prepareQt() {
    static std::once_flag isDone;
    std::call_once(isDone, [] {
        static int count = 1;
        static char name[] = "llamahome";
        static char* arguments[] = {name, nullptr};
        if (QCoreApplication::instance() == nullptr) {
            qInstallMessageHandler(logQtMessage);
            new QCoreApplication(count, arguments);
        }
        QNetworkProxyFactory::setUseSystemConfiguration(true);
    });
}

} // namespace

extern "C" __attribute__((visibility("default"))) llamahome::network::Transport*
llamahome_create_transport(const std::shared_ptr<llamahome::LogSink>& log,
                           const llamahome::network::TransportOptions& options) {
    llamahome::setLogSink(log);
    prepareQt();
    return new llamahome::network::QtTransport(options);
}

static_assert(std::is_same_v<decltype(&llamahome_create_transport), llamahome::network::CreateTransport>);
