#include "managers/settings_manager.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <queue>

#include "config/settings_file.h"
#include "config/settings_writer.h"
#include "config/user_settings.h"
#include "core/error_codes.h"
#include "managers/quantity_words.h"
#include "managers/run_job.h"
#include "managers/text.h"
#include "managers/workspace_settings.h"

namespace llamahome::managers {
namespace fs = std::filesystem;
namespace {

bool isSameProblem(const config::SettingProblem& a, const config::SettingProblem& b) {
    return a.code == b.code && a.key == b.key && a.message == b.message;
}

bool isSameOrigin(const config::Origin& a, const config::Origin& b) {
    return a.kind == b.kind && a.name == b.name && a.line == b.line && a.isDefault == b.isDefault;
}

bool isSamePreset(const config::Preset& a, const config::Preset& b) {
    return a.name == b.name && a.title == b.title && a.description == b.description && a.path == b.path;
}

/// The first problem that `change` would add to those that are there already.
Result<void> checkWith(const Workspace& workspace, const config::OptionValue& change) {
    config::SettingsSources sources = settingsSources(workspace);
    const auto before = config::checkSettings(sources).problems;
    sources.options.push_back(change);
    std::vector<config::SettingProblem> added;
    for (const config::SettingProblem& problem : config::checkSettings(sources).problems)
        if (std::none_of(before.begin(), before.end(),
                         [&](const auto& known) { return isSameProblem(known, problem); }))
            added.push_back(problem);
    if (added.empty()) return {};
    return config::problemsError(added);
}

/// `~/` is the home folder in a text that names a folder.
std::string withHome(const config::SettingDescriptor& setting, std::string text,
                     const config::Environment& environment) {
    const std::string home = config::environmentValue(environment, "HOME");
    const bool isInHome = text == "~" || text.starts_with("~/");
    if (setting.form != config::TextForm::Path || setting.kind == config::SettingKind::List || !isInHome ||
        home.empty())
        return text;
    return home + text.substr(1);
}

std::vector<std::string> filesWithLastGood(const fs::path& folder) {
    std::vector<std::string> files;
    for (const std::string& name : config::settingsFileNames()) {
        std::error_code failure;
        if (!folder.empty() && fs::exists(config::lastGoodCopy(folder / name), failure))
            files.push_back(displayPath(folder / name));
    }
    return files;
}

} // namespace

/// Changes in the order they came, written one at a time. Any thread.
class SettingsManager::Changes {
public:
    using Write = std::function<Result<void>()>;

    struct Outcome {
        QString key;
        Result<void> written;
    };

    void put(const QString& key, Write write) {
        const std::lock_guard guard(m_waitingGuard);
        m_waiting.push({key, std::move(write)});
    }
    bool isEmpty() {
        const std::lock_guard guard(m_waitingGuard);
        return m_waiting.empty();
    }
    /// Nothing where none waits.
    std::optional<Outcome> writeNext() {
        const std::lock_guard files(m_filesGuard);
        std::optional<Change> next;
        {
            const std::lock_guard guard(m_waitingGuard);
            if (m_waiting.empty()) return std::nullopt;
            next = std::move(m_waiting.front());
            m_waiting.pop();
        }
        return Outcome{next->key, next->write()};
    }

private:
    struct Change {
        QString key;
        Write write;
    };

    std::mutex m_filesGuard; ///< held while one is written
    std::mutex m_waitingGuard;
    std::queue<Change> m_waiting;
};

SettingsManager::SettingsManager(ManagerContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_changes(std::make_shared<Changes>()) {
    for (const config::SettingDescriptor& setting : config::allSettings())
        m_report.resolved.origins[setting.key] = config::Origin{};
    refresh();
}

SettingsManager::~SettingsManager() {
    // The pool drops what waits when it ends; this must not be lost.
    std::thread([changes = m_changes] {
        while (changes->writeNext()) {
        }
    }).join();
}

SettingsManager::Reading SettingsManager::read(const Workspace& workspace) {
    return {readSettings(workspace),
            config::listPresets(workspace.shipped.config(), workspace.userConfigFolder),
            filesWithLastGood(workspace.userConfigFolder)};
}

void SettingsManager::refresh() {
    if (m_isChanging) return; // which ends with a reading
    runTask<Reading>(
        m_context.filePool, m_context.jobs, [workspace = m_context.workspace] { return read(workspace); },
        this,
        [this, asked = ++m_asked](Reading reading) {
            if (asked == m_asked && isOther(reading)) take(std::move(reading));
        });
}

bool SettingsManager::isOther(const Reading& reading) const {
    const auto& before = m_report.resolved;
    const auto& after = reading.report.resolved;
    const auto isKept = [&](const config::SettingDescriptor& setting) {
        return config::optionText(setting, before.values) == config::optionText(setting, after.values) &&
               isSameOrigin(before.origins.at(setting.key), after.origins.at(setting.key));
    };
    const auto& all = config::allSettings();
    const auto isSame = [](const auto& a, const auto& b, const auto& same) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
    };
    return !m_isRead || !std::all_of(all.begin(), all.end(), isKept) ||
           !isSame(m_report.problems, reading.report.problems, isSameProblem) ||
           !isSame(m_presets, reading.presets, isSamePreset) || m_withLastGood != reading.withLastGood;
}

void SettingsManager::take(Reading reading) {
    m_report = std::move(reading.report);
    m_presets = std::move(reading.presets);
    m_withLastGood = std::move(reading.withLastGood);
    m_isRead = true;
    Q_EMIT settingsChanged();
}

QString SettingsManager::optionText(const config::SettingDescriptor& setting) const {
    return typedSetting(setting, settings());
}

QString SettingsManager::userFolder() const {
    return pathToQt(m_context.workspace.userConfigFolder);
}

QString SettingsManager::userFileFor(const QString& key) const {
    const fs::path& folder = m_context.workspace.userConfigFolder;
    if (folder.empty()) return {};
    if (isInUserFile(key)) return toQt(m_report.resolved.origins.at(fromQt(key)).name);
    return pathToQt(config::settingsFileFor(folder, fromQt(key)));
}

bool SettingsManager::isInUserFile(const QString& key) const {
    const auto origin = m_report.resolved.origins.find(fromQt(key));
    const fs::path& folder = m_context.workspace.userConfigFolder;
    return origin != m_report.resolved.origins.end() && origin->second.kind == config::Origin::Kind::File &&
           !folder.empty() && fs::path(origin->second.name).parent_path() == folder;
}

QString SettingsManager::strongerPlace(const QString& key) const {
    const auto origin = m_report.resolved.origins.find(fromQt(key));
    if (origin == m_report.resolved.origins.end() || isInUserFile(key)) return {};
    const bool isFile = origin->second.kind == config::Origin::Kind::File;
    const bool isWeaker =
        origin->second.kind == config::Origin::Kind::BuiltIn || (isFile && origin->second.isDefault);
    return isWeaker ? QString() : toQt(origin->second.text());
}

void SettingsManager::setValue(const QString& key, const QString& text) {
    const config::SettingDescriptor* setting = config::findSetting(fromQt(key));
    if (setting == nullptr) {
        Q_EMIT settingFailed(key, Error{codes::kSettingUnknown, fromQt(key) + ": no such setting"});
        return;
    }
    change(key,
           [setting, text = fromQt(text), file = pathFromQt(userFileFor(key)),
            workspace = m_context.workspace]() -> Result<void> {
               const std::string value = withHome(*setting, text, workspace.environment);
               if (auto right = checkWith(workspace, {setting->key, value, setting->label}); !right)
                   return right;
               return config::saveUserSetting(*workspace.files, file, setting->key, value);
           });
}

void SettingsManager::reset(const QString& key) {
    if (!isInUserFile(key)) return;
    change(key, [key = fromQt(key), file = pathFromQt(userFileFor(key)), files = m_context.workspace.files] {
        return config::removeUserSetting(*files, file, key);
    });
}

void SettingsManager::restoreLastGood(const QString& file) {
    change(file, [path = pathFromQt(file), files = m_context.workspace.files] {
        return config::restoreUserSettings(*files, path);
    });
}

bool SettingsManager::hasLastGood(const QString& file) const {
    return std::find(m_withLastGood.begin(), m_withLastGood.end(), fromQt(file)) != m_withLastGood.end();
}

void SettingsManager::change(const QString& key, std::function<Result<void>()> write) {
    if (m_context.workspace.userConfigFolder.empty()) {
        Q_EMIT settingFailed(key, Error{codes::kFileNotFound,
                                        "found neither XDG_CONFIG_HOME nor HOME, expected one of them to "
                                        "name the settings folder; set HOME"});
        return;
    }
    m_changes->put(key, std::move(write));
    startNext();
}

void SettingsManager::startNext() {
    if (m_isChanging || m_changes->isEmpty()) return;
    m_isChanging = true;
    ++m_asked;
    using Outcome = std::pair<std::optional<Changes::Outcome>, Reading>;
    runTask<Outcome>(
        m_context.filePool, m_context.jobs,
        [changes = m_changes, workspace = m_context.workspace] {
            auto written = changes->writeNext();
            return Outcome(std::move(written), read(workspace));
        },
        this,
        [this](Outcome outcome) {
            m_isChanging = false;
            take(std::move(outcome.second));
            if (const auto& change = outcome.first; change && change->written)
                Q_EMIT settingSaved(change->key);
            else if (change)
                Q_EMIT settingFailed(change->key, change->written.error());
            startNext();
        });
}

} // namespace llamahome::managers
