#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/man_page.h"
#include "app/program.h"

namespace llamahome::app {

CommandSpec manPageCommand() {
    CommandSpec command{"man-page", "The manual page as roff source", "llamahome man-page | man -l -"};
    command.hidden = true;
    command.run = [](CommandContext& context) -> Result<void> {
        GlobalOptions unused;
        context.output().piece(manPage(programSpec(unused), LLAMAHOME_VERSION));
        return {};
    };
    return command;
}

} // namespace llamahome::app
