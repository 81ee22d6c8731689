#include "jobs/library/samples.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/error_codes.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxSampleBytes = 32ULL << 20;

/// Regular files of a folder by name; none where it is not there.
std::vector<fs::path> regularFiles(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        std::error_code unreadable;
        if (entry->is_regular_file(unreadable)) found.push_back(entry->path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool isDataFile(const fs::path& path) {
    constexpr std::array<std::string_view, 4> kEndings{".jsonl", ".json", ".csv", ".txt"};
    const std::string ending = path.extension().string();
    return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end() &&
           path.stem().string().find("LICENSE") == std::string::npos;
}

} // namespace

Result<void> installSamples(FileLayer& files, const ShippedFiles& shipped, const DataRoot& root) {
    const std::vector<fs::path> bundled = regularFiles(shipped.samples());
    if (bundled.empty())
        return Error{codes::kShippedFiles,
                     displayPath(shipped.samples()) + ": found no sample data; install the program again"};
    if (auto made = files.makeDirectories(root.samples()); !made) return made;
    for (const fs::path& source : bundled) {
        const fs::path target = root.samples() / source.filename();
        std::error_code failure;
        if (fs::exists(fs::symlink_status(target, failure))) continue;
        const auto bytes = readFile(source, kMaxSampleBytes);
        if (!bytes) return bytes.error();
        if (auto written = writeFileAtomically(files, target, *bytes); !written) return written;
    }
    return {};
}

std::vector<fs::path> listSamples(const DataRoot& root) {
    std::vector<fs::path> found = regularFiles(root.samples());
    found.erase(
        std::remove_if(found.begin(), found.end(), [](const fs::path& path) { return !isDataFile(path); }),
        found.end());
    return found;
}

} // namespace llamahome::jobs
