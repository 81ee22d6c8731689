// RemoveDialog: shows which files a removal deletes, how much that frees and what stays; then does it. GUI
// thread.
#pragma once

#include <optional>

#include <QDialog>
#include <QPointer>
#include <QString>

#include "managers/model_manager.h"

class QLabel;
class QPushButton;
class QTreeWidget;

namespace llamahome::widgets {

class JobProgress;
class MessageBar;

/// Asks for the plan at once; shown with open().
class RemoveDialog final : public QDialog {
    Q_OBJECT

public:
    RemoveDialog(managers::ModelManager& manager, const QString& name, QWidget* parent);

private:
    void build();
    void showPlan(const jobs::RemovalPlan& plan);
    void showDependents(const jobs::Dependents& dependents);
    void startRemoval();
    void endRemoval();

    managers::ModelManager& m_manager;
    QString m_name;
    std::optional<jobs::RemovalPlan> m_plan;
    QPointer<managers::Job> m_job;
    MessageBar* m_messages;
    QLabel* m_intro;
    QTreeWidget* m_files;
    QLabel* m_foreign;
    QLabel* m_dependents;
    JobProgress* m_progress;
    QPushButton* m_copy;
    QPushButton* m_cancel;
    QPushButton* m_delete;
};

} // namespace llamahome::widgets
