// ForecastStrip: what the chosen run would take, whether it fits, and what would make it fit. GUI thread.
#pragma once

#include <QFrame>

#include "managers/training_manager.h"

class QHBoxLayout;
class QLabel;
class QProgressBar;
class QPushButton;

namespace llamahome::widgets {

/// Shown while the form is. Its one button starts the run.
class ForecastStrip final : public QFrame {
    Q_OBJECT

public:
    explicit ForecastStrip(managers::TrainingManager& manager, QWidget* parent = nullptr);

private:
    void refresh();
    void showForecast(const managers::TrainingOutlook& outlook);
    void showChanges();
    /// What is missing, or going on.
    QString waitingText() const;

    managers::TrainingManager& m_manager;
    QLabel* m_icon;
    QLabel* m_memory;
    QProgressBar* m_bar;
    QLabel* m_rest;
    QLabel* m_words;
    QPushButton* m_measure;
    QPushButton* m_start;
    QLabel* m_notices;
    QWidget* m_changes;
    QHBoxLayout* m_changeRow;
    QString m_shownChanges;
};

} // namespace llamahome::widgets
