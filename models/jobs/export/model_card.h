// The README.md that goes with a model or adapter which leaves the program. Any thread but GUI.
#pragma once

#include <filesystem>
#include <string>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/library.h"

namespace llamahome::jobs {

/// What the card is of. `trainingRecord`: the adapter's training_record.yaml; empty where it has none.
struct CardSubject {
    std::string title; ///< the name of the folder that it goes into
    bool isAdapter = false;
    ModelEntry base;
    std::string trainingRecord;
    std::string chatTemplate = {}; ///< the name of what it was trained with; empty: the base's own
};

/// Markdown with the Hub's header (base_model, license, library_name, tags): what it was made from, how it
/// was trained, how to load and to ask it, and, for models of Meta's licences, "Built with Llama" as they ask
/// for.
std::string modelCard(const CardSubject& subject);

inline constexpr const char* kModelCardName = "README.md";

/// Writes card and training record, where there is one, into `folder`.
Result<void> writeCard(FileLayer& files, const std::filesystem::path& folder, const CardSubject& subject);

/// The text of an adapter's training record; empty where the folder has none.
Result<std::string> readTrainingRecord(const std::filesystem::path& adapterFolder);

} // namespace llamahome::jobs
