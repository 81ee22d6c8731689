#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/prompt_list.h"
#include "app/commands/use_model.h"
#include "app/progress_printer.h"
#include "app/setting_options.h"
#include "core/error_codes.h"
#include "jobs/chat/chat_session.h"

namespace llamahome::app {
namespace {

struct GenerateOptions {
    UseOptions use;
    std::optional<std::string> prompt;
    std::optional<std::string> promptFile;
    std::vector<std::string> stop;
    bool raw = false;
};

Result<std::vector<Prompt>> promptsOf(CommandContext& context, const GenerateOptions& options) {
    if (options.prompt && options.promptFile)
        return Error{codes::kUsage, "generate: found --prompt and --prompts, expected one of them"};
    if (options.prompt) return std::vector<Prompt>{Prompt{*options.prompt, {}}};
    if (options.promptFile) return readPrompts(*options.promptFile);
    if (context.input().isTerminal()) context.output().message("Type the prompt; end it with Ctrl-D.");
    auto input = context.input().readAll();
    if (!input) return input.error();
    while (input->ends_with('\n') || input->ends_with('\r'))
        input->pop_back();
    if (input->empty())
        return Error{codes::kUsage,
                     "generate: found no prompt, expected --prompt TEXT, --prompts FILE or text on "
                     "standard input"};
    return std::vector<Prompt>{Prompt{std::move(*input), {}}};
}

Result<std::vector<std::int32_t>> tokensOf(const ModelInUse& use, const Prompt& prompt, bool raw,
                                           const std::string& system, const std::string& date) {
    if (raw) {
        if (!prompt.messages.empty())
            return Error{codes::kUsage, "generate --raw: found messages, expected plain prompts"};
        return jobs::rawTokens(use.open.tokenizer, prompt.text);
    }
    std::vector<text::Message> messages = prompt.messages;
    if (messages.empty()) messages.push_back({"user", prompt.text});
    if (!system.empty() && messages.front().role != "system")
        messages.insert(messages.begin(), {"system", system});
    return jobs::conversationTokens(use.open.tokenizer, use.open.chatTemplate, messages, date);
}

Result<void> generate(CommandContext& context, const GenerateOptions& options) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const auto prompts = promptsOf(context, options);
    if (!prompts) return prompts.error();
    auto use = useModel(context, options.use);
    if (!use) return use.error();
    const config::Settings& values = (*settings)->values;
    jobs::AnswerOptions answering = jobs::answerOptions(values.model.generation);
    answering.stopTexts = options.stop;
    answering.date = values.data.date;
    Output& output = context.output();
    ProgressPrinter progress(output, context.clock());
    for (std::size_t i = 0; i < prompts->size(); ++i) {
        if (prompts->size() > 1) progress.show(Progress{"generating", i, prompts->size(), "prompts"});
        const auto tokens =
            tokensOf(*use, (*prompts)[i], options.raw, values.model.chat.system, answering.date);
        if (!tokens) return tokens.error();
        if (i > 0) output.line("");
        const auto answer = jobs::generateText(
            *use->open.model, use->open.tokenizer, *tokens, answering,
            [&output](std::string_view piece) { output.piece(piece); }, context.cancel());
        if (!answer) return answer.error();
        output.line("");
        output.jsonLine(Json{{"text", answer->text},
                             {"token_ids", answer->tokens},
                             {"finish_reason", std::string(jobs::finishName(answer->finish))}});
        if (context.cancel().isCancelled())
            return Error{codes::kCancelled, "stopped after " + std::to_string(i + 1) + " of " +
                                                std::to_string(prompts->size()) + " prompts"};
    }
    return {};
}

} // namespace

CommandSpec generateCommand(GlobalOptions& global) {
    const auto options = std::make_shared<GenerateOptions>();
    CommandSpec command{"generate", "Answer prompts",
                        "llamahome generate smollm2 135m-instruct --prompt 'What is a llama?'"};
    command.description =
        "The prompt comes from --prompt, from a file, or from standard input. Under --json each "
        "prompt gives one line.";
    addUseOptions(command, options->use, global);
    command.value("--prompt", "TEXT", "the prompt", options->prompt);
    command.value("--prompts", "FILE",
                  "one prompt a line; in .jsonl a string, an object with prompt, or messages",
                  options->promptFile, ValueKind::File);
    command.flag("--raw", "continue the prompt as it stands, without the chat template", options->raw);
    command.repeated("--stop", "TEXT", "end the answer before this text", options->stop);
    addGreedyFlag(command, global);
    addSettingOptions(command, samplingOptions(), global);
    addSettingOptions(command, batchOptions(), global);
    command.run = [options](CommandContext& context) { return generate(context, *options); };
    return command;
}

} // namespace llamahome::app
