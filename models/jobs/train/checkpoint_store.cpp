#include "jobs/train/checkpoint_store.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/error_codes.h"
#include "core/log.h"
#include "jobs/library/folder_files.h"
#include "jobs/train/checkpoint_files.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kRemoved = ".old";
constexpr std::size_t kDigits = 6;
constexpr std::uint64_t kNamesBytes = 64U << 10;

std::string nameOf(std::int64_t step) {
    const std::string digits = std::to_string(step);
    return std::string(kPrefix) + std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

std::optional<std::int64_t> stepOf(std::string_view name) {
    if (!name.starts_with(kPrefix)) return std::nullopt;
    const std::string_view digits = name.substr(kPrefix.size());
    std::int64_t step = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), step);
    if (parsed.ec != std::errc{} || step < 0 || nameOf(step) != name) return std::nullopt;
    return step;
}

fs::path withSuffix(const fs::path& folder, std::string_view suffix) {
    return folder.parent_path() / (displayPath(folder.filename()) + std::string(suffix));
}

} // namespace

CheckpointStore::CheckpointStore(FileLayer& files, fs::path folder, int keep, std::string baseModel)
    : m_files(files)
    , m_folder(std::move(folder))
    , m_keep(static_cast<std::size_t>(std::max(1, keep)))
    , m_baseModel(std::move(baseModel)) {}

fs::path CheckpointStore::folderOf(std::int64_t step) const {
    return m_folder / nameOf(step);
}

std::vector<std::int64_t> CheckpointStore::steps() const {
    std::vector<std::int64_t> found;
    for (const std::string& name : entryNames(m_folder))
        if (const auto step = stepOf(name)) found.push_back(*step);
    std::sort(found.begin(), found.end());
    return found;
}

Result<void> CheckpointStore::clearLeftovers() {
    for (const std::string& name : entryNames(m_folder)) {
        const bool isOurs =
            name.starts_with(kPrefix) && (name.ends_with(kTemporary) || name.ends_with(kRemoved));
        if (!isOurs) continue;
        if (auto removed = removeTree(m_files, m_folder / name); !removed) return removed;
    }
    return {};
}

Result<fs::path> CheckpointStore::write(const engine::TrainState& state) {
    const fs::path folder = folderOf(state.step);
    const auto there = load(state.step);
    if (there && there->state.evaluationDue == state.evaluationDue) return folder;
    const fs::path temporary = withSuffix(folder, kTemporary);
    const auto finish = [&]() -> Result<void> {
        if (auto done = m_files.makeDirectories(m_folder); !done) return done;
        if (auto done = clearLeftovers(); !done) return done;
        if (auto done = m_files.makeDirectory(temporary); !done) return done;
        if (auto done = writeCheckpointFiles(m_files, temporary, state, m_baseModel); !done) return done;
        if (auto done = m_files.syncDirectory(temporary); !done) return done;
        return replace(temporary, folder);
    };
    if (auto finished = finish(); !finished) {
        (void)removeTree(m_files, temporary);
        return finished.error().within("checkpoint of step " + std::to_string(state.step));
    }
    if (auto rotated = rotate(state); !rotated)
        logLine(LogLevel::Warning, "jobs", "old checkpoints stay: " + rotated.error().message);
    return folder;
}

Result<void> CheckpointStore::replace(const fs::path& temporary, const fs::path& folder) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(folder, ignored))) {
        const auto exchanged = m_files.exchange(temporary, folder);
        if (!exchanged) return exchanged.error();
        if (*exchanged) return m_files.syncDirectory(m_folder); // the rotation clears the old one away
        if (auto done = m_files.rename(folder, withSuffix(folder, kRemoved)); !done) return done;
    }
    if (auto done = m_files.rename(temporary, folder); !done) return done;
    return m_files.syncDirectory(m_folder);
}

Result<void> CheckpointStore::rotate(const engine::TrainState& newest) {
    std::vector<std::int64_t> older = steps();
    std::erase_if(older, [&](std::int64_t step) { return step >= newest.step; });
    std::size_t kept = 1;
    for (auto step = older.rbegin(); step != older.rend(); ++step) {
        const fs::path folder = folderOf(*step);
        const bool isInWindow = kept < m_keep;
        if (isInWindow && verifyCheckpointFiles(folder, CheckpointProof::Sizes)) ++kept;
        if (isInWindow || (newest.best && newest.best->step == *step)) continue;
        if (auto done = m_files.rename(folder, withSuffix(folder, kRemoved)); !done) return done;
    }
    return clearLeftovers();
}

Result<LoadedCheckpoint> CheckpointStore::load(std::int64_t step) const {
    const fs::path folder = folderOf(step);
    if (auto verified = verifyCheckpointFiles(folder, CheckpointProof::Hashes); !verified)
        return verified.error();
    auto state = readCheckpointFiles(folder);
    if (!state) return state.error();
    if (state->step != step)
        return Error{codes::kCheckpointDamaged, displayPath(folder) + ": found the state of step " +
                                                    std::to_string(state->step) + ", expected " +
                                                    std::to_string(step)};
    return LoadedCheckpoint{folder, std::move(*state), {}};
}

Result<LoadedCheckpoint> CheckpointStore::loadNewest(std::int64_t lastStep) const {
    std::vector<std::int64_t> all = steps();
    std::erase_if(all, [&](std::int64_t step) { return step > lastStep; });
    std::vector<std::string> skipped;
    for (auto step = all.rbegin(); step != all.rend(); ++step) {
        auto loaded = load(*step);
        if (loaded) {
            loaded->skipped = std::move(skipped);
            return loaded;
        }
        skipped.push_back(loaded.error().message);
    }
    std::string detail;
    for (const std::string& line : skipped)
        detail += line + "\n";
    const std::string found = all.empty() ? "no checkpoint" : "none that verifies";
    return Error{codes::kNoCheckpoint,
                 displayPath(m_folder) + ": found " + found +
                     ", expected one to go on from; start the run anew, nothing was "
                     "deleted",
                 detail};
}

Result<void> CheckpointStore::dropAfter(std::int64_t step) {
    for (const std::int64_t later : steps()) {
        if (later <= step) continue;
        const fs::path folder = folderOf(later);
        if (auto done = m_files.rename(folder, withSuffix(folder, kRemoved)); !done) return done;
    }
    return clearLeftovers();
}

std::uint64_t checkpointBytes(std::uint64_t loraParameters) {
    constexpr std::uint64_t kCopies = 3;
    return kCopies * sizeof(float) * loraParameters + kNamesBytes;
}

} // namespace llamahome::jobs
