#include "app/global_options.h"

#include "app/command_tree.h"

namespace llamahome::app {

void addGlobalOptions(CommandSpec& program, GlobalOptions& options) {
    program.value("--root", "DIR", "data root: models, runs and adapters are under it", options.root,
                  ValueKind::Folder);
    program.value("--config", "FILE", "a settings file above the user's own", options.configFile,
                  ValueKind::File);
    program.repeated("--set", "KEY=VALUE",
                     "any setting, e.g. training.lora.r=16; see 'llamahome config show'", options.sets);
    program.flag("--json", "results as JSON on standard output, nothing else there", options.json);
    program.flag("--quiet", "no progress and no messages but warnings and errors", options.quiet);
    program.value("--log-level", "LEVEL", "least level of log lines", options.logLevel)
        .choices({"trace", "debug", "info", "warning", "error", "off"});
}

} // namespace llamahome::app
