// llamahome.json: what a finished model or adapter folder consists of. Written last. Values; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"

namespace llamahome::jobs {

inline constexpr std::string_view kManifestName = "llamahome.json";
/// Whether a file in a model's folder is the program's own: the manifest, or what is written beside a model
/// later and is no part of it.
bool isProgramsOwn(std::string_view name);
inline constexpr std::string_view kModelKind = "model";
inline constexpr std::string_view kAdapterKind = "adapter";

struct ManifestFile {
    std::string path;            ///< a plain name in the folder
    std::uint64_t sizeBytes = 0; ///< key `size`
    std::string sha256;          ///< 64 lower-case hex digits
    std::string origin;          ///< who said that this is the right hash: "first seen", "the Hub", …
};

/// Identity is the digest; the names are labels.
struct Manifest {
    std::string kind = std::string(kModelKind);
    std::string family;
    std::string version;
    std::string source; ///< where it came from: a Hub id, or the name of a file or folder
    std::string commit; ///< of the source on the Hub; empty: none is known
    /// Key `source_sha256`, left out where empty: of the file that was converted, or over those of several.
    std::string sourceSha256;
    std::vector<ManifestFile> files;
    std::string digest; ///< over configuration, weights and tokenizer files

    std::uint64_t totalBytes() const;
};

/// Reads and checks the manifest of a folder: bounded, no name twice (case aside), every name plain, every
/// hash well formed, the digest that of the files. FILE-01 where there is none; LIB-01 for anything wrong;
/// LIB-02 for a newer schema.
Result<Manifest> readManifest(const std::filesystem::path& folder);
Result<Manifest> parseManifest(std::string_view text, const std::string& what);

/// Writes it whole or not at all. The last file that a folder gets.
Result<void> writeManifest(FileLayer& files, const std::filesystem::path& folder, const Manifest& manifest);

/// Hashes every file of `folder` (links are followed; sub-folders and the program's own files are left out)
/// into `labels`, whose files and digest are replaced. Files are ordered by name. Unit of progress: bytes.
Result<Manifest> buildManifest(const std::filesystem::path& folder, Manifest labels, std::string_view origin,
                               const CancelToken& cancel, const ProgressSink& progress);

/// Whether the manifest is of a model of the Hub's: its source is the id there, proved by the commit. The
/// name that a person gave may look like an id and be none.
bool isFromHub(const Manifest& manifest);

/// Whether the Hub has the files as they lie there, so that single ones can be fetched anew: they are from
/// it, and not converted.
bool hasFilesOfHub(const Manifest& manifest);

/// SHA-256 over name and hash of those files that make the model what it is, in order of name: configuration,
/// weights, tokenizer, template; adapters and Meta's files likewise. Licence and read-me don't count.
std::string manifestDigest(const std::vector<ManifestFile>& files);

} // namespace llamahome::jobs
