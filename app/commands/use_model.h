// What `evaluate`, `generate` and `chat` have in common: which model, which adapter, how it runs. Main
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command_context.h"
#include "app/command_tree.h"
#include "jobs/open_model.h"

namespace llamahome::app {

struct UseOptions {
    std::vector<std::string> model;
    std::optional<std::string> adapter; ///< ADAPTER or ADAPTER:SCALE
    std::optional<std::string> scale;   ///< --scale
};

/// Adds MODEL, --adapter, --scale and the options about how the model runs.
void addUseOptions(CommandSpec& command, UseOptions& options, GlobalOptions& global);

/// The chosen adapter; nothing where none was given.
Result<std::optional<jobs::AdapterChoice>> adapterOf(CommandContext& context, const UseOptions& options);

/// The model that was named, or the base of the adapter that was. The choice is told where it was not typed.
Result<jobs::ModelEntry> modelOf(CommandContext& context, const UseOptions& options);

/// A model in use, with its name for messages.
struct ModelInUse {
    jobs::ModelEntry entry;
    std::optional<jobs::AdapterChoice> adapter;
    jobs::OpenModel open;
};

/// Finds, opens and loads with progress.
Result<ModelInUse> useModel(CommandContext& context, const UseOptions& options);

} // namespace llamahome::app
