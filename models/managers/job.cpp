#include "managers/job.h"

#include <algorithm>

#include "core/error_codes.h"

namespace llamahome::managers {
namespace {

/// Without "..", "." and a separator at the end.
std::filesystem::path plain(const std::filesystem::path& folder) {
    const std::filesystem::path normal = folder.lexically_normal();
    return normal.has_filename() ? normal : normal.parent_path();
}

} // namespace

Job::Job(quint64 id, JobKind kind, const QString& title, const Clock& clock, QObject* parent)
    : QObject(parent)
    , m_id(id)
    , m_kind(kind)
    , m_title(title)
    , m_meter(clock) {}

void Job::cancel() {
    if (!isActive()) return;
    m_cancel.cancel();
    m_state = JobState::Stopping;
    Q_EMIT changed();
}

void Job::setProgress(const Progress& progress) {
    if (!isActive()) return;
    m_progress = progress;
    m_meter.update(progress);
    Q_EMIT changed();
}

void Job::setRunning() {
    if (m_state != JobState::Waiting) return;
    m_state = JobState::Running;
    Q_EMIT changed();
}

bool Job::uses(const std::filesystem::path& folder) const {
    return std::any_of(m_folders.begin(), m_folders.end(),
                       [wanted = plain(folder)](const auto& one) { return plain(one) == wanted; });
}

void Job::setOutcome(const QString& outcome) {
    m_outcome = outcome;
    Q_EMIT changed();
}

void Job::setCanGoOn() {
    if (m_canGoOn) return;
    m_canGoOn = true;
    Q_EMIT changed();
}

void Job::finish(const std::optional<Error>& error) {
    if (!isActive()) return;
    if (!error) {
        m_state = JobState::Done;
    } else if (error->code == codes::kCancelled) {
        m_state = JobState::Cancelled;
    } else {
        m_state = JobState::Failed;
        m_error = error;
    }
    Q_EMIT changed();
    Q_EMIT finished();
}

} // namespace llamahome::managers
