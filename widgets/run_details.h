// RunDetailsView: one run: how it stands, curves, settings, log, answers, note, and what can be done with it.
// GUI thread.
#pragma once

#include <QWidget>

#include "managers/export_manager.h"
#include "managers/run_manager.h"

class QAction;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QTableWidget;
class QTabWidget;
class QToolButton;

namespace llamahome::widgets {

class AnswersView;
class ElidedLabel;
class EvaluationView;
class RemedyButtons;
class RunChart;
class RunNoteEdit;

class RunDetailsView final : public QWidget {
    Q_OBJECT

public:
    explicit RunDetailsView(managers::RunManager& manager, QWidget* parent = nullptr);

    void showRun(const managers::RunDetails& details);
    /// Whether a run can be continued now: not while another trains.
    void setCanContinue(bool on);
    /// Shows the tab of the evaluation; one that never was begins.
    void openEvaluation();
    const QString& runName() const { return m_name; }
    /// Turns to the note and puts the cursor into it.
    void showNote();

Q_SIGNALS:
    /// Going on, with settings changed where a remedy was chosen.
    void continueRequested(const QString& run, const std::vector<llamahome::jobs::RunSetting>& changes);
    void chatRequested(const QString& model, const QString& adapter);
    void adapterExportRequested(const QString& adapter, llamahome::jobs::ExportFormat format);
    void removeRequested(const QString& run);
    void exportRequested(const QString& run);
    void reportRequested(const QString& run);
    /// The details have settings.
    void trainAgainRequested(const llamahome::managers::RunDetails& details);

private:
    QWidget* makeHead();
    QToolButton* makeMore(QWidget* parent);
    void showSettings(const jobs::RunInfo& info);
    void showActions();

    managers::RunManager& m_manager;
    managers::RunDetails m_details;
    QString m_name;
    QString m_model;
    QString m_adapter;
    bool m_isUnfinished = false;
    bool m_isRunning = false;
    bool m_canContinue = true;
    ElidedLabel* m_title;
    QLabel* m_state;
    QPushButton* m_continue;
    RemedyButtons* m_remedies;
    QPushButton* m_chat;
    QPushButton* m_evaluate;
    QPushButton* m_report;
    QPushButton* m_remove;
    QPushButton* m_copy;
    QAction* m_trainAgain;
    QAction* m_merge;
    QAction* m_export;
    QTabWidget* m_tabs;
    RunChart* m_chart;
    QTableWidget* m_settings;
    RunNoteEdit* m_note;
    QPlainTextEdit* m_log;
    AnswersView* m_answers;
    EvaluationView* m_evaluation;
};

} // namespace llamahome::widgets
