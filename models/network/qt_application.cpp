#include "network/qt_application.h"

#include <mutex>

#include <QtCore/QCoreApplication>

#include "core/log.h"

namespace llamahome::network {
namespace {

/// What Qt has to say, of a missing TLS library for one, belongs into the log and not on a script's terminal.
void logQtMessage(QtMsgType type, const QMessageLogContext&, const QString& text) {
    const bool isGrave = type == QtWarningMsg || type == QtCriticalMsg || type == QtFatalMsg;
    logLine(isGrave ? LogLevel::Warning : LogLevel::Debug, "network", text.toStdString());
}

} // namespace

void prepareQt() {
    static std::once_flag isDone;
    std::call_once(isDone, [] {
        static int count = 1;
        static char name[] = "llamahome";
        static char* arguments[] = {name, nullptr};
        if (QCoreApplication::instance() != nullptr) return;
        qInstallMessageHandler(logQtMessage);
        new QCoreApplication(count, arguments);
    });
}

} // namespace llamahome::network
