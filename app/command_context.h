// What a command works with: streams, clock, files, settings, library, engine. Each is made when first asked
// for, so that a command pays for nothing it does not use. Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/global_options.h"
#include "app/input.h"
#include "app/log_setup.h"
#include "app/output.h"
#include "config/environment.h"
#include "config/settings_loader.h"
#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "jobs/library/library.h"
#include "jobs/library/model_spec.h"
#include "jobs/library/root_lock.h"
#include "jobs/library/shipped_files.h"
#include "llama/engine.h"

namespace llamahome::app {

class CommandContext {
public:
    CommandContext(const GlobalOptions& options, Output& output, Input& input, const CancelToken& cancel);
    ~CommandContext();
    CommandContext(const CommandContext&) = delete;
    CommandContext& operator=(const CommandContext&) = delete;

    const GlobalOptions& options() const { return m_options; }
    Output& output() { return m_output; }
    Input& input() { return m_input; }
    /// Cancelled by the first SIGINT or SIGTERM.
    const CancelToken& cancel() const { return m_cancel; }
    const Clock& clock() const { return systemClock(); }
    FileLayer& files() { return systemFiles(); }
    const config::Environment& environment() const { return m_environment; }

    /// Where settings come from, options included; CFG-07 for a wrong --set.
    Result<config::SettingsSources> settingsSources();
    /// The settings; one error for all that is wrong. Notices are told and the log is opened once.
    Result<const config::ResolvedSettings*> settings();
    /// What is wrong in the settings; from then on settings() gives those that are right. For `doctor`.
    Result<std::vector<config::SettingProblem>> takeRightSettings();
    Result<jobs::ShippedFiles> shippedFiles();
    /// Where --root names a folder that is not there, reading finds nothing: that is told, once. It is no
    /// error, because a command that writes makes the folder.
    Result<jobs::DataRoot> root();
    Result<const jobs::Library*> library();
    /// The writer's lock on the root, with the bundled samples installed in it; ROOT-03 where another process
    /// has it.
    Result<jobs::RootLock> lockRoot();
    /// The installed model that `words` name; where there are none, as resolveModel() chooses it for
    /// `adapter`. The choice is told where it was not typed.
    Result<jobs::ModelEntry> model(const std::vector<std::string>& words, jobs::ModelUse use,
                                   const std::string& adapter = {});
    /// Memory that a job may take, by the settings and the machine.
    Result<std::uint64_t> usableMemory();
    /// The engine with the threads of the settings; opened at the first call. CLI-05 where `device`, a
    /// setting's value, is not there.
    Result<engine::Engine*> engine(const std::string& device = "auto");

    /// Copies log lines to a run's run.log until the result goes; null, and a warning, where it cannot be
    /// opened.
    std::unique_ptr<RunLog> openRunLog(const std::filesystem::path& file);

    /// True and told on standard error when the answer is yes. CLI-03 when not; CLI-01 where nobody can be
    /// asked.
    Result<void> confirm(const std::string& question);

private:
    void installSamples(const jobs::DataRoot& root);
    void openLog(const config::LoggingSettings& settings);
    void tellMissingRoot(const jobs::DataRoot& root);

    const GlobalOptions& m_options;
    Output& m_output;
    Input& m_input;
    CancelToken m_cancel;
    config::Environment m_environment;
    std::optional<config::ResolvedSettings> m_settings;
    std::shared_ptr<ProgramLog> m_log;
    bool m_isRootTold = false;
    std::optional<jobs::Library> m_library;
    std::unique_ptr<engine::Engine> m_engine;
};

} // namespace llamahome::app
