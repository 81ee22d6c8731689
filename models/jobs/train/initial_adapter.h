// The adapter that a run goes on training from (--init-adapter). Any thread but GUI.
#pragma once

#include <filesystem>

#include "config/training_settings.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "formats/peft/peft_adapter.h"

namespace llamahome::jobs {

/// Reads it with its scaling said as alpha / r, as settings and checkpoints say it, so that a resumed run
/// computes with the same number. PEFT-xx, ST-xx: no adapter; LORA-xx: none that `model` can take.
Result<formats::PeftAdapter> readInitialAdapter(const std::filesystem::path& folder,
                                                const formats::ModelConfig& model);

/// Takes rank, alpha and targets from the adapter: what is trained is that one.
void adoptShape(const formats::PeftAdapter& adapter, config::LoraSettings& lora);

} // namespace llamahome::jobs
