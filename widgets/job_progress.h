// JobProgress: how far one job is: phase, bar, amounts and time left. GUI thread.
#pragma once

#include <QPointer>
#include <QWidget>

#include "managers/job.h"

class QLabel;
class QProgressBar;

namespace llamahome::widgets {

/// Hidden until it follows a job, and again when that has ended.
class JobProgress final : public QWidget {
    Q_OBJECT

public:
    explicit JobProgress(QWidget* parent = nullptr);
    void follow(managers::Job& job);

private:
    void refresh();

    QPointer<managers::Job> m_job;
    QLabel* m_phase;
    QProgressBar* m_bar;
    QLabel* m_amounts;
};

} // namespace llamahome::widgets
