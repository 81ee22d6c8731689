// CudaRow: the line of the settings page about the graphics card, with the buttons that fetch and remove what
// it needs. GUI thread.
#pragma once

#include <functional>

#include <QWidget>

#include "managers/cuda_manager.h"

class QLabel;
class QPushButton;

namespace llamahome::widgets {

class JobProgress;

class CudaRow final : public QWidget {
    Q_OBJECT

public:
    /// Looks for the card when it is first shown. The manager outlives it.
    explicit CudaRow(managers::CudaManager& manager, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void showState();
    void ask(const QString& question, const QString& answer, const std::function<void()>& action);

    managers::CudaManager& m_manager;
    QLabel* m_text;
    JobProgress* m_progress;
    QPushButton* m_install;
    QPushButton* m_remove;
};

} // namespace llamahome::widgets
