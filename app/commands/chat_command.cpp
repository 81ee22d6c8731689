#include "app/command_context.h"
#include "app/commands/chat_loop.h"
#include "app/commands/commands.h"
#include "app/commands/use_model.h"
#include "app/setting_options.h"

namespace llamahome::app {
namespace {

Result<void> chat(CommandContext& context, const UseOptions& options) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    auto use = useModel(context, options);
    if (!use) return use.error();
    const config::Settings& values = (*settings)->values;
    jobs::AnswerOptions answering = jobs::answerOptions(values.model.generation);
    answering.date = values.data.date;
    return ChatLoop(context, *use, std::move(answering), values.model.chat.system).run();
}

} // namespace

CommandSpec chatCommand(GlobalOptions& global) {
    const auto options = std::make_shared<UseOptions>();
    CommandSpec command{"chat", "Talk to a model in the terminal",
                        "llamahome chat smollm2 135m-instruct --adapter smollm2_135m-instruct_finetuned"};
    command.description =
        "Answers appear as they are made. /help lists the commands of the conversation; Ctrl-C stops "
        "an answer. With text on standard input each line is a message.";
    addUseOptions(command, *options, global);
    addGreedyFlag(command, global);
    addSettingOptions(command, samplingOptions(), global);
    command.run = [options](CommandContext& context) { return chat(context, *options); };
    return command;
}

} // namespace llamahome::app
