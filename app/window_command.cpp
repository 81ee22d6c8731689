#include "app/window_command.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <unistd.h>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/program_module.h"

namespace llamahome::app {
namespace fs = std::filesystem;
namespace {

constexpr const char* kProgram = "llamahome-window";

/// Returns only where it could not be started.
void become(const fs::path& program, const std::vector<std::string>& words) {
    std::vector<std::string> kept{"llamahome"};
    kept.insert(kept.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    arguments.reserve(kept.size() + 1);
    for (std::string& word : kept)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::fflush(nullptr);
    ::execv(program.c_str(), arguments.data());
}

} // namespace

bool hasDisplay(const config::Environment& environment) {
    for (const char* name : {"QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"})
        if (!config::environmentValue(environment, name).empty()) return true;
    return false;
}

bool isOpenablePath(const std::string& word) {
    if (word.empty() || word.front() == '-') return false;
    const bool isPathLike = word.ends_with(".gguf") || word.find('/') != std::string::npos;
    std::error_code failure;
    return isPathLike && fs::exists(word, failure);
}

std::vector<std::string> windowWords(const GlobalOptions& options, const std::vector<std::string>& paths) {
    std::vector<std::string> words;
    const auto add = [&](const char* option, const std::optional<std::string>& value) {
        if (value) words.insert(words.end(), {option, *value});
    };
    add("--root", options.root);
    add("--config", options.configFile);
    add("--log-level", options.logLevel);
    for (const std::string& pair : options.sets)
        words.insert(words.end(), {"--set", pair});
    if (options.quiet) words.emplace_back("--quiet");
    std::error_code failure;
    for (const std::string& path : paths)
        words.push_back(fs::absolute(path, failure).string());
    return words;
}

Result<void> openWindow(const GlobalOptions& options, const std::vector<std::string>& paths) {
    if (!hasDisplay(config::processEnvironment()))
        return Error{codes::kNoDisplay,
                     "no window: neither DISPLAY nor WAYLAND_DISPLAY names a display; start it in a desktop "
                     "session, or go on in the shell as above"};
    std::string tried;
    for (const fs::path& folder : moduleFolders()) {
        const fs::path program = folder / kProgram;
        become(program, windowWords(options, paths));
        tried += displayPath(program) + ": " + std::system_category().message(errno) + "\n";
    }
    return Error{codes::kWindowMissing,
                 std::string("no window: ") + kProgram +
                     " cannot be started; install the program again, or go on in the shell as above",
                 tried};
}

} // namespace llamahome::app
