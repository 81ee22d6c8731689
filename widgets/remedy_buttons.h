// RemedyButtons: one button for each change with which a run that failed can go on. GUI thread.
#pragma once

#include <vector>

#include <QWidget>

#include "managers/run_manager.h"

class QPushButton;

namespace llamahome::widgets {

/// Hidden while there is none.
class RemedyButtons final : public QWidget {
    Q_OBJECT

public:
    explicit RemedyButtons(QWidget* parent = nullptr);

    void showRemedies(const std::vector<jobs::Remedy>& remedies);

Q_SIGNALS:
    void chosen(const std::vector<llamahome::jobs::RunSetting>& changes);

private:
    std::vector<jobs::Remedy> m_remedies;
    std::vector<QPushButton*> m_buttons; ///< one for each kind, in their order
};

} // namespace llamahome::widgets
