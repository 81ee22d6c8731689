// VerifyDialog: runs the checks of one model or adapter and shows what each found. GUI thread.
#pragma once

#include <QDialog>
#include <QPointer>
#include <QString>

#include "managers/model_manager.h"

class QLabel;
class QPushButton;
class QTreeView;

namespace llamahome::items {
class CheckTable;
}

namespace llamahome::widgets {

class JobProgress;
class MessageBar;
class WindowMemory;

/// Starts at once. Shown with show(); closing it stops the checks. A row that can be put right has a button
/// for it, after which all is checked again.
class VerifyDialog final : public QDialog {
    Q_OBJECT

public:
    VerifyDialog(managers::ModelManager& manager, WindowMemory& memory, const QString& name, bool deep,
                 QWidget* parent);

Q_SIGNALS:
    /// The model is to be imported again, in the place of this one.
    void getAgainRequested(const QString& name);
    /// Its damaged files are to be downloaded.
    void fetchAgainRequested(const QString& name);

private:
    void build(WindowMemory& memory);
    void start(bool deep);
    void end();
    void showReport(const jobs::VerifyReport& report);
    /// A button in each row that can be repaired.
    void showRepairs();
    /// The chosen row in full.
    void showFinding();
    void repair(const jobs::Repair& repair);
    void setBusy(bool isBusy);

    managers::ModelManager& m_manager;
    QString m_name;
    bool m_isDeep = false;
    QPointer<managers::Job> m_job;
    items::CheckTable* m_checks;
    MessageBar* m_messages;
    QLabel* m_outcome;
    JobProgress* m_progress;
    QTreeView* m_table;
    QLabel* m_finding;
    QPushButton* m_deep;
    QPushButton* m_copy;
    QPushButton* m_close;
};

} // namespace llamahome::widgets
