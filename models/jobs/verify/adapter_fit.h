// Whether an adapter belongs to a model: by its matrices, and by what its training recorded. Any thread but
// GUI.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/library/library.h"

namespace llamahome::jobs {

/// Every matrix and bias of the adapter has its place in the base's configuration. LORA-xx, ARCH-xx; `folder`
/// is the adapter's, for messages.
Result<void> checkAdapterFits(const ModelEntry& base, const std::filesystem::path& folder,
                              const formats::PeftAdapter& adapter);

/// Whether the adapter was trained on these files of the model. EXP-04 where its training record names
/// others. Gives what speaks for it in words, or an empty text where nothing does: the model is only of that
/// shape.
Result<std::string> trainedOn(const ModelEntry& base, const ModelEntry& adapter, const std::string& record,
                              const std::string& baseName);

/// The same for a table of checks: EXP-04, too, where nothing speaks for it.
Result<std::string> checkTrainedOn(const ModelEntry& base, const ModelEntry& adapter,
                                   const std::string& baseName);

/// What to say where trainedOn() found nothing.
std::string baseDoubt(const ModelEntry& base, const ModelEntry& adapter, const std::string& baseName);

} // namespace llamahome::jobs
