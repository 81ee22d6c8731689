// The README.md that goes with a model or adapter which leaves the program. Any thread but GUI.
#pragma once

#include <filesystem>
#include <string>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/library.h"

namespace llamahome::jobs {

/// What lies beside the card: a model as the Hub keeps it, an adapter of PEFT's, or a GGUF file with its
/// Modelfile.
enum class CardForm { Model, Adapter, Ollama };

/// What the card is of. `trainingRecord`: the adapter's training_record.yaml; empty where it has none.
struct CardSubject {
    std::string title; ///< the name of the folder that it goes into
    CardForm form = CardForm::Model;
    bool hasAdapter = false; ///< it is one, or one is merged into it
    ModelEntry base;
    std::string trainingRecord;
    std::string chatTemplate = {}; ///< the name of what it was trained with; empty: the base's own
};

/// Of a training record what others may know: run, base, data by their names, result, and the settings that
/// decide it. Folders of this machine, logging and the like are left out. The chat template stays, because an
/// adapter is asked by it. Empty for a text that is no YAML.
std::string publishedRecord(const std::string& trainingRecord);

/// Markdown with the Hub's header (base_model, license, library_name, tags): what it was made from, how it
/// was trained, how to load and to ask it, and, for models of Meta's licences, "Built with Llama" as they ask
/// for. `licenceFile`: the name of the licence's text beside it; empty: there is none.
std::string modelCard(const CardSubject& subject, const std::string& licenceFile);

inline constexpr const char* kModelCardName = "README.md";

/// Writes card and published record, where there is one, into `folder`, which has its licence already.
Result<void> writeCard(FileLayer& files, const std::filesystem::path& folder, const CardSubject& subject);

/// The text of an adapter's training record; empty where the folder has none.
Result<std::string> readTrainingRecord(const std::filesystem::path& adapterFolder);

} // namespace llamahome::jobs
