// The program's log: a rotating file, standard error, and run.log of each run. Thread-safe.
//
// The one place that includes spdlog. Lines come through logLine() and are redacted before they get here.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "config/logging_settings.h"
#include "core/file_layer.h"
#include "core/log.h"
#include "core/result.h"

namespace llamahome::app {

/// Copies every line that the program's log takes to the file of one run, until it goes out of scope.
class RunLog {
public:
    virtual ~RunLog() = default;
};

/// Takes lines at or above their module's level. Hand it to setLogSink(). A line that cannot be written (full
/// disk) is dropped: logging never stops the work. Each line is one line of the file, in UTC:
/// `2026-01-31T12:00:00.000Z warning jobs: message`.
class ProgramLog final : public LogSink {
public:
    /// Opens `file` for appending, its folder made where absent; when it grows beyond the settings' size it
    /// is renamed to NAME.1.EXT and so on. LOG-01 when it cannot be opened. `toStderr`: lines from
    /// `stderr_level` on are shown too.
    static Result<std::shared_ptr<ProgramLog>> open(FileLayer& files, const config::LoggingSettings& settings,
                                                    const std::filesystem::path& file, bool toStderr);
    /// Without a file, for when there can be none.
    static std::shared_ptr<ProgramLog> withoutFile(const config::LoggingSettings& settings, bool toStderr);

    ~ProgramLog() override;
    ProgramLog(const ProgramLog&) = delete;
    ProgramLog& operator=(const ProgramLog&) = delete;

    void write(LogLevel level, std::string_view module, std::string_view message) override;

    /// Appends to `file`, in an existing folder, beside the other sinks. LOG-01 when it cannot be opened. The
    /// result may outlive this object.
    Result<std::unique_ptr<RunLog>> openRunLog(const std::filesystem::path& file);

private:
    struct Sinks;
    explicit ProgramLog(std::shared_ptr<Sinks> sinks);

    std::shared_ptr<Sinks> m_sinks;
};

} // namespace llamahome::app
