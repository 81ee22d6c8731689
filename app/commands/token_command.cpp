#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/hub_login.h"
#include "core/error_codes.h"
#include "jobs/system/network_access.h"

namespace llamahome::app {
namespace {

/// The tokens, and the network to ask about them.
struct Desk {
    jobs::HubTokens tokens;
    std::unique_ptr<network::Transport> transport;
};

Result<Desk> openDesk(CommandContext& context) {
    auto tokens = hubTokens(context);
    if (!tokens) return tokens.error();
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const auto rules = jobs::networkRules((*settings)->values.model.hub, context.environment());
    if (!rules) return rules.error();
    auto transport = jobs::openNetwork(*rules);
    if (!transport) return transport.error();
    return Desk{std::move(*tokens), std::move(*transport)};
}

Result<void> show(CommandContext& context) {
    auto desk = openDesk(context);
    if (!desk) return desk.error();
    const jobs::TokenState state =
        desk->tokens.tried(*desk->transport, download::pauseForSeconds, context.cancel());
    Output& output = context.output();
    output.line("Token for " + desk->tokens.endpoint() + ": " + jobs::tokenWords(state));
    Json document{{"endpoint", desk->tokens.endpoint()},
                  {"origin", state.origin},
                  {"account", state.account},
                  {"works", !state.account.empty()},
                  {"keychain", desk->tokens.canKeep()}};
    if (state.problem) document["error"] = errorJson(*state.problem);
    output.document(document);
    return state.problem ? Result<void>(*state.problem) : Result<void>();
}

Result<void> keep(CommandContext& context) {
    auto desk = openDesk(context);
    if (!desk) return desk.error();
    const auto typed = secretLine(context, "Token of " + desk->tokens.endpoint() + ", which is not shown: ");
    if (!typed) return typed.error();
    if (typed->empty())
        return Error{codes::kUsage,
                     "token set: found nothing on standard input, expected the token; make one "
                     "at https://huggingface.co/settings/tokens"};
    const auto account =
        desk->tokens.keep(*typed, *desk->transport, download::pauseForSeconds, context.cancel());
    if (!account) return account.error();
    context.output().line("The keychain holds the token of " + *account + " now.");
    context.output().document(Json{{"account", *account}});
    return {};
}

Result<void> forget(CommandContext& context) {
    auto tokens = hubTokens(context);
    if (!tokens) return tokens.error();
    if (auto forgotten = tokens->forget(context.cancel()); !forgotten) return forgotten;
    const jobs::TokenState left = tokens->state(context.cancel());
    context.output().line("The keychain holds no token now. Left: " + jobs::tokenWords(left));
    context.output().document(Json{{"origin", left.origin}});
    return {};
}

} // namespace

CommandSpec tokenCommand() {
    CommandSpec setCommand{"set", "Keep a token in the system's keychain, when the Hub knows it",
                           "llamahome token set"};
    setCommand.description = "It is asked for, or read from standard input, and never an argument.";
    setCommand.run = keep;
    CommandSpec removeCommand{"remove", "Take the token out of the keychain", "llamahome token remove"};
    removeCommand.run = forget;
    CommandSpec command{"token", "The Hub's token: where it comes from, whether it works, keeping one",
                        "llamahome token"};
    command.description =
        "Without a sub-command it shows where the token comes from and asks the Hub whose it is.";
    command.run = show;
    command.commands = {setCommand, removeCommand};
    return command;
}

} // namespace llamahome::app
