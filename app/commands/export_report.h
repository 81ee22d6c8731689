// What `merge` and `export` have in common: whom it is about, the forecast, the work, what came of it. Main
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/command_context.h"
#include "jobs/export/export_model.h"

namespace llamahome::app {

/// What a GGUF file is packed as where nothing is said: small, and next to no loss.
inline constexpr std::string_view kDefaultGgufType = "q8_0";

/// An adapter is small, and computed with in fp32.
inline constexpr std::string_view kDefaultAdapterType = "f32";

/// The model and adapter of the words and of ADAPTER[:SCALE]; format, type and target are the caller's.
Result<jobs::ExportRequest> exportRequest(CommandContext& context, const std::vector<std::string>& model,
                                          const std::optional<std::string>& adapter);

/// Says the size to come, does it with progress, tells what was written and checked.
Result<void> runExport(CommandContext& context, const jobs::ExportRequest& request);

} // namespace llamahome::app
