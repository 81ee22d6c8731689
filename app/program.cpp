#include "app/program.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "app/command_context.h"
#include "app/command_line.h"
#include "app/commands/commands.h"
#include "app/signals.h"
#include "app/window_command.h"
#include "core/error_codes.h"
#include "core/guarded.h"
#include "core/shell_quote.h"

namespace llamahome::app {
namespace {

constexpr const char* kInTheShell =
    "Every job of the window can be done here in the shell, too:\n"
    "  llamahome models                                   what is there\n"
    "  llamahome chat smollm2 135m-instruct               talk to the starter model\n"
    "  llamahome train smollm2 135m-instruct --data FILE  teach it your data\n";

int exitCode(const Error& error) {
    return static_cast<int>(error.code.errorClass);
}

/// The window; where there can be none, the way in the shell. `paths` are opened in it.
Result<void> runWithoutCommand(const ParsedCommandLine& parsed, const GlobalOptions& options,
                               const std::vector<std::string>& paths, Output& output) {
    if (output.isJson()) {
        output.document(Json{{"version", LLAMAHOME_VERSION}, {"window", false}});
        return {};
    }
    const Result<void> opened = openWindow(options, paths);
    if (opened) return {};
    output.line(kInTheShell);
    output.piece(helpText(parsed.path, output.columns()));
    return opened.error();
}

Result<void> runParsed(const ParsedCommandLine& parsed, const GlobalOptions& options,
                       const std::vector<std::string>& paths, Output& output) {
    if (parsed.wish == ParsedCommandLine::Wish::Help) {
        output.piece(helpText(parsed.path, output.columns()));
        return {};
    }
    if (parsed.wish == ParsedCommandLine::Wish::Version) {
        output.line(std::string("llamahome ") + LLAMAHOME_VERSION);
        output.document(Json{{"version", LLAMAHOME_VERSION}});
        return {};
    }
    if (parsed.path.size() == 1) return runWithoutCommand(parsed, options, paths, output);
    const CancelToken cancel;
    const SignalScope signals(cancel);
    Input input(STDIN_FILENO);
    CommandContext context(options, output, input, cancel);
    return parsed.command().run(context);
}

Result<void> runWords(const std::vector<std::string>& words, double startSeconds, Output& output) {
    GlobalOptions options;
    options.startSeconds = startSeconds;
    options.commandLine = "llamahome " + shellLine(words);
    const CommandSpec program = programSpec(options);
    auto parsed = parseCommandLine(program, words);
    std::vector<std::string> paths;
    if (!parsed && !words.empty() && isOpenablePath(words.back())) {
        const std::vector<std::string> others(words.begin(), words.end() - 1);
        if (auto without = parseCommandLine(program, others); without && without->path.size() == 1) {
            parsed = std::move(without);
            paths.push_back(words.back());
        }
    }
    // A failed parse has taken no values; the error still has to honour --json.
    output.setJson(options.json || std::find(words.begin(), words.end(), "--json") != words.end());
    output.setQuiet(options.quiet);
    if (!parsed) return parsed.error();
    return runParsed(*parsed, options, paths, output);
}

} // namespace

CommandSpec programSpec(GlobalOptions& options) {
    CommandSpec program{"llamahome", "Get a Llama model, fine-tune it on your own data and talk to it",
                        "llamahome train smollm2 135m-instruct --data questions.jsonl",
                        "Without a command it opens the window; a model folder or .gguf file in place of a "
                        "command is opened in it."};
    addGlobalOptions(program, options);
    program.commands = {modelsCommand(),          downloadCommand(),    importCommand(),
                        verifyCommand(),          removeCommand(),      moveCommand(),
                        tokenizeCommand(options), dataCommand(options), trainCommand(options),
                        resumeCommand(options),          runsCommand(),        evaluateCommand(options),
                        generateCommand(options), chatCommand(options), mergeCommand(),
                        exportCommand(),          configCommand(),      tokenCommand(),
                        benchCommand(options),    doctorCommand(),      completionCommand(),
                        manPageCommand()};
    return program;
}

int runProgram(const std::vector<std::string>& words, Output& output) {
    const double startSeconds = systemClock().monotonicSeconds();
    int code = 0;
    const Result<void> done = guarded([&] { return runWords(words, startSeconds, output); });
    if (!done) {
        output.error(done.error());
        code = exitCode(done.error());
    }
    if (const Result<void> finished = output.finish(); !finished && code == 0) {
        output.error(finished.error());
        code = exitCode(finished.error());
    }
    return code;
}

} // namespace llamahome::app
