// QueuePanel: the training runs that wait for their turn, in their order. GUI thread.
#pragma once

#include <QFrame>

#include "managers/training_queue.h"

class QLabel;
class QListWidget;
class QPushButton;

namespace llamahome::widgets {

/// Away while the queue is empty. Delete removes the chosen run, Alt+Up and Alt+Down move it.
class QueuePanel final : public QFrame {
    Q_OBJECT

public:
    /// `queue` outlives it.
    explicit QueuePanel(managers::TrainingQueue& queue, QWidget* parent = nullptr);

private:
    QWidget* makeHead();
    void addShortcuts();
    void refresh();
    void showButtons();
    quint64 chosen() const; ///< 0: none
    void move(int by);
    void removeChosen();
    void hold();

    managers::TrainingQueue& m_queue;
    QLabel* m_title;
    QPushButton* m_hold;
    QPushButton* m_up;
    QPushButton* m_down;
    QPushButton* m_again;
    QPushButton* m_remove;
    QListWidget* m_list;
};

/// "smollm2/135m-instruct · recipes.jsonl · style · 2 settings changed".
QString queuedRunText(const jobs::QueuedRun& run);

} // namespace llamahome::widgets
