// EvaluationView: what a run gained on rows that it did not learn from: figures, best and worst rows, answers
// side by side. GUI thread.
#pragma once

#include <QWidget>

#include "managers/run_manager.h"

class QComboBox;
class QLabel;
class QPushButton;
class QScrollArea;
class QSpinBox;
class QTableWidget;
class QVBoxLayout;

namespace llamahome::widgets {

class JobProgress;

class EvaluationView final : public QWidget {
    Q_OBJECT

public:
    /// `manager` outlives it.
    explicit EvaluationView(managers::RunManager& manager, QWidget* parent = nullptr);

    /// What is chosen stays where it is the same run.
    void showRun(const managers::RunDetails& details);
    /// With what is chosen; nothing happens where it cannot be.
    void begin();
    bool hasResult() const { return m_hasResult; }

private:
    QWidget* makeHead();
    QWidget* makeResult();
    void chooseFile();
    void showSource();
    void showWork();
    void showReport(const jobs::EvaluationReport& report);
    void showFigures(const jobs::EvaluationReport& report);
    void showRows(const jobs::EvaluationReport& report);
    void showAnswers(const jobs::EvaluationReport& report);

    managers::RunManager& m_manager;
    QString m_run;
    QString m_file;    ///< of the user's; empty: the run's own rows
    QString m_shownAt; ///< when what is shown was evaluated
    bool m_canEvaluate = false;
    bool m_hasResult = false;
    QLabel* m_source;
    QPushButton* m_own;
    QSpinBox* m_answerRows;
    QComboBox* m_match;
    QPushButton* m_begin;
    QPushButton* m_stop;
    JobProgress* m_progress;
    QLabel* m_hint; ///< while there is no result
    QScrollArea* m_area;
    QTableWidget* m_figures;
    QLabel* m_counts;
    QTableWidget* m_rows;
    QVBoxLayout* m_answers;
};

} // namespace llamahome::widgets
