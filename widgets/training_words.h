// What the training page says in numbers and words. Any thread with an application.
#pragma once

#include <optional>

#include <QString>

#include "managers/quantity_words.h"
#include "managers/training_manager.h"

namespace llamahome::widgets {

/// "1 row", "1,204 rows".
QString rowsText(quint64 rows);
using managers::countText;

/// "1 step", "1,204 steps".
QString stepsText(quint64 steps);
/// "1 token", "1,204 tokens".
QString tokensText(quint64 tokens);
/// "Ends after 45 steps (0.6 epochs), …" where the steps and not the epochs decide the length of a run, with
/// the epochs where the data is known; else empty.
QString overruledEpochsText(const config::TrainingSettings& training,
                            const std::optional<managers::TrainingOutlook>& outlook);
/// That none of so many rows is left to measure on, and how many are wanted where they are few.
QString unmeasuredText(quint64 rows);
/// "1,204 rows · chat messages · 212 tokens typical · 3 rows too long".
QString dataText(const jobs::DataReport& report);
/// "about 48 min", or why no time is told.
QString timeText(const managers::TrainingOutlook& outlook);
/// What is worth a word about a run, a line each: "Note: 3 rows are cut …".
QString noticesText(const QStringList& notices);
/// "Set Batch size to 1 and Accumulation to 16: 3.1 GB".
QString changeText(const managers::FitChange& change);
/// "3 epochs · learning rate 0.0002 · …": the settings that matter, of a run.
QString settingsText(const config::Settings& settings);
/// "recipes.jsonl", "recipes.jsonl and 2 more".
QString filesText(const QStringList& paths);
QString fileName(const QString& path);

/// What became of a run, in a sentence.
QString endText(const jobs::TrainSummary& summary);
/// The same of one that is paused.
QString pauseText(const jobs::TrainSummary& summary);
/// "1.92 → 1.31 (31.8 % lower)".
QString changeOfLoss(double before, double after);
/// "Patience 1 of 3"; empty without early stopping or evaluations.
QString patienceText(const managers::MetricColumns& columns);
/// A loss as everywhere in the program.
QString lossText(double loss);

} // namespace llamahome::widgets
