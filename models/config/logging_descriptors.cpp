// The table of `logging:`.
#include "config/descriptor_list.h"

namespace llamahome::config {
namespace {

std::vector<std::string> levelNames() {
    return {"trace", "debug", "info", "warning", "error", "off"};
}

template <typename Access>
void describeModule(DescriptorList& list, const std::string& module, const std::string& does, Access access) {
    std::vector<std::string> choices = levelNames();
    choices.insert(choices.begin(), "inherit");
    list.add("logging.levels." + module, "Log of " + module, access)
        .choices(choices)
        .help("Least level logged by " + does + "; inherit: the default.")
        .effect("debug and trace tell more and make the log longer.");
}

} // namespace

void describeLogging(DescriptorList& list) {
    list.add(
            "logging.levels.default", "Log level", [](auto& s) -> auto& { return s.logging.levels.fallback; })
        .choices(levelNames())
        .help("Least level that is logged by modules without a level of their own.")
        .effect("debug and trace tell more and make the log longer.")
        .alsoCalled({"level", "log_level"});
    describeModule(
        list, "app", "the command line and the window",
        [](auto& s) -> auto& { return s.logging.levels.app; });
    describeModule(
        list, "jobs", "import, training and other jobs",
        [](auto& s) -> auto& { return s.logging.levels.jobs; });
    describeModule(
        list, "engine", "the engine", [](auto& s) -> auto& { return s.logging.levels.engine; });
    describeModule(
        list, "text", "tokenizers, templates and data",
        [](auto& s) -> auto& { return s.logging.levels.text; });
    describeModule(
        list, "formats", "readers and writers of model files",
        [](auto& s) -> auto& { return s.logging.levels.formats; });
    describeModule(
        list, "config", "settings", [](auto& s) -> auto& { return s.logging.levels.config; });
    describeModule(
        list, "core", "files and the machine", [](auto& s) -> auto& { return s.logging.levels.core; });
    list.add(
            "logging.stderr_level", "Shown in the terminal",
            [](auto& s) -> auto& { return s.logging.stderr_level; })
        .choices(levelNames())
        .help("Least level that is also shown on standard error.")
        .effect("The log file gets the same lines either way.");
    list.add(
            "logging.rotation.max_size_mib", "Log file size",
            [](auto& s) -> auto& { return s.logging.rotation.max_size_mib; })
        .integers(1, 1024)
        .unit("MiB")
        .help("A log file that grows beyond is put aside and a new one begun.")
        .effect("Larger keeps more of the past.");
    list.add(
            "logging.rotation.max_files", "Log files kept",
            [](auto& s) -> auto& { return s.logging.rotation.max_files; })
        .integers(1, 100)
        .help("Log files kept, the current one included.")
        .effect("More keeps more of the past.");
}

} // namespace llamahome::config
