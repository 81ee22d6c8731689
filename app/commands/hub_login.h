// The secrets of a download: the Hub's token and Meta's link, from where they lie or from the person at the
// terminal. Never an argument, never shown. Main thread.
#pragma once

#include <string>

#include "app/command_context.h"
#include "core/result.h"
#include "download/hub_client.h"
#include "jobs/system/hub_tokens.h"
#include "network/transport.h"

namespace llamahome::app {

/// The Hub's address by the settings, and the token by keychain and environment.
Result<download::HubAccess> hubAccess(CommandContext& context);

/// The tokens of the Hub that the settings name.
Result<jobs::HubTokens> hubTokens(CommandContext& context);

/// Where the token comes from, "none", or why there is none: for people, without the token.
std::string tokenOrigin(CommandContext& context);

/// One line of standard input, which a terminal does not show; empty at its end. RUN-00.
Result<std::string> secretLine(CommandContext& context, const std::string& question);

/// Tells `why` and asks for a token, unseen; the Hub must know it. `why` itself where nobody can be asked or
/// nothing is typed; RUN-00.
Result<std::string> askToken(CommandContext& context, network::Transport& transport,
                             const download::HubAccess& access, const Error& why);

/// The link from Meta's e-mail: a line of standard input, asked for where that is a terminal. CLI-01 where
/// there is none.
Result<std::string> askMetaLink(CommandContext& context);

} // namespace llamahome::app
