// StatusArea: the foot of the window: the active job, memory, the way to jobs and log. GUI thread.
#pragma once

#include <QWidget>

#include "managers/job_list.h"
#include "managers/memory_watch.h"
#include "managers/training_manager.h"

class QLabel;
class QProgressBar;
class QToolButton;

namespace llamahome::widgets {

class ElidedButton;

/// Shows the active job that matters most: training before all others, else the newest.
class StatusArea final : public QWidget {
    Q_OBJECT

public:
    /// All outlive it.
    StatusArea(managers::JobList& jobs, managers::TrainingManager& training,
               const managers::MemoryWatch& memory, QWidget* parent = nullptr);

    /// Null: nothing is going on.
    managers::Job* shownJob() const;

Q_SIGNALS:
    void jobsWanted();
    void logWanted();

private:
    const managers::Job* lastTold() const;
    QString lossWords(const managers::Job& job) const;
    void showJob();
    void showMemory();
    void stop();

    managers::JobList& m_jobs;
    managers::TrainingManager& m_training;
    const managers::MemoryWatch& m_memory;
    ElidedButton* m_words;
    QProgressBar* m_bar;
    QToolButton* m_pause;
    QToolButton* m_stop;
    QLabel* m_memoryWords;
    QToolButton* m_log;
};

} // namespace llamahome::widgets
