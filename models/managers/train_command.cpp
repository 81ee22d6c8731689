#include "managers/train_command.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "config/setting_option.h"
#include "core/file_layer.h"
#include "core/shell_quote.h"
#include "jobs/train/remedy.h"

namespace llamahome::managers {
namespace {

const config::SettingOption* optionFor(const std::string& key) {
    for (const std::span<const config::SettingOption> table :
         {config::trainingOptions(), config::dataOptions()}) {
        const auto found =
            std::find_if(table.begin(), table.end(), [&](const auto& option) { return option.key == key; });
        if (found != table.end()) return &*found;
    }
    return nullptr;
}

void addSetting(std::vector<std::string>& words, const config::OptionValue& setting) {
    const config::SettingOption* option = optionFor(setting.key);
    const bool isFlag = option != nullptr && option->metavar.empty();
    if (isFlag && setting.value == "true") {
        words.emplace_back(option->option);
        return;
    }
    // A value that begins with a dash would be taken for an option.
    if (option == nullptr || isFlag || setting.value.starts_with('-')) {
        words.emplace_back("--set");
        words.push_back(setting.key + "=" + setting.value);
        return;
    }
    words.emplace_back(option->option);
    words.push_back(setting.value);
}

bool isAmong(const std::vector<config::OptionValue>& settings, const std::string& key) {
    return std::any_of(settings.begin(), settings.end(), [&](const auto& one) { return one.key == key; });
}

} // namespace

std::string trainCommand(const TrainingChoice& choice, const Workspace& workspace,
                         const std::vector<std::string>& rootWords) {
    if (!choice.model || choice.data.empty()) return {};
    std::vector<std::string> words{"llamahome", "train"};
    if (choice.model->catalog) {
        words.push_back(choice.model->family);
        words.push_back(choice.model->version);
    } else {
        words.push_back(choice.model->name);
    }
    words.emplace_back("--data");
    for (const std::filesystem::path& file : choice.data)
        words.push_back(displayPath(file));
    const auto add = [&words](const char* option, const std::string& value) {
        if (value.empty()) return;
        words.emplace_back(option);
        words.push_back(value);
    };
    if (choice.validation) add("--validation", displayPath(*choice.validation));
    add("--preset", choice.preset);
    add("--name", choice.runName);
    for (const config::OptionValue& setting : workspace.options)
        if (!setting.key.starts_with("logging.") && !isAmong(choice.overrides, setting.key))
            addSetting(words, setting);
    for (const config::OptionValue& setting : choice.overrides)
        addSetting(words, setting);
    if (!workspace.configFile.empty()) add("--config", displayPath(workspace.configFile));
    words.insert(words.end(), rootWords.begin(), rootWords.end());
    return shellLine(words);
}

std::string presetIn(const std::string& commandLine) {
    constexpr std::string_view kOption = " --preset";
    const std::size_t found = commandLine.find(kOption);
    const std::size_t name = found + kOption.size() + 1; // after a blank or an equals sign
    if (found == std::string::npos || name >= commandLine.size()) return {};
    return commandLine.substr(name, commandLine.find(' ', name) - name);
}

bool givesSetting(const std::string& commandLine, const std::string& key) {
    if (commandLine.find(key + "=") != std::string::npos) return true;
    const config::SettingOption* option = optionFor(key);
    return option != nullptr && commandLine.find(" " + std::string(option->option)) != std::string::npos;
}

std::string resumeCommand(const std::string& runName, const std::vector<std::string>& rootWords,
                          const std::vector<jobs::RunSetting>& changes) {
    std::vector<std::string> words = jobs::resumeWords(runName, changes);
    words.insert(words.end(), rootWords.begin(), rootWords.end());
    return shellLine(words);
}

std::vector<std::string> rootWordsFor(const Workspace& workspace, const config::Settings& settings) {
    return jobs::rootWords(workspace.root, workspace.environment, settings.model.data_root);
}

} // namespace llamahome::managers
