#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/completion.h"
#include "app/program.h"

namespace llamahome::app {

CommandSpec completionCommand() {
    const auto shell = std::make_shared<std::optional<std::string>>();
    CommandSpec command{"completion", "Completion script for a shell",
                        "llamahome completion bash > ~/.local/share/bash-completion/completions/llamahome"};
    command.hidden = true;
    command.positional("SHELL", "bash, zsh or fish", *shell).required().choices({"bash", "zsh", "fish"});
    command.run = [shell](CommandContext& context) -> Result<void> {
        GlobalOptions unused;
        const auto script = completionScript(programSpec(unused), **shell);
        if (!script) return script.error();
        context.output().piece(*script);
        return {};
    };
    return command;
}

} // namespace llamahome::app
