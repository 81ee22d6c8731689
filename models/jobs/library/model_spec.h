// From what a person typed for MODEL or ADAPTER to an installed one. Any thread but GUI.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/environment.h"
#include "core/result.h"
#include "formats/bitsandbytes/quantised_view.h"
#include "jobs/library/library.h"

namespace llamahome::jobs {

/// What the model is wanted for: decides whether and against which figure memory is checked.
enum class ModelUse { Files, Chat, Train };

struct ModelRequest {
    std::vector<std::string>
        words; ///< {"smollm2","135m-instruct"}, {"llama/3.2-1b"}, {"org/name"}, a path, or none
    config::Environment environment; ///< for the LLAMA_* variables, used where there are no words
    ModelUse use = ModelUse::Files;
    std::uint64_t memoryBytes = 0; ///< what the machine has for it; 0: not checked
    std::string adapter = {};      ///< name or folder of the adapter to use; without words its base is meant
    std::optional<formats::Quantisation> quantisation = {}; ///< how the model will be kept in memory
};

/// An installed, usable model. FAMILY alone is its default version; no words: the variables, else the base of
/// the adapter, else the only usable model that is installed, else the first family's default; `notice` tells
/// which it was. CAT-02 and CAT-03 name the nearest known. LIB-05: too large for this machine, the
/// largest that fits is named, installed ones first; looked at before whether it is installed. LIB-03: not
/// installed, with the next step and those that are. LIB-04: damaged or offline. IMP-01: a .gguf path, which
/// is imported first. LIB-08: wrong words.
Result<ModelEntry> resolveModel(const Library& library, const ModelRequest& request);

/// The same without being installed: what `download` and `remove` take.
Result<ModelEntry> resolveKnownModel(const Library& library, const std::vector<std::string>& words,
                                     const config::Environment& environment);

/// The base_model_name_or_path of an adapter's adapter_config.json; may be empty.
Result<std::string> baseNameOfAdapter(const ModelEntry& adapter);

/// The model among `models` that an adapter belongs to: the one that it names (`baseName`), else the one that
/// its manifest records, as an import by fitting shapes does. Null where neither is among them.
const ModelEntry* baseAmong(const std::vector<ModelEntry>& models, const ModelEntry& adapter,
                            const std::string& baseName);

/// The usable model that an adapter was made from, by baseAmong(). LIB-03 where that is not installed.
Result<ModelEntry> baseOfAdapter(const Library& library, const ModelEntry& adapter);

/// Whether `base`, as baseNameOfAdapter() gives it, means this model.
bool isBase(const ModelEntry& model, const std::string& base);

/// A name from `models` or the path of a folder with adapter_config.json. LIB-06 names the nearest.
Result<ModelEntry> resolveAdapter(const Library& library, const std::string& nameOrFolder);

/// "smollm2_135m-instruct_finetuned:0.5" in its parts; scale 1 without one. LIB-07 for a scale that is no
/// number from 0 to 100.
struct AdapterOption {
    std::string nameOrFolder;
    double scale = 1.0;
};
Result<AdapterOption> parseAdapterOption(const std::string& text);

} // namespace llamahome::jobs
