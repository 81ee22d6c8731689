#include "app/command_context.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "app/setup.h"
#include "config/catalog.h"
#include "core/ascii.h"
#include "core/error_codes.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "jobs/library/samples.h"
#include "jobs/memory_estimate.h"
#include "jobs/open_model.h"

namespace llamahome::app {

CommandContext::CommandContext(const GlobalOptions& options, Output& output, Input& input,
                               const CancelToken& cancel)
    : m_options(options)
    , m_output(output)
    , m_input(input)
    , m_cancel(cancel)
    , m_environment(config::processEnvironment()) {}

CommandContext::~CommandContext() {
    if (m_log) setLogSink(nullptr);
}

void CommandContext::openLog(const config::LoggingSettings& settings) {
    m_log = openProgramLog(settings, m_environment, files(), !m_options.quiet,
                           [this](const std::string& warning) { m_output.warning(warning); });
    setLogSink(m_log);
}

std::unique_ptr<RunLog> CommandContext::openRunLog(const std::filesystem::path& file) {
    if (!m_log) return nullptr;
    auto opened = m_log->openRunLog(file);
    if (opened) return std::move(*opened);
    m_output.warning(opened.error().message);
    return nullptr;
}

Result<jobs::ShippedFiles> CommandContext::shippedFiles() {
    return jobs::findShippedFiles();
}

Result<config::SettingsSources> CommandContext::settingsSources() {
    const auto shipped = shippedFiles();
    if (!shipped) return shipped.error();
    return app::settingsSources(m_options, m_environment, *shipped);
}

Result<const config::ResolvedSettings*> CommandContext::settings() {
    if (m_settings) return &*m_settings;
    const auto sources = settingsSources();
    if (!sources) return sources.error();
    auto resolved = config::loadSettings(*sources);
    if (!resolved) return resolved.error();
    for (const std::string& notice : resolved->notices)
        m_output.warning(notice);
    m_settings = std::move(*resolved);
    openLog(m_settings->values.logging);
    return &*m_settings;
}

Result<std::vector<config::SettingProblem>> CommandContext::takeRightSettings() {
    const auto sources = settingsSources();
    if (!sources) return sources.error();
    config::SettingsReport report = config::checkSettings(*sources);
    m_settings = std::move(report.resolved);
    openLog(m_settings->values.logging);
    return std::move(report.problems);
}

Result<jobs::DataRoot> CommandContext::root() {
    const auto resolved = settings();
    if (!resolved) return resolved.error();
    auto found = dataRoot(m_options, m_environment, (*resolved)->values);
    if (found)
        m_output.setRootWords(jobs::rootWords(*found, m_environment, (*resolved)->values.model.data_root));
    if (found && m_options.root) tellMissingRoot(*found);
    return found;
}

void CommandContext::tellMissingRoot(const jobs::DataRoot& root) {
    std::error_code failure;
    if (std::exchange(m_isRootTold, true) || std::filesystem::exists(root.path, failure) || failure) return;
    m_output.warning("--root: there is no folder " + displayPath(root.path) +
                     " yet; it is made when something is kept in it");
}

Result<const jobs::Library*> CommandContext::library() {
    if (m_library) return &*m_library;
    const auto dataRoot = root();
    if (!dataRoot) return dataRoot.error();
    const auto shipped = shippedFiles();
    if (!shipped) return shipped.error();
    auto catalog = config::Catalog::load(shipped->catalog());
    if (!catalog) return catalog.error();
    m_library.emplace(*dataRoot, std::move(*catalog));
    return &*m_library;
}

Result<jobs::RootLock> CommandContext::lockRoot() {
    const auto dataRoot = root();
    if (!dataRoot) return dataRoot.error();
    auto lock = jobs::RootLock::acquire(*dataRoot, files());
    if (lock) installSamples(*dataRoot);
    return lock;
}

void CommandContext::installSamples(const jobs::DataRoot& root) {
    const auto shipped = shippedFiles();
    const auto installed =
        shipped ? jobs::installSamples(files(), *shipped, root) : Result<void>(shipped.error());
    if (!installed) logLine(LogLevel::Warning, "app", "no sample data: " + installed.error().message);
}

Result<std::uint64_t> CommandContext::usableMemory() {
    const auto resolved = settings();
    if (!resolved) return resolved.error();
    return jobs::usableMemory((*resolved)->values.model.memory);
}

Result<jobs::ModelEntry> CommandContext::model(const std::vector<std::string>& words, jobs::ModelUse use,
                                               const std::string& adapter) {
    const auto known = library();
    if (!known) return known.error();
    const auto resolved = settings();
    if (!resolved) return resolved.error();
    const config::Settings& values = (*resolved)->values;
    const std::string& kept = use == jobs::ModelUse::Train ? values.training.quantize : values.model.quant;
    auto entry = jobs::resolveModel(
        **known, jobs::ModelRequest{words, m_environment, use, jobs::usableMemory(values.model.memory),
                                    adapter, formats::quantisationOfSetting(kept)});
    if (entry && words.empty())
        m_output.message("Model: " + entry->name + (entry->notice.empty() ? "" : ", " + entry->notice));
    return entry;
}

Result<engine::Engine*> CommandContext::engine(const std::string& device) {
    if (auto there = jobs::checkDevice(device); !there) return there.error();
    if (m_engine) return m_engine.get();
    const auto resolved = settings();
    if (!resolved) return resolved.error();
    const auto dataRoot = root();
    if (!dataRoot) return dataRoot.error();
    auto opened = openEngine((*resolved)->values.model.threads, *dataRoot);
    if (!opened) return opened.error();
    m_engine = std::move(*opened);
    return m_engine.get();
}

Result<void> CommandContext::confirm(const std::string& question) {
    m_output.question(question + " [y/N] ");
    std::string answer;
    const auto status = m_input.readLine(answer);
    if (!status) return status.error();
    if (*status == Input::Status::Interrupted)
        return Error{codes::kCancelled, "stopped; nothing was changed"};
    if (*status == Input::Status::End)
        return Error{codes::kUsage,
                     "no answer on standard input; nothing was changed; add --yes to go on unasked"};
    answer = lowerAscii(answer);
    if (answer == "y" || answer == "yes") return {};
    return Error{codes::kNotConfirmed, "not confirmed; nothing was changed"};
}

} // namespace llamahome::app
