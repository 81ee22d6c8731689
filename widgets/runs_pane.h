// RunsPane: the page of training runs: table, details, comparison. GUI thread.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QWidget>

#include "items/run_table.h"
#include "managers/export_manager.h"
#include "managers/run_manager.h"
#include "managers/training_manager.h"
#include "widgets/window_memory.h"

class QLabel;
class QSortFilterProxyModel;
class QSplitter;
class QStackedWidget;
class QTableView;

namespace llamahome::widgets {

class MessageBar;
class RunComparisonView;
class RunDetailsView;

class RunsPane final : public QWidget {
    Q_OBJECT

public:
    RunsPane(managers::RunManager& runs, managers::TrainingManager& training, WindowMemory& memory,
             QWidget* parent = nullptr);

    /// Chooses that run and shows its evaluation; one that never was begins.
    void openEvaluation(const QString& run);

Q_SIGNALS:
    void continueRequested(const QString& run, const std::vector<llamahome::jobs::RunSetting>& changes);
    /// The same once more, from the start; the details have settings.
    void trainAgainRequested(const llamahome::managers::RunDetails& details);
    void chatRequested(const QString& model, const QString& adapter);
    void adapterExportRequested(const QString& adapter, llamahome::jobs::ExportFormat format);
    /// There is no run yet; the next step is to train.
    void trainingRequested();

private:
    QWidget* makeEmpty();
    void makeTable();
    void connectAll();
    void listChanged();
    void selectionChanged();
    std::vector<QString> selectedNames() const;
    void addActions();
    /// The one run that is chosen; nothing for none or several.
    std::optional<jobs::RunInfo> chosenRun() const;
    void askForName();
    void writeNote();
    void exportNumbers(const QString& name);
    void saveReport(const QString& name);
    void chooseRun(const QString& name);
    /// Asks where to save; `then` gets the path.
    void askWhere(const QString& title, const QString& objectName, const QString& proposal,
                  const QString& filter, std::function<void(const QString&)> then);
    void connectEvaluation();
    void askToRemove(const jobs::RunRemovalPlan& plan);
    void showMenu(const QPoint& place);

    managers::RunManager& m_runs;
    managers::TrainingManager& m_training;
    items::RunTable* m_model;
    QSortFilterProxyModel* m_sorted;
    QTableView* m_table;
    MessageBar* m_message;
    QStackedWidget* m_stack;   ///< empty page, or table with details
    QStackedWidget* m_details; ///< nothing chosen, one run, several
    QLabel* m_nothing;
    RunDetailsView* m_one;
    RunComparisonView* m_several;
    QString m_toEvaluate;      ///< run whose evaluation is shown when its details are there
    bool m_isFirstList = true; ///< nothing has been chosen by the page itself yet
    std::vector<QString> m_shown;
    QString m_renamed; ///< is chosen once it is listed
};

} // namespace llamahome::widgets
