// A model opened for use: weights, tokenizer, template and adapter. The engine thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "llama/engine.h"
#include "text/template/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {

struct AdapterChoice {
    std::filesystem::path folder;
    double scale = 1.0;
};

struct OpenModel {
    std::unique_ptr<engine::LanguageModel> model;
    text::Tokenizer tokenizer;
    text::ChatTemplate chatTemplate;
};

/// `precision`: auto, bf16 or fp32. `templateName`: empty for the model's own. TPL-01 for a template that is
/// not known, naming the choices.
Result<OpenModel> openModel(engine::Engine& engine, const std::filesystem::path& folder,
                            const std::optional<AdapterChoice>& adapter, const std::string& precision,
                            const std::string& templateName, const CancelToken& cancel,
                            const ProgressSink& progress);

/// CLI-05 where a device, a setting's value, is not there.
Result<void> checkDevice(const std::string& device);

/// "bf16" and "fp32" as given, all else Auto.
engine::Precision precisionOf(const std::string& name);
/// The other way; "auto".
std::string precisionName(engine::Precision precision);

} // namespace llamahome::jobs
