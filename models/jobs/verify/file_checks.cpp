#include "jobs/verify/file_checks.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/hash.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// By its mode: a program that runs as root may read every file, and others of the same user may not.
bool isUnreadable(const fs::path& path) {
    std::error_code failure;
    const fs::perms mode = fs::status(path, failure).permissions();
    constexpr fs::perms kRead = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
    return !failure && (mode & kRead) == fs::perms::none;
}

} // namespace

std::optional<std::string> missingLink(const fs::path& folder, const Manifest& manifest) {
    for (const ManifestFile& file : manifest.files) {
        const fs::path path = folder / file.path;
        std::error_code failure;
        if (!fs::is_symlink(fs::symlink_status(path, failure)) || fs::exists(path, failure)) continue;
        return file.path + " is a link to " + displayPath(fs::read_symlink(path, failure)) +
               ", which is not there; connect its disk, or import the model anew";
    }
    return {};
}

std::vector<FileProblem> checkSizes(const fs::path& folder, const Manifest& manifest) {
    std::vector<FileProblem> problems;
    for (const ManifestFile& file : manifest.files) {
        const fs::path path = folder / file.path;
        const std::string shown = displayPath(path);
        const auto size = fileSize(path);
        if (!size)
            problems.push_back(
                {file.path,
                 Error{codes::kVerifyMissing, shown + ": missing or no regular file", size.error().message}});
        else if (isUnreadable(path))
            problems.push_back({file.path, Error{codes::kFilePermission, shown + ": nobody may read it"}});
        else if (*size != file.sizeBytes)
            problems.push_back({file.path, Error{codes::kVerifySize,
                                                 shown + ": found " + std::to_string(*size) +
                                                     " bytes, expected " + std::to_string(file.sizeBytes)}});
    }
    return problems;
}

std::vector<FileProblem> checkHashes(const fs::path& folder, const Manifest& manifest,
                                     const CancelToken& cancel, const ProgressSink& progress) {
    std::vector<FileProblem> problems;
    Progress state{"hashing", 0, manifest.totalBytes(), "bytes"};
    for (const ManifestFile& file : manifest.files) {
        const fs::path path = folder / file.path;
        const std::uint64_t before = state.done;
        const auto digest = sha256File(path, cancel, [&](const Progress& step) {
            state.done = before + std::min(step.done, file.sizeBytes);
            if (progress) progress(state);
        });
        if (cancel.isCancelled()) return problems;
        if (!digest)
            problems.push_back({file.path, digest.error()});
        else if (*digest != file.sha256)
            problems.push_back(
                {file.path, Error{codes::kHashMismatch,
                                  displayPath(path) + ": its bytes are not those that were imported",
                                  "found " + *digest + ", expected " + file.sha256}});
        state.done = before + file.sizeBytes;
    }
    return problems;
}

std::vector<std::string> unlistedFiles(const fs::path& folder, const Manifest& manifest) {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator one(folder, failure), end; !failure && one != end; one.increment(failure)) {
        const std::string name = displayPath(one->path().filename());
        const auto isListed = [&](const ManifestFile& file) { return file.path == name; };
        if (!isProgramsOwn(name) && std::none_of(manifest.files.begin(), manifest.files.end(), isListed))
            names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool mayBeRecordedAnew(std::string_view name) {
    return !name.ends_with(".safetensors");
}

} // namespace llamahome::jobs
