// A model or adapter written for other programs: Hub folder, PEFT folder, GGUF model or adapter, Ollama. Not
// on the GUI thread; needs no engine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/bitsandbytes/quantised_view.h"
#include "formats/gguf/gguf_file_type.h"
#include "jobs/library/library.h"

namespace llamahome::jobs {

enum class ExportFormat {
    Hub,         ///< a folder in Hub layout; with an adapter: merged into the weights
    Peft,        ///< the adapter alone, a folder in PEFT's format
    Gguf,        ///< one file for llama.cpp; with an adapter: merged into the weights
    Ollama,      ///< a folder with a GGUF file and the Modelfile for `ollama create`
    GgufAdapter, ///< the adapter alone, one file for llama.cpp
};

struct ExportRequest {
    ModelEntry base;                        ///< usable
    std::optional<ModelEntry> adapter = {}; ///< usable; needed for Peft and GgufAdapter
    double scale = 1.0;                     ///< of the adapter, besides its own scaling
    ExportFormat format = ExportFormat::Hub;
    formats::GgufFileType type = formats::GgufFileType::Q8_0; ///< of the GGUF file
    std::filesystem::path target = {};                        ///< the new folder or file
    /// Of the layers' matrices of a Hub folder, as bitsandbytes stores them; none: whole, whatever the base.
    std::optional<formats::Quantisation> quantisation = {};
};

struct ExportResult {
    std::filesystem::path path;          ///< absolute
    std::uint64_t sizeBytes = 0;         ///< of all files
    std::vector<std::string> notes = {}; ///< what the other program will not know, in words
    std::string turnEnd = {};            ///< what exportChat() found of the model
};

/// Bytes that the result will have, read from the heads of files. The errors of a request that cannot be met:
/// EXP-02 no adapter, or a scaled one, where the adapter alone is wanted; EXP-04 the adapter does not fit; of
/// exportChat().
Result<std::uint64_t> forecastExport(const ExportRequest& request);

/// Whether the target can be written: EXP-01 it is there, FILE-03 too little room for the forecast's `bytes`.
/// Changes nothing.
Result<void> checkExportTarget(const ExportRequest& request, std::uint64_t bytes);

/// Writes it beside its place and gives it its name when it is whole and checked: its structure, and that
/// answers end for the model as they did in training (exportChat(), checkTurnEnd()). A card goes with every
/// folder. EXP-01 the target is there; FILE-03 too little room, before the first byte; ST-44 weights of a Hub
/// folder that are not finite. On any failure nothing of it stays. Memory: the largest tensor and the
/// adapter.
Result<ExportResult> exportModel(const ExportRequest& request, FileLayer& files, const CancelToken& cancel,
                                 const ProgressSink& progress);

} // namespace llamahome::jobs
