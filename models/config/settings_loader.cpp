#include "config/settings_loader.h"

#include <algorithm>
#include <system_error>

#include "config/chat_template_file.h"
#include "config/presets.h"
#include "config/setting_parse.h"
#include "config/settings_checks.h"
#include "config/settings_file.h"
#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome::config {
namespace fs = std::filesystem;
namespace {

/// Applies layer after layer; a wrong value leaves the weaker one and a problem.
class Resolver {
public:
    explicit Resolver(const SettingsSources& sources)
        : m_sources(sources) {
        m_home = environmentValue(sources.environment, "HOME");
        for (const SettingDescriptor& setting : allSettings())
            m_report.resolved.origins[setting.key] = Origin{};
    }

    void applyFolder(const fs::path& folder, bool isDefault) {
        if (folder.empty()) return;
        std::map<const SettingDescriptor*, std::string> seen;
        for (const std::string& name : settingsFileNames()) {
            std::error_code failure;
            const fs::path path = folder / name;
            const bool isAbsent = fs::status(path, failure).type() == fs::file_type::not_found;
            if (isAbsent && !fs::is_symlink(path, failure)) continue;
            const SettingsFile file = readSettingsFile(path, FileRole::Settings);
            for (const FileEntry& entry : file.entries) {
                const std::string place = displayPath(path) + ":" + std::to_string(entry.line);
                const auto [before, isNew] = seen.emplace(entry.setting, place);
                if (!isNew)
                    addProblem(
                        {codes::kSettingTwice, displayPath(path), entry.line, entry.setting->key,
                         entry.setting->key + ": found twice, first in " + before->second + "; remove one"});
            }
            apply(file, path, isDefault);
        }
    }

    void applyFile(const fs::path& path, FileRole role) { apply(readSettingsFile(path, role), path, false); }

    void applyPreset() {
        if (m_sources.preset.empty()) return;
        const auto preset = findPreset(m_sources.preset, m_sources.shippedFolder, m_sources.userFolder);
        if (preset)
            applyFile(preset->path, FileRole::Preset);
        else
            addProblem({preset.error().code, "--preset", 0, {}, preset.error().message});
    }

    void applyEnvironment() {
        EnvironmentReading reading = readEnvironment(m_sources.environment);
        for (SettingProblem& problem : reading.problems)
            addProblem(std::move(problem));
        for (std::string& notice : reading.notices)
            m_report.resolved.notices.push_back(std::move(notice));
        for (const EnvironmentSetting& given : reading.settings)
            applyText(*findSetting(given.key), given.value,
                      {Origin::Kind::Variable, given.variable, 0, false});
    }

    void applyOptions() {
        for (const OptionValue& option : m_sources.options) {
            if (const SettingDescriptor* setting = findSetting(option.key)) {
                applyText(*setting, option.value, {Origin::Kind::Option, option.origin, 0, false});
                continue;
            }
            const std::string nearest = nearestSettingKey(option.key);
            const std::string what =
                isSection(option.key) ? ": is a section, name a setting in it" : ": no such setting";
            addProblem({codes::kSettingUnknown, option.origin, 0, option.key,
                        option.key + what + (nearest.empty() ? "" : "; nearest is " + nearest), nearest});
        }
    }

    /// A name that a file in `templates/` of the settings folders has stands for that file.
    void findTemplate() {
        std::string& name = m_report.resolved.values.data.template_name;
        if (name.empty() || namesTemplateFile(name) || name.find('/') != std::string::npos) return;
        for (const fs::path& folder : {m_sources.userFolder, m_sources.shippedFolder}) {
            const fs::path path = folder / "templates" / (name + ".yaml");
            std::error_code failure;
            if (folder.empty() || !fs::is_regular_file(path, failure)) continue;
            name = displayPath(path);
            return;
        }
    }

    SettingsReport take() {
        checkAcross(m_report.resolved, m_sources.hasValidationFile, m_report.problems);
        return std::move(m_report);
    }

private:
    void apply(const SettingsFile& file, const fs::path& path, bool isDefault) {
        m_report.problems.insert(m_report.problems.end(), file.problems.begin(), file.problems.end());
        auto& notices = m_report.resolved.notices;
        notices.insert(notices.end(), file.notices.begin(), file.notices.end());
        std::error_code failure;
        const PathContext paths{fs::absolute(path, failure).parent_path(), m_home};
        for (const FileEntry& entry : file.entries)
            store(*entry.setting, parseSetting(*entry.setting, entry.value, paths),
                  {Origin::Kind::File, displayPath(path), entry.line, isDefault});
    }

    void applyText(const SettingDescriptor& setting, const std::string& text, const Origin& origin) {
        store(setting, parseSettingText(setting, text, {m_sources.workingFolder, m_home}), origin);
    }

    void store(const SettingDescriptor& setting, ParsedSetting parsed, const Origin& origin) {
        if (!parsed.value) {
            const bool isVariable = origin.kind == Origin::Kind::Variable;
            const ErrorCode code =
                isVariable && parsed.code != codes::kSettingNotYet ? codes::kEnvironmentValue : parsed.code;
            addProblem({code, origin.name, origin.line, setting.key, setting.key + ": " + parsed.problem});
            return;
        }
        setting.set(m_report.resolved.values, *parsed.value);
        m_report.resolved.origins[setting.key] = origin;
        if (!parsed.notice.empty())
            m_report.resolved.notices.push_back(origin.text() + ": " + setting.key + ": " + parsed.notice);
    }

    void addProblem(SettingProblem problem) { m_report.problems.push_back(std::move(problem)); }

    const SettingsSources& m_sources;
    fs::path m_home;
    SettingsReport m_report;
};

} // namespace

std::string Origin::text() const {
    if (kind == Kind::BuiltIn) return "built-in";
    return line > 0 ? name + ":" + std::to_string(line) : name;
}

const std::vector<std::string>& settingsFileNames() {
    static const std::vector<std::string> names{"model_config.yaml", "training_config.yaml", "logging.yaml"};
    return names;
}

SettingsReport checkSettings(const SettingsSources& sources) {
    Resolver resolver(sources);
    resolver.applyFolder(sources.shippedFolder, true);
    resolver.applyFolder(sources.userFolder, false);
    resolver.applyPreset();
    if (!sources.configFile.empty()) resolver.applyFile(sources.configFile, FileRole::Settings);
    resolver.applyEnvironment();
    resolver.applyOptions();
    resolver.findTemplate();
    return resolver.take();
}

Result<ResolvedSettings> loadSettings(const SettingsSources& sources) {
    SettingsReport report = checkSettings(sources);
    if (!report.problems.empty()) return problemsError(report.problems);
    return std::move(report.resolved);
}

Result<OptionValue> parseOptionPair(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        return Error{codes::kSettingKind,
                     "--set: found `" + text + "`, expected key=value such as training.lora.r=16"};
    return OptionValue{text.substr(0, equals), text.substr(equals + 1)};
}

} // namespace llamahome::config
