// A conversation of the window as `llamahome chat` takes it. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <QString>

#include "config/settings.h"
#include "jobs/chat/conversation_store.h"
#include "jobs/library/library.h"

namespace llamahome::managers {

/// Model, adapter, scale, and what differs from `settings`; the turns are not part of it. Empty without a
/// model. `model`: its entry where it is known; `rootWords`: see rootWordsFor().
QString chatCommand(const jobs::Conversation& conversation, const std::optional<jobs::ModelEntry>& model,
                    const config::Settings& settings, const std::vector<std::string>& rootWords);

} // namespace llamahome::managers
