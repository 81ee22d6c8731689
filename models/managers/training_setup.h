// TrainingSetup: what the form has chosen, looked up, checked and forecast while it is edited. A QObject; GUI
// thread, files are read on the file pool.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QObject>
#include <QPointer>
#include <QString>
#include <QStringList>
#include <QTimer>

#include "config/presets.h"
#include "core/error.h"
#include "jobs/train/inspect_data.h"
#include "jobs/train/run_record.h"
#include "managers/manager_context.h"
#include "managers/speed_trial.h"
#include "managers/training_choice.h"
#include "managers/training_outlook.h"

namespace llamahome::managers {

class ModelManager;
class QuestionDesk;
class RowPages;
class SettingsManager;

enum class SetupState { NothingChosen, Checking, Ready, DoesNotFit };

/// Each change is looked up after a short rest; the data is read again only where the change has to do with
/// its rows, and then the sizes of rows are kept for every other change. Work for a choice that is no more is
/// cancelled.
class TrainingSetup final : public QObject {
    Q_OBJECT

public:
    /// All outlive it.
    TrainingSetup(ManagerContext& context, ModelManager& models, SettingsManager& settings,
                  QObject* parent = nullptr);
    ~TrainingSetup() override;

    SetupState state() const { return m_state; }

    /// As in ModelEntry::name: "smollm2/135m-instruct".
    void chooseModel(const QString& name);
    /// Reads them anew even where they are those of before.
    void chooseData(const QStringList& paths);
    /// Rows to measure on, instead of a share of the data; empty: the share.
    void chooseValidation(const QString& path);
    /// A preset's name; empty: none. What was changed in the form stays changed.
    void choosePreset(const QString& name);
    void setRunName(const QString& name);
    /// Changes a setting for this run only. Text that is no value is refused with its reason, and nothing is
    /// changed.
    std::optional<QString> setSetting(const QString& key, const QString& text);
    void resetSetting(const QString& key);
    void resetSettings();
    /// Model, preset and settings of a run that is there already, see choiceLike(), once they are looked up;
    /// its data is chosen by chooseData().
    void chooseRun(const jobs::RunRecord& run, const config::Settings& settings);
    void apply(const FitChange& change);
    /// Reads data and forecast anew: the files may be others.
    void checkAgain();

    const TrainingChoice& choice() const { return m_choice; }
    QString modelName() const { return m_modelName; }
    QStringList dataFiles() const;
    QString presetName() const;
    const config::Settings& settings() const { return m_resolved.report.resolved.values; }
    QString settingText(const QString& key) const;
    /// Keys whose value is another than without the form.
    QStringList changedSettings() const;
    /// The same with their values, for keeping: "training.lora.r=32".
    QStringList changes() const;
    /// Takes kept changes back; what is no change or no value (any more) is left out. Not before
    /// isResolving() is false for the first time, since changes count against the values without them.
    void takeChanges(const QStringList& changes);
    const std::vector<config::Preset>& presets() const;
    /// Looks for data files in the root's folder of samples; samplesChanged() follows where they are others.
    void readSamples();
    /// Data files of the root's folder of samples: those that come with the program, and the user's own.
    const QStringList& samples() const { return m_samples; }

    /// The rows of the chosen data, one by one, as the chosen model would be trained on them now; null where
    /// there is none of these, or a change is still looked up.
    RowPages* makeRowPages(QObject* parent) const;
    /// For data that is written here.
    QuestionDesk* makeQuestionDesk(QObject* parent) const;
    /// What was found in the data; nothing before it was looked at.
    const std::optional<jobs::DataReport>& dataReport() const { return m_report; }
    const std::optional<TrainingOutlook>& outlook() const { return m_outlook; }
    /// Measures the speed of the run as it is chosen, for the time in outlook(). Nothing happens before there
    /// is one.
    void measureSpeed();
    SpeedTrial& speedTrial() { return m_trial; }
    const SpeedTrial& speedTrial() const { return m_trial; }
    /// Whether dataReport() or outlook() is on its way.
    bool isLookingAhead() const { return m_isResolving || m_isChecking || m_isForecasting; }
    /// Whether settings() does not have the last changes yet.
    bool isResolving() const { return m_isResolving; }
    /// How far the data is read.
    const Progress& progress() const { return m_progress; }
    /// Why the choice cannot be trained, or does not fit; nothing where nothing is known to be wrong.
    const std::optional<Error>& problem() const { return m_problem; }
    /// Whether training on the good rows is what problem() leaves.
    bool canSkipBadRows() const;
    /// What is possible but seldom meant, in settings and data, before Start.
    QStringList notices() const;
    /// The same run for a shell; empty without model or data.
    QString commandLine() const;

Q_SIGNALS:
    /// Choice or resolved settings are others.
    void choiceChanged();
    /// Report, outlook, problem or isLookingAhead() is another.
    void checked();
    void samplesChanged();

private:
    void lookUpModel();
    void edited();
    void resolve();
    void takeResolved(TrainingChoice choice, ResolvedChoice resolved);
    /// What is found in the data, and what a run needs of it.
    struct DataFound {
        std::optional<jobs::DataReport> report; ///< nothing where it was not asked for
        std::shared_ptr<const jobs::RowSizes> sizes;
        std::optional<Error> problem; ///< why there are no sizes
    };
    /// Begins what is the next to be known, if anything is.
    void lookAhead();
    void readData(bool withReport);
    void takeData(Result<DataFound> found);
    void forecast();
    void takeOutlook(Result<TrainingOutlook> outlook);
    void dropCheck();
    void dropForecast();
    /// Problem and state by what is known now.
    void settle();
    std::optional<Error> findProblem() const;

    ManagerContext& m_context;
    ModelManager& m_models;
    SettingsManager& m_settings;

    SetupState m_state = SetupState::NothingChosen;
    QString m_modelName; ///< as chosen; there may be no such model yet
    TrainingChoice m_choice;
    std::optional<RepeatedRun> m_repeated; ///< not looked up yet
    ResolvedChoice m_resolved;
    QTimer m_rest;
    quint64 m_generation = 0;  ///< of the choice
    std::string m_checkedFor;  ///< all that dataReport() depends on
    std::string m_sizesFor;    ///< all that the sizes of rows depend on
    std::string m_forecastFor; ///< all that outlook() depends on
    bool m_isResolving = false;
    bool m_isChecking = false;
    bool m_isForecasting = false;
    QPointer<Job> m_checkJob;
    quint64 m_checks = 0;
    quint64 m_forecasts = 0;
    Progress m_progress;
    std::optional<jobs::DataReport> m_report;
    std::shared_ptr<const jobs::RowSizes> m_sizes; ///< of the rows, when they were read last
    std::optional<TrainingOutlook> m_outlook;
    std::optional<Error> m_reportProblem;
    std::optional<Error> m_outlookProblem;
    std::optional<Error> m_problem;
    QStringList m_samples;
    SpeedTrial m_trial;
};

} // namespace llamahome::managers
