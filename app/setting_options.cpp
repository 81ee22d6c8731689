#include "app/setting_options.h"

#include <cassert>
#include <string>

#include "config/setting_descriptor.h"

namespace llamahome::app {
namespace {

std::string helpOf(const config::SettingDescriptor& setting) {
    return setting.help + " [" + setting.expected() + "; " + setting.key + "]";
}

std::vector<std::string> choicesOf(const config::SettingDescriptor& setting) {
    if (setting.kind == config::SettingKind::Bool) return {"on", "off"};
    return setting.kind == config::SettingKind::Choice ? setting.choices : std::vector<std::string>{};
}

} // namespace

void addSettingOptions(CommandSpec& command, std::span<const SettingOption> table, GlobalOptions& options) {
    for (const SettingOption& row : table) {
        const config::SettingDescriptor* setting = config::findSetting(row.key);
        assert(setting != nullptr);
        ArgumentSpec argument{std::string(row.option), std::string(row.metavar), helpOf(*setting)};
        argument.choices = argument.isFlag() ? std::vector<std::string>{} : choicesOf(*setting);
        argument.take = [&options, row](const std::vector<std::string>& given) {
            options.settings.push_back(config::OptionValue{
                std::string(row.key), given.empty() ? "true" : given.back(), std::string(row.option)});
        };
        command.arguments.push_back(std::move(argument));
    }
}

void addGreedyFlag(CommandSpec& command, GlobalOptions& options) {
    ArgumentSpec argument{"--greedy", "", "always the likeliest word; the same as --temperature 0"};
    argument.take = [&options](const std::vector<std::string>&) {
        options.settings.push_back(config::OptionValue{"model.generation.temperature", "0", "--greedy"});
    };
    command.arguments.push_back(std::move(argument));
}

} // namespace llamahome::app
