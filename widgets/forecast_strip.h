// ForecastStrip: what the chosen run would take, whether it fits, and what would make it fit. GUI thread.
#pragma once

#include <optional>

#include <QFrame>

#include "managers/training_manager.h"

class QHBoxLayout;
class QLabel;
class QProgressBar;
class QPushButton;

namespace llamahome::widgets {

/// Shown while the form is. Starts the run, or puts it into the queue while another one is there.
class ForecastStrip final : public QFrame {
    Q_OBJECT

public:
    explicit ForecastStrip(managers::TrainingManager& manager, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    void showButtons();
    void begin();
    /// Whether a run is there that goes on, or is paused.
    bool isBusy() const;
    const std::optional<Error>& problem() const;
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
    QPushButton* m_later;
    QPushButton* m_start;
    QLabel* m_notices;
    QWidget* m_changes;
    QHBoxLayout* m_changeRow;
    QString m_shownChanges;
};

} // namespace llamahome::widgets
