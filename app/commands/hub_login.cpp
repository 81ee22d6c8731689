#include "app/commands/hub_login.h"

#include "config/hub_token.h"
#include "core/error_codes.h"

namespace llamahome::app {

Result<std::string> secretLine(CommandContext& context, const std::string& question) {
    if (context.input().isTerminal()) context.output().question(question);
    std::string line;
    const auto status = context.input().readSecret(line);
    if (context.input().isTerminal()) context.output().question("\n");
    if (!status) return status.error();
    if (*status == Input::Status::Interrupted)
        return Error{codes::kCancelled, "stopped; nothing was changed"};
    return *status == Input::Status::End ? std::string() : config::trimmedToken(line);
}

Result<jobs::HubTokens> hubTokens(CommandContext& context) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    return jobs::HubTokens::of((*settings)->values.model.hub, context.environment());
}

Result<download::HubAccess> hubAccess(CommandContext& context) {
    auto tokens = hubTokens(context);
    if (!tokens) return tokens.error();
    auto token = tokens->find(context.cancel());
    if (!token) return token.error();
    return download::HubAccess{tokens->endpoint(), std::move(token->text)};
}

std::string tokenOrigin(CommandContext& context) {
    auto tokens = hubTokens(context);
    return tokens ? jobs::tokenWords(tokens->state(context.cancel())) : tokens.error().message;
}

Result<std::string> askToken(CommandContext& context, network::Transport& transport,
                             const download::HubAccess& access, const Error& why) {
    if (!context.input().isTerminal()) return why;
    context.output().message(why.message);
    const auto typed =
        secretLine(context, "Token of the Hub, which is not shown and not kept (nothing: stop): ");
    if (!typed) return typed.error();
    if (typed->empty()) return why;
    if (const std::string fault = config::faultOfToken(*typed); !fault.empty())
        return Error{codes::kHubToken, "token: " + fault + ", expected one such as hf_…; copy it again"};
    const auto name =
        download::whoAmI(transport, {access.endpoint, *typed}, download::pauseForSeconds, context.cancel());
    if (!name) return name.error();
    context.output().message("The Hub knows this token as that of " + *name + ".");
    return *typed;
}

Result<std::string> askMetaLink(CommandContext& context) {
    auto link = secretLine(context, "Link from Meta's e-mail, which is not shown and not kept: ");
    if (!link) return link.error();
    if (link->empty())
        return Error{codes::kUsage,
                     "--source meta: found no link on standard input, expected the one from Meta's e-mail; "
                     "ask for it at https://www.llama.com/llama-downloads/"};
    return std::move(*link);
}

} // namespace llamahome::app
