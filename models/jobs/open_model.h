// A model opened for use: weights, tokenizer, template and adapter. The engine thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/file_layer.h"
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

/// How a model is opened; values as settings have them.
struct OpenOptions {
    std::string precision = "auto"; ///< auto, bf16 or fp32
    std::string quantise = "none";  ///< int8, nf4 or w8a8; others: weights as they are
    std::string templateName = {};  ///< empty: the model's own

    friend bool operator==(const OpenOptions&, const OpenOptions&) = default;
};

/// A model that is to be quantised, and is not already, is so once: its matrices are kept beside it
/// (quantised_cache.h), where `files` can write. TPL-01 for a template that is not known, naming the choices.
Result<OpenModel> openModel(engine::Engine& engine, FileLayer& files, const std::filesystem::path& folder,
                            const std::optional<AdapterChoice>& adapter, const OpenOptions& options,
                            const CancelToken& cancel, const ProgressSink& progress);

/// CLI-05 where a device, a setting's value, is not there.
Result<void> checkDevice(const std::string& device);

/// "bf16" and "fp32" as given, all else Auto.
engine::Precision precisionOf(const std::string& name);
/// The other way; "auto".
std::string precisionName(engine::Precision precision);

} // namespace llamahome::jobs
