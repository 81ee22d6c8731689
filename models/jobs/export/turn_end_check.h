// The check that ends every export of a folder: an answer ends for the model as it was trained to end. Any
// thread but GUI.
#pragma once

#include <filesystem>

#include "core/result.h"
#include "jobs/export/export_chat.h"

namespace llamahome::jobs {

/// Reads the written folder back, as whoever loads it will: its tokenizer stops at every token that `chat`
/// ends answers with, and its chat template is the one that was written. EXP-03 where they disagree.
Result<void> checkTurnEnd(const std::filesystem::path& folder, const ExportChat& chat);

} // namespace llamahome::jobs
