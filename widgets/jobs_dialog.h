// JobsDialog: the jobs of this session with their states; cancel, or copy as a command. GUI thread.
#pragma once

#include <QDialog>

#include "managers/job_list.h"

class QLabel;
class QPushButton;
class QTableView;

namespace llamahome::widgets {

class WindowMemory;

/// Not modal: it may stay open beside the window.
class JobsDialog final : public QDialog {
    Q_OBJECT

public:
    /// `jobs` and `memory` outlive it.
    JobsDialog(managers::JobList& jobs, WindowMemory& memory, QWidget* parent = nullptr);

private:
    managers::Job* chosenJob() const;
    void showChosen();
    void cancelChosen();
    void copyChosen();

    managers::JobList& m_jobs;
    QTableView* m_view;
    QLabel* m_cause;
    QPushButton* m_cancel;
    QPushButton* m_copy;
};

} // namespace llamahome::widgets
