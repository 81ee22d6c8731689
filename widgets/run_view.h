// RunView: the run that is shown: curves, table and answers, and beside them where it is. GUI thread.
#pragma once

#include <vector>

#include <QWidget>

#include "managers/export_manager.h"
#include "managers/training_manager.h"
#include "widgets/window_memory.h"

class QCheckBox;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QTabBar;
class QTableView;

namespace llamahome::items {
class MetricTable;
}

namespace llamahome::widgets {

class AnswersView;
class ChartSaver;
class MetricChart;
class NowCard;
class RunResult;
struct ChartColors;

class RunView final : public QWidget {
    Q_OBJECT

public:
    RunView(managers::TrainingManager& manager, WindowMemory& memory, QWidget* parent = nullptr);

    enum Tab { Loss, LearningRate, Gradient, Speed, Memory, Table, Answers };
    void showTab(Tab tab);
    void focusFirst();

Q_SIGNALS:
    void chatRequested(const QString& model, const QString& adapter);
    void exportRequested(const QString& adapter, llamahome::jobs::ExportFormat format);
    void evaluateRequested(const QString& run);

protected:
    void changeEvent(QEvent* event) override;

private:
    QWidget* makeCharts();
    QWidget* makeTable();
    void connectTools();
    void setLogarithmic(bool on);
    void addLossLines();
    void showCurve(Tab tab);
    void takeTab(int index);
    void colorCharts();
    void takeProgress();
    void takeState();
    void copyRows();

    managers::TrainingManager& m_manager;
    WindowMemory& m_memory;
    QTabBar* m_tabs;
    QCheckBox* m_logarithmic;
    QPushButton* m_copy; ///< of the table
    ChartSaver* m_save;
    QStackedWidget* m_pages;
    MetricChart* m_lossChart;
    MetricChart* m_chart; ///< of learning rate, gradient, speed and memory
    QTableView* m_table;
    items::MetricTable* m_rows;
    AnswersView* m_answers;
    NowCard* m_now;
    RunResult* m_result;
};

} // namespace llamahome::widgets
