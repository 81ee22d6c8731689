#include "app/command_context.h"

#include <algorithm>
#include <filesystem>

#include "config/catalog.h"
#include "core/error_codes.h"
#include "core/machine.h"
#include "llama/engine_loader.h"

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
    const bool toStderr = !m_options.quiet;
    const std::filesystem::path folder = config::platformStateFolder(m_environment);
    if (!folder.empty()) {
        auto opened = ProgramLog::open(files(), settings, folder / "llamahome.log", toStderr);
        if (opened)
            m_log = std::move(*opened);
        else
            m_output.warning(opened.error().message);
    }
    if (!m_log) m_log = ProgramLog::withoutFile(settings, toStderr);
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
    config::SettingsSources sources;
    sources.shippedFolder = shipped->config();
    sources.userFolder = config::userConfigFolder(m_environment);
    sources.preset = m_options.preset.value_or("");
    sources.configFile = m_options.configFile.value_or("");
    sources.environment = m_environment;
    sources.hasValidationFile = m_options.hasValidationFile;
    std::error_code ignored;
    sources.workingFolder = std::filesystem::current_path(ignored);
    for (const std::string& pair : m_options.sets) {
        const auto option = config::parseOptionPair(pair);
        if (!option) return option.error();
        sources.options.push_back(*option);
    }
    if (m_options.logLevel)
        for (const char* key : {"logging.levels.default", "logging.stderr_level"})
            sources.options.push_back({key, *m_options.logLevel, "--log-level"});
    sources.options.insert(sources.options.end(), m_options.settings.begin(), m_options.settings.end());
    return sources;
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

Result<jobs::DataRoot> CommandContext::root() {
    const auto resolved = settings();
    if (!resolved) return resolved.error();
    std::optional<std::filesystem::path> option;
    if (m_options.root) option = *m_options.root;
    return jobs::resolveDataRoot(option, m_environment, (*resolved)->values.model.data_root);
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
    return jobs::RootLock::acquire(*dataRoot, files());
}

Result<std::uint64_t> CommandContext::usableMemory() {
    const auto resolved = settings();
    if (!resolved) return resolved.error();
    const config::MemorySettings& memory = (*resolved)->values.model.memory;
    if (memory.limit_mib > 0) return static_cast<std::uint64_t>(memory.limit_mib) << 20;
    const std::uint64_t reserve = static_cast<std::uint64_t>(memory.reserve_mib) << 20;
    const std::uint64_t available = memoryState().availableBytes;
    return available > reserve ? available - reserve : available;
}

Result<jobs::ModelEntry> CommandContext::model(const std::vector<std::string>& words, jobs::ModelUse use) {
    const auto known = library();
    if (!known) return known.error();
    const auto memory = usableMemory();
    if (!memory) return memory.error();
    auto entry = jobs::resolveModel(**known, jobs::ModelRequest{words, m_environment, use, *memory});
    if (entry && words.empty()) m_output.message("Model: " + entry->name);
    if (entry && !entry->notice.empty()) m_output.message("note: " + entry->notice);
    return entry;
}

Result<engine::Engine*> CommandContext::engine(const std::string& device) {
    if (device.starts_with("cuda"))
        return Error{codes::kNoDevice,
                     "device: found " + device +
                         ", expected auto or cpu: this version computes on the processor only; "
                         "leave --device out"};
    if (m_engine) return m_engine.get();
    const auto resolved = settings();
    if (!resolved) return resolved.error();
    const config::ModelSettings& model = (*resolved)->values.model;
    if (model.gpu_layers > 0)
        m_output.message(
            "note: model.gpu_layers has no effect yet; this version computes on the processor only");
    auto opened = engine::openEngine();
    if (!opened) return opened.error();
    m_engine = std::move(*opened);
    m_engine->setThreads(model.threads);
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
    std::transform(answer.begin(), answer.end(), answer.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (answer == "y" || answer == "yes") return {};
    return Error{codes::kNotConfirmed, "not confirmed; nothing was changed"};
}

} // namespace llamahome::app
