// RunExtras: what a run may have besides settings: its name, and rows of their own to measure on. GUI thread.
#pragma once

#include <QWidget>

#include "managers/training_setup.h"

class QLabel;
class QLineEdit;
class QPushButton;

namespace llamahome::widgets {

class RunExtras final : public QWidget {
    Q_OBJECT

public:
    explicit RunExtras(managers::TrainingSetup& setup, QWidget* parent = nullptr);

private:
    void chooseFile();
    void refresh();

    managers::TrainingSetup& m_setup;
    QLineEdit* m_name;
    QLabel* m_file;
    QPushButton* m_choose;
    QPushButton* m_clear;
};

} // namespace llamahome::widgets
