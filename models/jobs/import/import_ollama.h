// Ollama's store: manifests/HOST/NAMESPACE/MODEL/TAG, a JSON list of layers, and blobs/sha256-…, which they
// name. Any thread but GUI.
#pragma once

#include <filesystem>

#include "core/result.h"
#include "jobs/import/import_source.h"

namespace llamahome::jobs {

/// Whether a folder is such a store.
bool isOllamaStore(const std::filesystem::path& folder);

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

/// A GGUF file that is a blob; its content is compared with its name.
Result<ImportSource> inspectOllamaBlob(const std::filesystem::path& blob);

} // namespace llamahome::jobs
