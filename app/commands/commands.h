// Every command of the program, one function a command; each lives in the file of its name. Main thread.
#pragma once

#include "app/command_tree.h"
#include "app/global_options.h"

namespace llamahome::app {

CommandSpec modelsCommand();
CommandSpec downloadCommand();
CommandSpec tokenCommand();
CommandSpec importCommand();
CommandSpec verifyCommand();
CommandSpec removeCommand();
CommandSpec moveCommand();
CommandSpec tokenizeCommand(GlobalOptions& options);
CommandSpec dataCommand(GlobalOptions& options);
CommandSpec trainCommand(GlobalOptions& options);
CommandSpec resumeCommand(GlobalOptions& options);
CommandSpec runsCommand();
CommandSpec evaluateCommand(GlobalOptions& options);
CommandSpec generateCommand(GlobalOptions& options);
CommandSpec chatCommand(GlobalOptions& options);
CommandSpec mergeCommand();
CommandSpec exportCommand();
CommandSpec configCommand();
/// The sub-command `config edit`.
CommandSpec configEditCommand();
CommandSpec benchCommand(GlobalOptions& options);
CommandSpec doctorCommand();
/// Hidden: prints completion scripts; makes its own tree to do so.
CommandSpec completionCommand();
/// Hidden: prints the manual page; makes its own tree to do so.
CommandSpec manPageCommand();

} // namespace llamahome::app
