// RunComparisonView: several runs beside each other: curves on top of each other, and what differs. GUI
// thread.
#pragma once

#include <vector>

#include <QString>
#include <QWidget>

#include "managers/run_manager.h"

class QLabel;
class QTableWidget;

namespace llamahome::widgets {

class RunChart;

class RunComparisonView final : public QWidget {
    Q_OBJECT

public:
    explicit RunComparisonView(managers::RunManager& manager, QWidget* parent = nullptr);

    void showComparison(const managers::RunComparison& comparison);

private:
    managers::RunManager& m_manager;
    QLabel* m_title;
    RunChart* m_chart;
    std::vector<QString> m_names; ///< of the runs that are shown
    QTableWidget* m_table;
    QLabel* m_same;
};

} // namespace llamahome::widgets
