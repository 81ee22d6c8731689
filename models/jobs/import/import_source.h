// What an import is asked to take over: its form, its files, its name. Any thread but GUI.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "jobs/import/ollama_settings.h"

namespace llamahome::jobs {

enum class SourceForm {
    HubFolder,
    Gguf,
    Meta,
    Pickled, ///< a Hub folder whose weights are in pytorch_model.bin
    Adapter, ///< a folder as PEFT writes it
};

/// Whether an import of that form writes other files than it reads.
constexpr bool isConverted(SourceForm form) {
    return form != SourceForm::HubFolder && form != SourceForm::Adapter;
}

struct SourceFile {
    std::string name;           ///< in the model's folder
    std::filesystem::path path; ///< links resolved
    std::uint64_t sizeBytes = 0;
    std::string expectedSha256 = {}; ///< what the Hub's cache or Ollama's store says; empty: nothing is known
    std::string origin = {};         ///< who says so
    bool isWeights = false;
};

struct ImportSource {
    SourceForm form = SourceForm::HubFolder;
    std::filesystem::path place; ///< the folder that the files are in, as messages name it; a Gguf: the file
    std::vector<SourceFile> files; ///< all that is read or copied; of a Gguf its parts stand first
    std::string name;              ///< for the manifest and messages: a Hub id, a folder's or file's name
    std::string commit;            ///< of a Hub's cache entry
    std::string organisation;      ///< of a Hub's cache entry
    std::string suggestedName;     ///< to import as when nothing else is said
    /// What the user should know, in words: parts of the source that are not taken over.
    std::vector<std::string> notes;
    OllamaSettings ollamaSettings; ///< of Ollama's store
    bool isInstructByName = false; ///< Meta's files do not say it; the names that they come under may
    std::uint64_t resultBytes = 0; ///< of the model's folder
    std::uint64_t parameters = 0;  ///< of the model; 0: not known, an adapter
};

/// Where models of other programs are looked for by their names.
struct SourcePlaces {
    std::filesystem::path hubCache = {};                  ///< the Hub client's cache; empty: nowhere
    std::vector<std::filesystem::path> ollamaStores = {}; ///< those that are there are looked into, in order
    std::vector<std::filesystem::path> lmStudioFolders = {}; ///< likewise
};

/// Whether a file of that name is taken over with a model; every file that an import writes has such a name.
bool belongsToModel(std::string_view name);

/// Looks at a folder in Hub layout (safetensors, else pytorch_model.bin), in Meta's or PEFT's, or at a file
/// of its weights, an entry of the Hub's cache (models--org--name, or its snapshot), a GGUF file by its name
/// or its content, or a manifest or a blob of Ollama's store. A path that is not there may be a Hub id
/// ("org/name"), Ollama's name of a model ("llama3.2:1b", "somebody/name:tag") or LM Studio's
/// ("publisher/repository", with a file's name behind), which is looked for in `places`. IMP-01 says what was
/// found instead; FILE-01 when there is nothing; else the error of format or structure.
Result<ImportSource> inspectSource(const std::filesystem::path& path, const SourcePlaces& places = {});

/// The same for what is known to be a GGUF file.
Result<ImportSource> inspectGguf(const std::filesystem::path& path);

} // namespace llamahome::jobs
