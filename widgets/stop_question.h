// How a training is to stop: the words and buttons of that question, the same wherever it is asked. GUI
// thread.
#pragma once

#include <vector>

#include <QString>

#include "managers/training_manager.h"

class QWidget;

namespace llamahome::widgets {

/// One way to stop.
struct StopChoice {
    QString name; ///< of its button
    QString text;
    jobs::StopKeeps keeps = jobs::StopKeeps::Best;
};

/// The first is the one to advise. Without a measured state besides the start there is no best.
std::vector<StopChoice> stopChoices(const managers::TrainingManager& training);

/// What there is to keep, and that the run can be continued in any case.
QString stopWords(const managers::TrainingManager& training);

/// Whether there is something to choose: the run is in its steps, and something of it was told.
bool isStopAsked(const managers::TrainingManager& training);

/// Opens the question over `parent`; without a choice the training stops at once.
void askToStop(managers::TrainingManager& training, QWidget& parent);

} // namespace llamahome::widgets
