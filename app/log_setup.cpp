#include "app/log_setup.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "core/error_codes.h"

namespace llamahome::app {
namespace fs = std::filesystem;
namespace {

using SinkPointer = std::shared_ptr<spdlog::sinks::sink>;

spdlog::level::level_enum spdlogLevel(LogLevel level) {
    switch (level) {
    case LogLevel::Trace:
        return spdlog::level::trace;
    case LogLevel::Debug:
        return spdlog::level::debug;
    case LogLevel::Info:
        return spdlog::level::info;
    case LogLevel::Warning:
        return spdlog::level::warn;
    case LogLevel::Error:
        return spdlog::level::err;
    case LogLevel::Off:
        break;
    }
    return spdlog::level::off;
}

/// Names as in logging.yaml, which are checked on loading.
LogLevel levelFromName(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, LogLevel>, 6> kNames{
        {{"trace", LogLevel::Trace},
         {"debug", LogLevel::Debug},
         {"info", LogLevel::Info},
         {"warning", LogLevel::Warning},
         {"error", LogLevel::Error},
         {"off", LogLevel::Off}}};
    for (const auto& [known, level] : kNames)
        if (known == name) return level;
    return LogLevel::Info;
}

/// Levels of the modules that have one of their own.
std::map<std::string, LogLevel, std::less<>> ownLevels(const config::LogLevels& levels) {
    std::map<std::string, LogLevel, std::less<>> own;
    for (const auto& [module, name] : {std::pair<std::string_view, const std::string&>{"app", levels.app},
                                       {"jobs", levels.jobs},
                                       {"engine", levels.engine},
                                       {"text", levels.text},
                                       {"formats", levels.formats},
                                       {"config", levels.config},
                                       {"core", levels.core}})
        if (name != "inherit") own.emplace(module, levelFromName(name));
    return own;
}

std::unique_ptr<spdlog::formatter> lineFormat() {
    return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v",
                                                       spdlog::pattern_time_type::utc);
}

/// One line, whatever the message holds: a file name or a data row may hold control characters.
std::string onOneLine(std::string_view message) {
    std::string line;
    line.reserve(message.size());
    for (const char c : message) {
        const bool isControl = static_cast<unsigned char>(c) < 0x20 || c == '\x7F';
        if (c == '\n')
            line += "\\n";
        else
            line += isControl ? ' ' : c;
    }
    return line;
}

/// Opens a file sink, or says why not. Pipes and devices are refused unopened, because opening may block.
template <typename MakeSink>
Result<SinkPointer> openSink(const fs::path& file, MakeSink makeSink) {
    std::error_code failure;
    const fs::file_status status = fs::status(file, failure);
    if (fs::exists(status) && !fs::is_regular_file(status))
        return Error{codes::kLogOpen, displayPath(file) +
                                          ": found no regular file, expected one for the log; "
                                          "remove it"};
    try {
        SinkPointer sink = makeSink();
        sink->set_formatter(lineFormat());
        return sink;
    } catch (const spdlog::spdlog_ex& reason) {
        return Error{codes::kLogOpen,
                     "cannot write the log " + displayPath(file) +
                         "; check the folder's permission and the disk",
                     reason.what()};
    }
}

} // namespace

/// What the log writes to; shared with the run logs, which leave it in their own time.
struct ProgramLog::Sinks {
    LogLevel fallback = LogLevel::Info;
    std::map<std::string, LogLevel, std::less<>> own;
    std::mutex mutex;
    std::vector<SinkPointer> sinks;

    static std::shared_ptr<Sinks> make(const config::LoggingSettings& settings, bool toStderr) {
        auto made = std::make_shared<Sinks>();
        made->fallback = levelFromName(settings.levels.fallback);
        made->own = ownLevels(settings.levels);
        if (!toStderr) return made;
        auto shown = std::make_shared<spdlog::sinks::stderr_sink_st>();
        shown->set_formatter(std::make_unique<spdlog::pattern_formatter>("llamahome: %l: %v"));
        shown->set_level(spdlogLevel(levelFromName(settings.stderr_level)));
        made->sinks.push_back(std::move(shown));
        return made;
    }

    bool takes(LogLevel level, std::string_view module) const {
        const auto found = own.find(module);
        return level != LogLevel::Off && level >= (found == own.end() ? fallback : found->second);
    }

    void remove(const SinkPointer& sink) {
        const std::lock_guard lock(mutex);
        sinks.erase(std::remove(sinks.begin(), sinks.end(), sink), sinks.end());
    }
};

namespace {

template <typename Sinks>
class AttachedRunLog final : public RunLog {
public:
    AttachedRunLog(std::shared_ptr<Sinks> sinks, SinkPointer own)
        : m_sinks(std::move(sinks))
        , m_own(std::move(own)) {}
    ~AttachedRunLog() override { m_sinks->remove(m_own); }
    AttachedRunLog(const AttachedRunLog&) = delete;
    AttachedRunLog& operator=(const AttachedRunLog&) = delete;

private:
    std::shared_ptr<Sinks> m_sinks;
    SinkPointer m_own;
};

} // namespace

ProgramLog::ProgramLog(std::shared_ptr<Sinks> sinks)
    : m_sinks(std::move(sinks)) {}

ProgramLog::~ProgramLog() = default;

Result<std::shared_ptr<ProgramLog>> ProgramLog::open(FileLayer& files,
                                                     const config::LoggingSettings& settings,
                                                     const fs::path& file, bool toStderr) {
    if (auto made = files.makeDirectories(file.parent_path()); !made)
        return Error{codes::kLogOpen, made.error().message, made.error().detail};
    auto sink = openSink(file, [&]() -> SinkPointer {
        const auto bytes = static_cast<std::size_t>(settings.rotation.max_size_mib) << 20U;
        const auto older = static_cast<std::size_t>(settings.rotation.max_files - 1);
        return std::make_shared<spdlog::sinks::rotating_file_sink_st>(file.string(), bytes, older);
    });
    if (!sink) return sink.error();
    auto sinks = Sinks::make(settings, toStderr);
    sinks->sinks.push_back(std::move(*sink));
    return std::shared_ptr<ProgramLog>(new ProgramLog(std::move(sinks)));
}

std::shared_ptr<ProgramLog> ProgramLog::withoutFile(const config::LoggingSettings& settings, bool toStderr) {
    return std::shared_ptr<ProgramLog>(new ProgramLog(Sinks::make(settings, toStderr)));
}

void ProgramLog::write(LogLevel level, std::string_view module, std::string_view message) {
    if (!m_sinks->takes(level, module)) return;
    const std::string line = onOneLine(message);
    const spdlog::details::log_msg record(spdlog::string_view_t(module.data(), module.size()),
                                          spdlogLevel(level),
                                          spdlog::string_view_t(line.data(), line.size()));
    const std::lock_guard lock(m_sinks->mutex);
    for (const SinkPointer& sink : m_sinks->sinks) {
        if (!sink->should_log(record.level)) continue;
        try {
            sink->log(record);
            sink->flush();
        } catch (const std::exception&) { // a full disk must not stop the work; the other sinks have the line
        }
    }
}

Result<std::unique_ptr<RunLog>> ProgramLog::openRunLog(const fs::path& file) {
    auto sink = openSink(file, [&]() -> SinkPointer {
        return std::make_shared<spdlog::sinks::basic_file_sink_st>(file.string());
    });
    if (!sink) return sink.error();
    {
        const std::lock_guard lock(m_sinks->mutex);
        m_sinks->sinks.push_back(*sink);
    }
    return std::unique_ptr<RunLog>(std::make_unique<AttachedRunLog<Sinks>>(m_sinks, std::move(*sink)));
}

} // namespace llamahome::app
