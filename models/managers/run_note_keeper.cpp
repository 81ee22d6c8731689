#include "managers/run_note_keeper.h"

#include <utility>

#include "core/error_codes.h"
#include "core/log.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_note.h"

namespace llamahome::managers {

RunNoteKeeper::RunNoteKeeper(jobs::DataRoot root, FileLayer& files)
    : m_root(std::move(root))
    , m_files(files) {}

void RunNoteKeeper::put(const std::string& run, const std::string& note) {
    const std::lock_guard guard(m_waitingGuard);
    m_waiting[run] = {note};
}

std::vector<RunNoteKeeper::Outcome> RunNoteKeeper::drain() {
    const std::lock_guard files(m_filesGuard);
    std::map<std::string, Waiting> taken;
    {
        const std::lock_guard guard(m_waitingGuard);
        taken.swap(m_waiting);
    }
    std::vector<Outcome> outcomes;
    for (auto& [run, waiting] : taken) {
        const auto written = write(run, waiting.note);
        if (written) {
            outcomes.push_back({run, {}});
            continue;
        }
        logLine(LogLevel::Error, "managers",
                "the note of run " + run + " is not kept: " + written.error().message);
        if (!std::exchange(waiting.isFailureTold, true)) outcomes.push_back({run, written.error()});
        if (written.error().code == codes::kRunUnknown) continue;
        const std::lock_guard guard(m_waitingGuard);
        m_waiting.emplace(run, std::move(waiting)); // a newer text that came meanwhile stands
    }
    return outcomes;
}

Result<std::string> RunNoteKeeper::read(const std::string& run, const std::filesystem::path& folder) {
    const std::lock_guard files(m_filesGuard);
    {
        const std::lock_guard guard(m_waitingGuard);
        const auto found = m_waiting.find(run);
        if (found != m_waiting.end()) return found->second.note;
    }
    return jobs::readRunNote(folder);
}

Result<void> RunNoteKeeper::write(const std::string& run, const std::string& note) {
    const auto found = jobs::findRun(m_root, run);
    return found ? jobs::writeRunNote(m_files, found->path, note) : Result<void>(found.error());
}

} // namespace llamahome::managers
