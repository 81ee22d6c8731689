// NowCard: where the run is: phase, epoch, step, loss, speed, time left, best, patience. GUI thread.
#pragma once

#include <cstdint>

#include <QFrame>

#include "managers/training_manager.h"

class QLabel;
class QProgressBar;

namespace llamahome::widgets {

class FactForm;

class NowCard final : public QFrame {
    Q_OBJECT

public:
    explicit NowCard(managers::TrainingManager& manager, QWidget* parent = nullptr);

private:
    void refresh();
    QString headline() const;
    QString phaseText() const;
    /// Whether RunResult tells most of it.
    bool hasResult() const;
    void showStep();
    void showBar(std::int64_t step, std::int64_t all);
    void showLosses();

    managers::TrainingManager& m_manager;
    QLabel* m_headline;
    QProgressBar* m_bar;
    QLabel* m_phase;
    FactForm* m_facts;
    QLabel* m_step;
    QLabel* m_epoch;
    QLabel* m_left;
    QLabel* m_speed;
    QLabel* m_loss;
    QLabel* m_eval;
    QLabel* m_best;
    QLabel* m_patience;
    QLabel* m_memory;
    QLabel* m_notices;
};

} // namespace llamahome::widgets
