#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "config/user_settings.h"
#include "core/error_codes.h"

namespace llamahome::app {
namespace {

struct EditOptions {
    std::vector<std::string> pairs;
    std::optional<std::string> file;
};

constexpr const char* kNewFile = "# Your own settings; what is not here keeps its default.\n"
                                 "# All names with their values: llamahome config show\n"
                                 "schema: 1\n";

Result<std::filesystem::path> userFolder(CommandContext& context) {
    const std::filesystem::path folder = config::userConfigFolder(context.environment());
    if (!folder.empty()) return folder;
    return Error{codes::kUsage,
                 "config edit: found neither XDG_CONFIG_HOME nor HOME, expected one of them to name "
                 "the settings folder; set HOME"};
}

/// The problems of all settings with `changes` made, as one error.
Result<void> checkWith(CommandContext& context, const std::vector<config::OptionValue>& changes) {
    auto sources = context.settingsSources();
    if (!sources) return sources.error();
    sources->options.insert(sources->options.end(), changes.begin(), changes.end());
    const config::SettingsReport report = config::checkSettings(*sources);
    if (!report.problems.empty()) return config::problemsError(report.problems);
    return {};
}

/// Nothing is written where one of the pairs is wrong.
Result<void> savePairs(CommandContext& context, const std::vector<std::string>& pairs) {
    const auto folder = userFolder(context);
    if (!folder) return folder.error();
    std::vector<config::OptionValue> changes;
    for (const std::string& pair : pairs) {
        auto option = config::parseOptionPair(pair);
        if (!option) return option.error();
        option->origin = pair;
        changes.push_back(*option);
    }
    if (auto right = checkWith(context, changes); !right) return right;
    Json saved = Json::array();
    for (const config::OptionValue& change : changes) {
        const std::filesystem::path path = config::settingsFileFor(*folder, change.key);
        const auto written = config::saveUserSetting(context.files(), path, change.key, change.value);
        if (!written) return written.error();
        context.output().line(change.key + " = " + change.value + " in " + displayPath(path));
        saved.push_back(Json{{"key", change.key}, {"value", change.value}, {"file", displayPath(path)}});
    }
    context.output().document(saved);
    return {};
}

/// The user's editor as a shell command, as git finds it.
Result<std::string> editorCommand(CommandContext& context) {
    for (const char* name : {"VISUAL", "EDITOR"})
        if (std::string editor = config::environmentValue(context.environment(), name); !editor.empty())
            return editor;
    for (const char* path : {"/usr/bin/sensible-editor", "/usr/bin/nano", "/usr/bin/vi"})
        if (::access(path, X_OK) == 0) return std::string(path);
    return Error{codes::kFileNotFound,
                 "config edit: found no editor; name one in EDITOR, or give KEY=VALUE, for "
                 "example: llamahome config edit training.num_epochs=2"};
}

Result<void> runEditor(const std::string& editor, const std::filesystem::path& path) {
    std::string shell = "sh";
    std::string flag = "-c";
    std::string command = editor + " \"$1\"";
    std::string zero = "llamahome";
    std::string file = path.string();
    const std::array<char*, 6> arguments{shell.data(), flag.data(), command.data(),
                                         zero.data(),  file.data(), nullptr};
    pid_t child = 0;
    const int failure = ::posix_spawnp(&child, "sh", nullptr, nullptr, arguments.data(), environ);
    if (failure != 0)
        return Error{codes::kInternal,
                     "config edit: cannot start '" + editor + "': " + std::strerror(failure)};
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return Error{codes::kInternal,
                 "config edit: the editor '" + editor + "' reported a failure; nothing was checked"};
}

Result<void> editFile(CommandContext& context, const std::string& which) {
    const auto folder = userFolder(context);
    if (!folder) return folder.error();
    const std::vector<std::string> names = config::settingsFileNames();
    const std::string name = which.ends_with(".yaml") ? which : which + ".yaml";
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        std::string known;
        for (const std::string& each : names)
            known += (known.empty() ? "" : ", ") + each;
        return Error{codes::kUsage, "config edit: found file '" + which + "', expected one of " + known};
    }
    const std::filesystem::path path = *folder / name;
    const auto editor = editorCommand(context);
    if (!editor) return editor.error();
    std::error_code unreadable;
    if (!std::filesystem::exists(path, unreadable)) {
        if (auto made = context.files().makeDirectories(*folder); !made) return made.error();
        if (auto written = writeFileAtomically(context.files(), path, kNewFile); !written)
            return written.error();
    }
    context.output().message("Editing " + displayPath(path));
    if (auto edited = runEditor(*editor, path); !edited) return edited.error();
    if (auto right = checkWith(context, {}); !right) return right;
    context.output().line("No problem in " + displayPath(path) + ".");
    context.output().document(Json{{"ok", true}, {"file", displayPath(path)}});
    return {};
}

} // namespace

CommandSpec configEditCommand() {
    const auto options = std::make_shared<EditOptions>();
    CommandSpec command{"edit", "Change your own settings",
                        "llamahome config edit training.num_epochs=2 training.lora.r=16"};
    command.description =
        "With KEY=VALUE it writes these into your settings files; without, it opens one in your "
        "editor and checks it afterwards.";
    command.words("KEY=VALUE", "KEY=VALUE…", kManyValues, "settings to write", options->pairs);
    command.value("--file", "NAME", "file to open: training_config, model_config or logging", options->file);
    command.run = [options](CommandContext& context) {
        if (!options->pairs.empty()) return savePairs(context, options->pairs);
        return editFile(context, options->file.value_or("training_config"));
    };
    return command;
}

} // namespace llamahome::app
