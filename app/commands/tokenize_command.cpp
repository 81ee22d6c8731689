#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/message_json.h"
#include "app/commands/model_words.h"
#include "app/commands/use_model.h"
#include "app/setting_options.h"
#include "core/error_codes.h"
#include "jobs/chat_template_choice.h"
#include "text/data/row_builder.h"
#include "text/template/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::app {
namespace {

struct TokenizeOptions {
    std::vector<std::string> model;
    bool chat = false;
    bool lines = false;
    bool addSpecial = false;
};

/// One JSON array a line; with and without --json the same.
void printIds(Output& output, const std::vector<std::int32_t>& ids) {
    const Json json(ids);
    output.line(writeJsonLine(json));
    output.jsonLine(json);
}

void tokenizeLines(Output& output, const text::Tokenizer& tokenizer, std::string_view input,
                   bool addSpecial) {
    while (!input.empty()) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        printIds(output, tokenizer.encode(input.substr(0, end), text::SpecialTokens::Recognised, addSpecial));
        input.remove_prefix(std::min(end + 1, input.size()));
    }
}

/// The ids of the whole conversation as it is trained on.
Result<void> tokenizeChat(CommandContext& context, const text::Tokenizer& tokenizer,
                          const jobs::ModelEntry& entry, const std::string& input) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const auto json = parseJson(input, "standard input");
    if (!json) return json.error();
    const auto messages = messagesOf(*json, "standard input");
    if (!messages) return messages.error();
    const auto chatTemplate = jobs::chosenTemplate(entry.path, (*settings)->values.data.template_name);
    if (!chatTemplate) return chatTemplate.error();
    text::RenderOptions options;
    options.date = (*settings)->values.data.date;
    const auto segments = chatTemplate->render(*messages, options);
    if (!segments) return segments.error();
    const text::TokenRow row = text::encodeConversation(tokenizer, *chatTemplate, *segments);
    Json supervised = Json::array();
    for (const std::uint8_t isTarget : row.supervised)
        supervised.push_back(isTarget != 0);
    context.output().line(writeJsonLine(Json(row.tokens)));
    context.output().document(
        Json{{"token_ids", row.tokens}, {"supervised", supervised}, {"text", text::joinedText(*segments)}});
    return {};
}

Result<void> tokenize(CommandContext& context, const TokenizeOptions& options) {
    if (options.chat && options.lines)
        return Error{codes::kUsage, "tokenize: found --chat and --lines, expected one of them"};
    const auto entry = context.model(options.model, jobs::ModelUse::Files);
    if (!entry) return entry.error();
    const auto tokenizer = text::Tokenizer::load(entry->path);
    if (!tokenizer) return tokenizer.error();
    if (context.input().isTerminal()) context.output().message("Type text; end it with Ctrl-D.");
    const auto input = context.input().readAll();
    if (!input) return input.error();
    if (options.chat) return tokenizeChat(context, *tokenizer, *entry, *input);
    if (options.lines) {
        tokenizeLines(context.output(), *tokenizer, *input, options.addSpecial);
        return {};
    }
    const auto ids = tokenizer->encode(*input, text::SpecialTokens::Recognised, options.addSpecial);
    context.output().line(writeJsonLine(Json(ids)));
    context.output().document(Json{{"token_ids", ids}});
    return {};
}

} // namespace

CommandSpec tokenizeCommand(GlobalOptions& global) {
    const auto options = std::make_shared<TokenizeOptions>();
    CommandSpec command{"tokenize", "Token ids of the text on standard input",
                        "echo 'Hello' | llamahome tokenize smollm2 135m-instruct"};
    command.description =
        "Names of special tokens in the text mean these tokens. No special tokens are added.";
    addModelWords(command, options->model);
    command.flag("--chat", "the input is a JSON list of messages, each with role and content", options->chat);
    command.flag("--lines", "every line by itself, one JSON array of ids a line", options->lines);
    command.flag("--add-special", "add the tokens that the tokenizer puts around a text",
                 options->addSpecial);
    addSettingOptions(command, templateOptions(), global);
    command.run = [options](CommandContext& context) { return tokenize(context, *options); };
    return command;
}

} // namespace llamahome::app
