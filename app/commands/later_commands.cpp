// Commands whose names are settled and whose work is not there yet: they say so and name what works instead.
#include "app/command_context.h"
#include "app/commands/commands.h"
#include "core/error_codes.h"

namespace llamahome::app {
namespace {

/// The arguments of such a command are accepted, so that the answer is the same whatever was typed.
CommandSpec laterCommand(std::string name, std::string summary, std::string example, std::string instead) {
    CommandSpec command{std::move(name), std::move(summary) + " (not yet)", std::move(example)};
    command.arguments.push_back({"MODEL", "MODEL", "family and version, path or Hub id"});
    command.arguments.back().maximum = 2;
    command.run = [text = command.name + ": not built yet; " + instead](CommandContext&) -> Result<void> {
        return Error{codes::kNotYet, text};
    };
    return command;
}

void addValue(CommandSpec& command, std::string option, std::string metavar, std::string help,
              ValueKind kind = ValueKind::Text) {
    ArgumentSpec argument{std::move(option), std::move(metavar), std::move(help), kind};
    command.arguments.push_back(std::move(argument));
}

} // namespace

CommandSpec downloadCommand() {
    CommandSpec command = laterCommand(
        "download", "Get a model from the Hub or from Meta", "llamahome download smollm2 135m-instruct",
        "take over files that you have with 'llamahome import PATH --as FAMILY VERSION'");
    addValue(command, "--revision", "R", "branch, tag or commit");
    addValue(command, "--source", "SOURCE", "hub, meta or an address");
    return command;
}

} // namespace llamahome::app
