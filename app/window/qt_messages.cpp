#include "app/window/qt_messages.h"

#include <cstdlib>
#include <string>
#include <utility>

#include <QByteArray>
#include <QString>
#include <QThread>
#include <QtGlobal>

#include "core/error_codes.h"
#include "core/log.h"

namespace llamahome::app {

/// A message handler reaches nothing but statics.
struct QtMessages::State {
    std::function<void(const Error&)> fatal;
    std::function<int()> stop;
    std::string lastWarning; ///< what Qt said before it gave up: "could not connect to display :0"

    static State& instance() {
        static State state;
        return state;
    }

    static LogLevel levelOf(QtMsgType type) {
        switch (type) {
        case QtDebugMsg:
            return LogLevel::Debug;
        case QtInfoMsg:
            return LogLevel::Info;
        case QtWarningMsg:
            return LogLevel::Warning;
        default:
            return LogLevel::Error;
        }
    }

    static void handle(QtMsgType type, const QMessageLogContext&, const QString& text) {
        const std::string message = text.toStdString();
        State& state = instance();
        if (type == QtFatalMsg) state.end(message);
        logLine(levelOf(type), "window", message);
        if (message.find("connection broke") != std::string::npos && state.stop) {
            const auto stop = std::exchange(state.stop, {});
            std::_Exit(stop());
        }
        if (type == QtWarningMsg && !state.stop) state.lastWarning = message;
    }

    [[noreturn]] void end(const std::string& message) {
        // Qt's own words, which speak of installing anew, are for when it has given no cause before.
        if (fatal)
            fatal(Error{codes::kNoDisplay,
                        "no window: " + (lastWarning.empty() ? "the display cannot be used" : lastWarning) +
                            "; start it in a desktop session, or go on in the shell: llamahome --help",
                        lastWarning.empty() ? message : std::string()});
        std::_Exit(static_cast<int>(codes::kNoDisplay.errorClass));
    }
};

QtMessages::QtMessages(std::function<void(const Error&)> fatal) {
    State::instance().fatal = std::move(fatal);
    qInstallMessageHandler(&State::handle);
}

QtMessages::~QtMessages() {
    qInstallMessageHandler(nullptr);
    State::instance() = {};
}

void QtMessages::onDisplayLost(std::function<int()> stop) {
    State::instance().stop = std::move(stop);
}

} // namespace llamahome::app
