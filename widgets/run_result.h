// RunResult: how a run ended, what it gained, and what to do with it. GUI thread.
#pragma once

#include <QFrame>

#include "managers/export_manager.h"
#include "managers/training_manager.h"

class QLabel;
class QPushButton;

namespace llamahome::widgets {

class FactForm;
class RemedyButtons;

/// For the states Paused, Done and Failed; hidden in all others.
class RunResult final : public QFrame {
    Q_OBJECT

public:
    explicit RunResult(managers::TrainingManager& manager, QWidget* parent = nullptr);

Q_SIGNALS:
    void chatRequested(const QString& model, const QString& adapter);
    void exportRequested(const QString& adapter, llamahome::jobs::ExportFormat format);
    void evaluateRequested(const QString& run);

private:
    void refresh();
    void showSummary(const jobs::TrainSummary& summary);
    void showFailure();

    managers::TrainingManager& m_manager;
    QLabel* m_icon;
    QLabel* m_headline;
    FactForm* m_facts;
    QLabel* m_loss;
    QLabel* m_best;
    QLabel* m_work;
    QLabel* m_adapter;
    QLabel* m_kept;
    RemedyButtons* m_remedies;
    QPushButton* m_chat;
    QPushButton* m_merge;
    QPushButton* m_export;
    QPushButton* m_evaluate;
    QPushButton* m_continue;
    QPushButton* m_again;
};

} // namespace llamahome::widgets
