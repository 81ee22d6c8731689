// TrainingPane: choose, train and watch on one page. GUI thread.
#pragma once

#include <QPointer>
#include <QStringList>
#include <QWidget>

#include "managers/export_manager.h"
#include "managers/model_manager.h"
#include "managers/run_manager.h"
#include "managers/training_manager.h"
#include "managers/training_queue.h"
#include "widgets/window_memory.h"

class QFrame;
class QLabel;
class QPushButton;
class QStackedWidget;

namespace llamahome::widgets {

class ForecastStrip;
class MessageBar;
class QueuePanel;
class RemedyButtons;
class RunView;
class TrainedRowView;
class TrainingForm;

/// The form becomes a read-only summary when a run starts, with the live view below it. While that goes on
/// the form can be turned to for the next run, which is put into the queue.
class TrainingPane final : public QWidget {
    Q_OBJECT

public:
    /// All outlive it.
    TrainingPane(managers::TrainingManager& manager, managers::ModelManager& models, WindowMemory& memory,
                 QWidget* parent = nullptr);

    void chooseModel(const QString& name);
    void chooseData(const QStringList& paths);
    /// Model, data and settings of a run that is to be trained once more; it has settings.
    void chooseRun(const managers::RunDetails& details);
    void focusFirst();

Q_SIGNALS:
    void chatRequested(const QString& model, const QString& adapter);
    void exportRequested(const QString& adapter, llamahome::jobs::ExportFormat format);
    void evaluateRequested(const QString& run);

private:
    QWidget* makeHead();
    QWidget* makeFormPage();
    QWidget* makeRunPage();
    QWidget* makeOffer();
    QWidget* makeRowPanel();
    QWidget* makeHint();
    void turnToForm();
    void plan(bool on);
    /// Whether a run is there that goes on, or is paused.
    bool isBusy() const;
    bool isFormShown() const;
    void tellFailure(const managers::QueueItem& item);
    void refresh();
    void showProblem();
    void showButtons();
    void keepFocus();
    void showLower();
    void showOffer();
    void refuseOffer();
    void lookInside();
    void copyCommand();

    managers::TrainingManager& m_manager;
    WindowMemory& m_memory;
    QPushButton* m_copy;
    QPushButton* m_plan;
    QPushButton* m_pause;
    QPushButton* m_continue;
    QPushButton* m_stop;
    MessageBar* m_message;
    QFrame* m_offer;
    QLabel* m_offerWords;
    QPushButton* m_goOn;
    RemedyButtons* m_offerRemedies;
    QStackedWidget* m_pages;
    TrainingForm* m_form;
    ForecastStrip* m_strip;
    QStackedWidget* m_lower; ///< below the form: a row as trained, a hint, or nothing
    QPushButton* m_useSample;
    TrainedRowView* m_row;
    QLabel* m_summary;
    RunView* m_run;
    QString m_shownProblem;
    bool m_isPlanning = false;          ///< the form is shown although a run is there
    QPointer<QWidget> m_waitsForSwitch; ///< has the focus while Pause and Continue cannot
};

} // namespace llamahome::widgets
