#include "app/commands/stop_option.h"

#include "core/error_codes.h"

namespace llamahome::app {

void addKeepOption(CommandSpec& command, std::optional<std::string>& target) {
    command.value("--keep", "WHICH",
                  "what Ctrl-C leaves as the adapter: the state with the best eval loss "
                  "(as without this option), the last, or none; the run goes on with 'resume' in any case",
                  target);
    command.choices({"best", "last", "none"});
}

Result<jobs::StopKeeps> keptWhenStopped(const std::optional<std::string>& word) {
    if (!word || *word == "best") return jobs::StopKeeps::Best;
    if (*word == "last") return jobs::StopKeeps::Last;
    if (*word == "none") return jobs::StopKeeps::Nothing;
    return Error{codes::kUsage, "--keep: found '" + *word + "', expected best, last or none"};
}

} // namespace llamahome::app
