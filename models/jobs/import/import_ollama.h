// Ollama's store: manifests/HOST/NAMESPACE/MODEL/TAG, a JSON list of layers, and blobs/sha256-…, which they
// name. Any thread but GUI.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "jobs/import/import_source.h"

namespace llamahome::jobs {

/// Whether a folder is such a store.
bool isOllamaStore(const std::filesystem::path& folder);

/// The manifest of what Ollama calls NAME, NAME:TAG, SOMEBODY/NAME:TAG or HOST/SOMEBODY/NAME:TAG ("latest"
/// where no tag is said), in the first of the stores that has it; empty where none has, or `name` is none.
std::filesystem::path ollamaManifest(const std::vector<std::filesystem::path>& stores,
                                     const std::filesystem::path& name);

/// IMP-01 for a store in place of a model in it; names those that are there.
Error refuseOllamaStore(const std::filesystem::path& store);

/// The end of a sentence about a name that no store has: which models there are, where any store is there.
std::string noSuchOllamaModel(const std::vector<std::filesystem::path>& stores);

/// Whether a file is such a manifest: a small JSON object with layers.
bool isOllamaManifest(const std::filesystem::path& file);

/// The model of a manifest, called NAME:TAG, as a GGUF with the licence beside it, its template and the texts
/// that end answers; notes name each other layer and setting, which is not taken over. Blobs are looked for
/// in the blobs/ beside the manifests/ that the file lies in; the import compares their content with the hash
/// that is their name (FILE-09). IMP-01 for a digest of another form, a blob that is missing or has another
/// size, no model or several, and by name for models that are made of an adapter, of pictures' encoders or of
/// single tensors.
Result<ImportSource> inspectOllama(const std::filesystem::path& manifest);

/// Whether a file bears the name of a blob, which is its hash.
bool isOllamaBlob(const std::filesystem::path& file);

/// A GGUF file that is a blob: the model of the first manifest of its store that names it, else the file
/// alone. Its content is compared with its name.
Result<ImportSource> inspectOllamaBlob(const std::filesystem::path& blob);

} // namespace llamahome::jobs
