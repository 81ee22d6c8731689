#include <variant>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/hub_login.h"
#include "config/nearest_name.h"
#include "config/setting_descriptor.h"
#include "core/error_codes.h"

namespace llamahome::app {
namespace {

struct ShowOptions {
    std::optional<std::string> key;
};

Json valueJson(const config::SettingDescriptor& setting, const config::Settings& settings) {
    return std::visit([](const auto& value) { return Json(value); }, setting.get(settings));
}

/// "training" for every key below it, "training.lora.r" for one; empty: everything.
Result<std::vector<const config::SettingDescriptor*>> chosenSettings(const std::optional<std::string>& key) {
    std::vector<const config::SettingDescriptor*> chosen;
    for (const config::SettingDescriptor& setting : config::allSettings())
        if (!key || setting.key == *key || setting.key.starts_with(*key + ".")) chosen.push_back(&setting);
    if (!chosen.empty()) return chosen;
    const std::string nearest = config::nearestSettingKey(*key);
    return Error{codes::kUsage, "config show: no setting '" + *key + "'" +
                                    (nearest.empty() ? "" : "; nearest is '" + nearest + "'") +
                                    "; 'llamahome config show' lists all"};
}

void showOne(Output& output, const config::SettingDescriptor& setting) {
    output.line(setting.label + ": " + setting.help);
    output.line(setting.effect);
    output.line("Expected: " + setting.expected() + (setting.unit.empty() ? "" : ", in " + setting.unit));
    output.line("");
}

Result<void> show(CommandContext& context, const ShowOptions& options) {
    const auto resolved = context.settings();
    if (!resolved) return resolved.error();
    const auto chosen = chosenSettings(options.key);
    if (!chosen) return chosen.error();
    Output& output = context.output();
    if (chosen->size() == 1) showOne(output, *chosen->front());
    Table table{{"setting", "value", "came from"}, {}};
    Json settings = Json::array();
    for (const config::SettingDescriptor* setting : *chosen) {
        const std::string origin = (*resolved)->origins.at(setting->key).text();
        const config::Settings& values = (*resolved)->values;
        table.rows.push_back({setting->key, config::settingText(*setting, values), origin});
        settings.push_back(Json{{"key", setting->key},
                                {"value", valueJson(*setting, values)},
                                {"origin", origin},
                                {"help", setting->help},
                                {"expected", setting->expected()}});
    }
    output.table(table);
    Json environment = Json::array();
    Table variables{{"variable", "value", "effect"}, {}};
    for (const config::EnvironmentRow& row : config::describeEnvironment(context.environment())) {
        variables.rows.push_back({row.name, row.value, row.effect});
        environment.push_back(Json{{"name", row.name}, {"value", row.value}, {"effect", row.effect}});
    }
    const std::string token = tokenOrigin(context);
    if (!options.key) {
        output.line("");
        output.table(variables);
        output.line("");
        output.line("Token for the Hub: " + token);
    }
    output.document(Json{{"settings", settings}, {"environment", environment}, {"hub_token", token}});
    return {};
}

Json problemJson(const config::SettingProblem& problem) {
    return Json{{"code", std::string(problem.code.text)},
                {"file", problem.file},
                {"line", problem.line},
                {"key", problem.key},
                {"message", problem.message},
                {"nearest", problem.nearestKey}};
}

Result<void> check(CommandContext& context) {
    const auto sources = context.settingsSources();
    if (!sources) return sources.error();
    const config::SettingsReport report = config::checkSettings(*sources);
    Output& output = context.output();
    Json problems = Json::array();
    for (const config::SettingProblem& problem : report.problems)
        problems.push_back(problemJson(problem));
    for (const std::string& notice : report.resolved.notices)
        output.line("note: " + notice);
    Json document{
        {"ok", report.problems.empty()}, {"problems", problems}, {"notices", report.resolved.notices}};
    if (report.problems.empty()) {
        output.line("No problem in settings files, environment and options.");
        output.document(document);
        return {};
    }
    const Error error = config::problemsError(report.problems);
    document["error"] = errorJson(error);
    output.document(document);
    return error;
}

} // namespace

CommandSpec configCommand() {
    CommandSpec showCommand{"show", "Every setting, its value and where the value came from",
                            "llamahome config show training.lora"};
    const auto options = std::make_shared<ShowOptions>();
    showCommand.positional("KEY", "one setting, or a group such as training.lora", options->key);
    showCommand.run = [options](CommandContext& context) { return show(context, *options); };

    CommandSpec checkCommand{"check", "Check settings files, environment and options; lists every problem",
                             "llamahome config check --config my.yaml"};
    checkCommand.run = check;

    CommandSpec command{"config", "Show, check or edit settings", "llamahome config show"};
    command.description = "Without a sub-command it shows.";
    command.run = [](CommandContext& context) { return show(context, ShowOptions{}); };
    command.commands = {showCommand, checkCommand, configEditCommand()};
    return command;
}

} // namespace llamahome::app
