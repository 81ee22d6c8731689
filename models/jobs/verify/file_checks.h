// The checks of a folder's files against its manifest. Any thread but GUI.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel_token.h"
#include "core/error.h"
#include "core/progress.h"
#include "jobs/library/manifest.h"

namespace llamahome::jobs {

/// A file that is not as its manifest has it.
struct FileProblem {
    std::string name;
    Error error; ///< VER-01 missing, VER-02 another size, FILE-02 nobody may read it, FILE-09 another hash
};

/// Where a file is a link to what is not there, in words with the next step; the first. Nothing where none
/// is.
std::optional<std::string> missingLink(const std::filesystem::path& folder, const Manifest& manifest);

/// Files that are missing, unreadable by their mode or of another size. In the order of the manifest.
std::vector<FileProblem> checkSizes(const std::filesystem::path& folder, const Manifest& manifest);

/// Files whose bytes are others; those that cannot be read, with the error. Ends early on cancel. Progress in
/// bytes.
std::vector<FileProblem> checkHashes(const std::filesystem::path& folder, const Manifest& manifest,
                                     const CancelToken& cancel, const ProgressSink& progress);

/// Names in the folder that the manifest has not, sorted.
std::vector<std::string> unlistedFiles(const std::filesystem::path& folder, const Manifest& manifest);

/// Whether a file may be others than recorded and the model whole all the same: its other checks tell.
/// Weights may not, since no check sees a changed number.
bool mayBeRecordedAnew(std::string_view name);

} // namespace llamahome::jobs
