#include "jobs/train/run_folder.h"

#include <algorithm>

#include "config/settings_writer.h"
#include "core/error_codes.h"
#include "core/json.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxNameBytes = 100;
constexpr int kMaxRuns = 100'000;

bool isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

Error nameTaken(const fs::path& folder, const std::string& name) {
    const auto record = readRunRecord(folder);
    const bool isFinished = record && record->state == RunState::Finished;
    return Error{codes::kRunExists,
                 "--name: a run called '" + name + "' is there already (" + displayPath(folder) +
                     "); choose another name" +
                     (isFinished ? "" : ", or go on with it: `llamahome resume " + name + "`")};
}

/// Makes the folder that nobody else has: exclusive creation is the claim.
Result<fs::path> claim(FileLayer& files, const fs::path& checkpoints, const std::string& name,
                       const std::string& stem) {
    if (!name.empty()) {
        if (auto checked = checkPlainRunName("--name", name); !checked) return checked.error();
        const auto made = files.makeDirectory(checkpoints / name);
        if (made) return checkpoints / name;
        if (made.error().code != codes::kFileExists) return made.error();
        return nameTaken(checkpoints / name, name);
    }
    for (int n = 1; n < kMaxRuns; ++n) {
        const fs::path candidate = checkpoints / (stem + "-" + std::to_string(n));
        std::error_code ignored;
        if (fs::exists(fs::symlink_status(candidate, ignored))) continue;
        const auto made = files.makeDirectory(candidate);
        if (made) return candidate;
        if (made.error().code != codes::kFileExists) return made.error();
    }
    return Error{codes::kRunExists, displayPath(checkpoints) + ": every name from " + stem + "-1 is taken; " +
                                        "remove old runs, or give a name with --name"};
}

} // namespace

RunFolder::RunFolder(FileLayer& files, fs::path path, RunRecord record)
    : m_files(&files)
    , m_path(std::move(path))
    , m_record(std::move(record)) {}

Result<void> checkPlainRunName(std::string_view what, const std::string& name) {
    const bool isPlain = !name.empty() && name.size() <= kMaxNameBytes && name.front() != '.' &&
                         name.front() != '-' && std::all_of(name.begin(), name.end(), isNameCharacter);
    if (isPlain) return {};
    return Error{codes::kRunName, std::string(what) + ": found '" + name +
                                      "', expected up to 100 letters, digits, '.', '_' or '-' that do not "
                                      "begin with '.' or '-'; choose another name"};
}

Result<void> checkRunName(const fs::path& checkpoints, const std::string& name) {
    if (name.empty()) return {};
    if (auto checked = checkPlainRunName("--name", name); !checked) return checked;
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(checkpoints / name, ignored))) return {};
    return nameTaken(checkpoints / name, name);
}

Result<RunFolder> RunFolder::create(FileLayer& files, const fs::path& checkpoints, const std::string& name,
                                    const config::Settings& settings, RunRecord record, const Clock& clock) {
    if (auto made = files.makeDirectories(checkpoints); !made) return made.error();
    const auto path = claim(files, checkpoints, name, runStem(record.family, record.version));
    if (!path) return path.error();
    record.state = RunState::Running;
    record.startedAt = formatUtc(clock.now());
    RunFolder run(files, *path, std::move(record));
    const std::string yaml =
        config::writeSettingsYaml(settings, {"All settings of the run " + run.name() + ", as resolved."});
    auto fill = [&]() -> Result<void> {
        if (auto done = writeFileAtomically(files, run.configFile(), yaml); !done) return done;
        run.m_life = LifeLock::take(run.configFile());
        if (auto done = run.update(run.m_record, clock); !done) return done;
        return files.syncDirectory(checkpoints);
    };
    if (auto filled = fill(); !filled) {
        (void)removeTree(files, *path);
        return filled.error();
    }
    return run;
}

Result<RunFolder> RunFolder::open(FileLayer& files, const fs::path& folder) {
    const auto record = readRunRecord(folder);
    if (!record) return record.error();
    RunFolder run(files, folder, *record);
    run.m_life = LifeLock::take(run.configFile());
    return run;
}

std::string RunFolder::name() const {
    return displayPath(m_path.filename());
}

Result<void> RunFolder::update(RunRecord record, const Clock& clock) {
    record.updatedAt = formatUtc(clock.now());
    record.process = ProcessMark::ofThisProcess();
    record.holdsLifeLock = m_life.isHeld();
    if (auto written = writeFileAtomically(*m_files, recordFile(), writeJson(runRecordJson(record)));
        !written)
        return written;
    m_record = std::move(record);
    return {};
}

bool isRunAlive(const fs::path& folder, const RunRecord& record) {
    if (record.holdsLifeLock)
        if (const auto isTaken = LifeLock::isTaken(folder / kRunConfigName)) return *isTaken;
    return record.process.isAlive();
}

std::string runStem(std::string_view family, std::string_view version) {
    std::string stem = std::string(family) + "_" + std::string(version);
    for (char& c : stem)
        if (!isNameCharacter(c)) c = '-';
    if (stem.front() == '.' || stem.front() == '-') stem.front() = '_';
    stem.resize(std::min(stem.size(), kMaxNameBytes - 8));
    return stem;
}

} // namespace llamahome::jobs
