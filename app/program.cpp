#include "app/program.h"

#include <algorithm>
#include <exception>
#include <new>

#include <unistd.h>

#include "app/command_context.h"
#include "app/command_line.h"
#include "app/commands/commands.h"
#include "app/shell_quote.h"
#include "app/signals.h"
#include "core/error_codes.h"

namespace llamahome::app {
namespace {

constexpr const char* kNoWindow =
    "The window is not built yet; every job can be done here in the shell. To go on:\n"
    "  llamahome models                                   what is there\n"
    "  llamahome chat smollm2 135m-instruct               talk to the starter model\n"
    "  llamahome train smollm2 135m-instruct --data FILE  teach it your data\n";

int exitCode(const Error& error) {
    return static_cast<int>(error.code.errorClass);
}

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

Result<void> showWithoutCommand(const ParsedCommandLine& parsed, Output& output) {
    output.line(kNoWindow);
    output.piece(helpText(parsed.path, output.columns()));
    output.document(Json{{"version", LLAMAHOME_VERSION}, {"window", false}});
    return {};
}

Result<void> runParsed(const ParsedCommandLine& parsed, const GlobalOptions& options, Output& output) {
    if (parsed.wish == ParsedCommandLine::Wish::Help) {
        output.piece(helpText(parsed.path, output.columns()));
        return {};
    }
    if (parsed.wish == ParsedCommandLine::Wish::Version) {
        output.line(std::string("llamahome ") + LLAMAHOME_VERSION);
        output.document(Json{{"version", LLAMAHOME_VERSION}});
        return {};
    }
    if (parsed.path.size() == 1) return showWithoutCommand(parsed, output);
    const CancelToken cancel;
    const SignalScope signals(cancel);
    Input input(STDIN_FILENO);
    CommandContext context(options, output, input, cancel);
    return parsed.command().run(context);
}

Result<void> runWords(const std::vector<std::string>& words, Output& output) {
    GlobalOptions options;
    options.commandLine = "llamahome " + shellLine(words);
    const CommandSpec program = programSpec(options);
    const auto parsed = parseCommandLine(program, words);
    // A failed parse has taken no values; the error still has to honour --json.
    output.setJson(options.json || std::find(words.begin(), words.end(), "--json") != words.end());
    output.setQuiet(options.quiet);
    if (!parsed) return parsed.error();
    return runParsed(*parsed, options, output);
}

Result<void> runGuarded(const std::vector<std::string>& words, Output& output) {
    try {
        return runWords(words, output);
    } catch (const std::bad_alloc&) {
        return Error{codes::kOutOfMemory,
                     "out of memory; close other programs or choose a smaller model or batch"};
    } catch (const std::exception& failure) {
        return Error{codes::kInternal, std::string("internal error: ") + failure.what() +
                                           "; please report this with the command that you typed"};
    } catch (...) {
        return Error{codes::kInternal, "internal error; please report this with the command that you typed"};
    }
}

} // namespace

CommandSpec programSpec(GlobalOptions& options) {
    CommandSpec program{"llamahome", "Get a Llama model, fine-tune it on your own data and talk to it",
                        "llamahome train smollm2 135m-instruct --data questions.jsonl"};
    addGlobalOptions(program, options);
    program.commands = {modelsCommand(),      downloadCommand(),        importCommand(),
                        verifyCommand(),      removeCommand(),          tokenizeCommand(options),
                        dataCommand(options), trainCommand(options),    resumeCommand(),
                        runsCommand(),        evaluateCommand(options), generateCommand(options),
                        chatCommand(options), mergeCommand(),           exportCommand(),
                        configCommand(),      benchCommand(options),    doctorCommand(),
                        completionCommand()};
    return program;
}

int runProgram(const std::vector<std::string>& words, Output& output) {
    int code = 0;
    if (const Result<void> done = runGuarded(words, output); !done) {
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
