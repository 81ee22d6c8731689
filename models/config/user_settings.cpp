#include "config/user_settings.h"

#include <system_error>

#include "config/setting_parse.h"
#include "config/settings_file.h"
#include "config/settings_writer.h"
#include "config/yaml_edit.h"
#include "core/error_codes.h"

namespace llamahome::config {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxFileBytes = 1U << 20;

/// The key's parts as the file has them: `lora:` and `early_stopping:` may stand at top level there.
std::vector<std::string> pathInFile(const YamlNode& root, std::string_view key) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= key.size();) {
        const std::size_t dot = std::min(key.find('.', begin), key.size());
        parts.emplace_back(key.substr(begin, dot - begin));
        begin = dot + 1;
    }
    const bool isTop = parts.size() > 2 && parts[0] == "training" && root.find(parts[1]) != nullptr &&
                       (parts[1] == "lora" || parts[1] == "early_stopping");
    if (isTop) parts.erase(parts.begin());
    return parts;
}

/// A link's target, so that the link stays.
fs::path followed(const fs::path& path) {
    std::error_code failure;
    if (!fs::is_symlink(path, failure)) return path;
    const fs::path target = fs::canonical(path, failure);
    return failure ? path : target;
}

/// The value as it is written: checked and in the setting's own form.
Result<std::string> checkedValue(const SettingDescriptor& setting, std::string_view value) {
    std::error_code failure;
    const ParsedSetting parsed = parseSettingText(setting, value, {fs::current_path(failure), {}});
    if (!parsed.value) return Error{parsed.code, setting.key + ": " + parsed.problem};
    return yamlValue(setting, *parsed.value);
}

/// The text of the file if it may be written over; empty where there is no file.
Result<std::string> readForChange(const fs::path& path) {
    auto text = readFile(path, kMaxFileBytes);
    if (!text) {
        std::error_code failure;
        if (text.error().code == codes::kFileNotFound && !fs::is_symlink(path, failure)) return std::string();
        return text.error();
    }
    const std::string file = displayPath(path);
    const YamlDocument document = parseYaml(*text, file);
    std::vector<SettingProblem> problems = document.problems;
    if (auto wrong = checkSchema(document.root, file)) problems.push_back(*wrong);
    if (!problems.empty()) return problemsError(problems).within("not saved, the file was left as it is");
    return text;
}

/// Keeps the former text as last-good copy and puts the new one in its place.
Result<void> replaceText(FileLayer& files, const fs::path& target, const std::string& before,
                         const std::string& after) {
    if (auto made = files.makeDirectories(target.parent_path()); !made) return made;
    if (!before.empty())
        if (auto kept = writeFileAtomically(files, lastGoodCopy(target), before); !kept) return kept;
    return writeFileAtomically(files, target, after);
}

} // namespace

fs::path settingsFileFor(const fs::path& folder, std::string_view key) {
    if (key.starts_with("training.") || key.starts_with("data.")) return folder / "training_config.yaml";
    if (key.starts_with("logging.")) return folder / "logging.yaml";
    return folder / "model_config.yaml";
}

Result<void> saveUserSetting(FileLayer& files, const fs::path& path, std::string_view key,
                             std::string_view value) {
    const SettingDescriptor* setting = findSetting(key);
    if (setting == nullptr) {
        const std::string nearest = nearestSettingKey(key);
        return Error{codes::kSettingUnknown, std::string(key) + ": no such setting" +
                                                 (nearest.empty() ? "" : "; nearest is " + nearest)};
    }
    const auto written = checkedValue(*setting, value);
    if (!written) return written.error();
    const fs::path target = followed(path);
    const auto before = readForChange(target);
    if (!before) return before.error();

    const std::string start = before->empty() ? "schema: " + std::to_string(kSettingsSchema) + "\n" : *before;
    const YamlDocument document = parseYaml(start, displayPath(target));
    const std::string after = setYamlValue(start, pathInFile(document.root, key), *written);
    return replaceText(files, target, *before, after);
}

Result<void> removeUserSetting(FileLayer& files, const fs::path& path, std::string_view key) {
    const fs::path target = followed(path);
    const auto before = readForChange(target);
    if (!before) return before.error();
    const YamlDocument document = parseYaml(*before, displayPath(target));
    const std::string after = removeYamlValue(*before, pathInFile(document.root, key));
    if (after == *before) return {};
    return replaceText(files, target, *before, after);
}

Result<void> restoreUserSettings(FileLayer& files, const fs::path& path) {
    const fs::path target = followed(path);
    const auto copy = readForChange(lastGoodCopy(target));
    if (!copy) return copy.error();
    if (copy->empty())
        return Error{codes::kFileNotFound, displayPath(lastGoodCopy(target)) + ": there is no copy; mend " +
                                               displayPath(target) + " by hand"};
    const auto damaged = readFile(target, kMaxFileBytes);
    fs::path aside = target;
    aside += ".damaged";
    if (damaged)
        if (auto kept = writeFileAtomically(files, aside, *damaged); !kept) return kept;
    return writeFileAtomically(files, target, *copy);
}

} // namespace llamahome::config
