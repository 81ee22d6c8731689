#include "app/window/window_program.h"

#include <memory>
#include <utility>

#include <QApplication>
#include <QTimer>

#include "app/command_line.h"
#include "app/global_options.h"
#include "app/setup.h"
#include "app/window/qt_messages.h"
#include "app/window/signal_notifier.h"
#include "app/window/single_instance.h"
#include "core/blocking.h"
#include "core/error_codes.h"
#include "core/guarded.h"
#include "core/log.h"
#include "managers/session.h"
#include "managers/text.h"
#include "managers/workspace_settings.h"
#include "widgets/look.h"
#include "widgets/main_window.h"
#include "widgets/window_memory.h"

namespace llamahome::app {
namespace {

/// To the log file and to the window.
class Tee final : public LogSink {
public:
    Tee(std::shared_ptr<LogSink> first, std::shared_ptr<LogSink> second)
        : m_first(std::move(first))
        , m_second(std::move(second)) {}

    void write(LogLevel level, std::string_view module, std::string_view message) override {
        m_first->write(level, module, message);
        m_second->write(level, module, message);
    }

private:
    std::shared_ptr<LogSink> m_first;
    std::shared_ptr<LogSink> m_second;
};

/// Puts the sink there for as long as it lives.
class LogScope {
public:
    explicit LogScope(std::shared_ptr<LogSink> sink) { setLogSink(std::move(sink)); }
    ~LogScope() { setLogSink(nullptr); }
    LogScope(const LogScope&) = delete;
    LogScope& operator=(const LogScope&) = delete;
};

struct Wish {
    GlobalOptions options;
    std::vector<std::string> paths;
};

Result<void> parse(const std::vector<std::string>& words, Wish& wish) {
    CommandSpec program{"llamahome", "The window of LlamaHome", "llamahome"};
    addGlobalOptions(program, wish.options);
    program.words("PATH", "PATH", kManyValues, "model folders, .gguf files, data files to open", wish.paths);
    const auto parsed = parseCommandLine(program, words);
    if (!parsed) return parsed.error();
    return {};
}

Result<managers::Workspace> makeWorkspace(const GlobalOptions& options) {
    managers::Workspace place;
    place.environment = config::processEnvironment();
    const auto shipped = jobs::findShippedFiles();
    if (!shipped) return shipped.error();
    place.shipped = *shipped;
    place.userConfigFolder = config::userConfigFolder(place.environment);
    place.configFile = options.configFile.value_or("");
    const auto sources = settingsSources(options, place.environment, place.shipped);
    if (!sources) return sources.error();
    place.options = sources->options;
    auto catalog = config::Catalog::load(place.shipped.catalog());
    if (!catalog) return catalog.error();
    place.catalog = std::move(*catalog);
    const auto settings = managers::readSettings(place).resolved.values;
    const auto root = dataRoot(options, place.environment, settings);
    if (!root) return root.error();
    place.root = *root;
    place.openEngine = [options = place, root = *root] {
        return openEngine(managers::readSettings(options).resolved.values.model.threads, root);
    };
    place.programVersion = LLAMAHOME_VERSION;
    return place;
}

std::filesystem::path memoryFile(const config::Environment& environment) {
    const std::filesystem::path folder = config::platformStateFolder(environment);
    return folder.empty() ? folder : folder / "window.ini";
}

QStringList toQtList(const std::vector<std::string>& paths) {
    QStringList list;
    for (const std::string& path : paths)
        list.append(managers::toQt(path));
    return list;
}

Error stoppedWork() {
    return Error{codes::kCancelled, "stopped on request; a training that ran was saved and can be continued"};
}

/// A run goes on without its run.log where that cannot be opened.
std::function<std::shared_ptr<void>(const std::filesystem::path&)>
runLogOpener(std::shared_ptr<ProgramLog> log) {
    return [log = std::move(log)](const std::filesystem::path& file) -> std::shared_ptr<void> {
        auto opened = log->openRunLog(file);
        if (opened) return std::shared_ptr<RunLog>(std::move(*opened));
        logLine(LogLevel::Warning, "app", opened.error().message);
        return nullptr;
    };
}

/// From here on there is a display.
Result<void> showWindow(const Wish& wish, managers::Workspace place, QtMessages& messages, Output& output) {
    const SignalNotifier stops; // a signal during the start is acted on when the window is there
    SingleInstance instance(SingleInstance::socketFor(place.root.path));
    const QStringList paths = toQtList(wish.paths);
    const SingleInstance::Role role = instance.enter(paths);
    if (role == SingleInstance::Role::Unheard)
        return Error{codes::kWindowSilent, "a window on " + displayPath(place.root.path) +
                                               " is there but does not answer; wait for it, or end it"};
    if (role == SingleInstance::Role::Second) {
        output.message("The window on " + displayPath(place.root.path) +
                       " is open already; it has been brought to the front.");
        return {};
    }
    const auto logging = managers::readSettings(place).resolved.values.logging;
    const auto log = openProgramLog(logging, place.environment, *place.files, !wish.options.quiet,
                                    [&output](const std::string& warning) { output.warning(warning); });
    place.openRunLog = runLogOpener(log);
    widgets::WindowMemory memory(memoryFile(place.environment));
    managers::Session session(std::move(place));
    const LogScope scope(std::make_shared<Tee>(log, session.log.sink()));
    widgets::look::applyTheme(
        widgets::look::themeFromKept(memory.value(widgets::look::kThemeKey, 0).toInt()));
    widgets::MainWindow window(session, memory);
    QObject::connect(&window, &widgets::MainWindow::closed, qApp, &QCoreApplication::quit);
    QObject::connect(&instance, &SingleInstance::startedAgain, &window, [&window](const QStringList& again) {
        window.comeForward();
        window.openPaths(again);
    });
    QObject::connect(&stops, &SignalNotifier::stopWanted, &window, &widgets::MainWindow::leave);
    window.show();
    watchBlocking([](std::string_view call) {
        logLine(LogLevel::Warning, "window",
                "a fault of the program, on the GUI thread: " + std::string(call));
    });
    if (!paths.isEmpty()) QTimer::singleShot(0, &window, [&window, paths] { window.openPaths(paths); });
    messages.onDisplayLost([&session] {
        const bool hadWork = !session.context.jobs.activeJobs().empty();
        session.cancelAll();
        session.context.engine.finish();
        return static_cast<int>(hadWork ? ErrorClass::Interrupted : ErrorClass::Failed);
    });
    QCoreApplication::exec();
    watchBlocking({});
    messages.onDisplayLost({});
    if (window.hasStoppedWork()) return stoppedWork();
    return {};
}

Result<void> run(const std::vector<std::string>& words, Output& output) {
    Wish wish;
    if (auto parsed = parse(words, wish); !parsed) return parsed.error();
    output.setQuiet(wish.options.quiet);
    auto place = makeWorkspace(wish.options);
    if (!place) return place.error();
    QtMessages messages([&output](const Error& error) { output.error(error); });
    QApplication::setApplicationName(QStringLiteral("llamahome"));
    QApplication::setApplicationDisplayName(QStringLiteral("LlamaHome"));
    QApplication::setApplicationVersion(QStringLiteral(LLAMAHOME_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("llamahome"));
    // The window says when it has been closed for good: hidden in the tray it is not.
    QApplication::setQuitOnLastWindowClosed(false);
    int count = 1;
    char name[] = "llamahome";
    char* arguments[] = {name, nullptr};
    const QApplication application(count, arguments);
    return showWindow(wish, std::move(*place), messages, output);
}

} // namespace

int runWindow(const std::vector<std::string>& words, Output& output) {
    const Result<void> done = guarded([&] { return run(words, output); });
    if (done) return 0;
    output.error(done.error());
    return static_cast<int>(done.error().code.errorClass);
}

} // namespace llamahome::app
