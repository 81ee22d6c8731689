// What an import is asked to take over: its form, its files, its name. Any thread but GUI.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::jobs {

enum class SourceForm { HubFolder, Gguf, Meta };

/// Whether an import of that form writes other files than it reads.
constexpr bool isConverted(SourceForm form) {
    return form != SourceForm::HubFolder;
}

struct SourceFile {
    std::string name;           ///< in the model's folder
    std::filesystem::path path; ///< links resolved
    std::uint64_t sizeBytes = 0;
    std::string expectedSha256 = {}; ///< what the Hub's cache says; empty: nothing is known
    bool isWeights = false;
};

struct ImportSource {
    SourceForm form = SourceForm::HubFolder;
    std::filesystem::path place; ///< the folder that the files are in, as messages name it; a Gguf: the file
    std::vector<SourceFile> files; ///< of a Gguf: all its parts; of Meta's folder: all that is read or copied
    std::string name;              ///< for the manifest and messages: a Hub id, a folder's or file's name
    std::string commit;            ///< of a Hub's cache entry
    std::string organisation;      ///< of a Hub's cache entry
    std::string suggestedName;     ///< to import as when nothing else is said
    bool isInstructByName = false; ///< Meta's files do not say it; the names that they come under may
    std::uint64_t resultBytes = 0; ///< of the model's folder
};

/// Whether a file of that name is taken over with a model; every file that an import writes has such a name.
bool belongsToModel(std::string_view name);

/// Looks at a folder in Hub layout or in Meta's (or a file of its weights), an entry of the Hub's cache
/// (models--org--name, or its snapshot) or a .gguf file. IMP-01 says what was found instead; IMP-02 names
/// forms that are not read yet (pickled weights in Hub layout); FILE-01 when there is nothing.
Result<ImportSource> inspectSource(const std::filesystem::path& path);

} // namespace llamahome::jobs
