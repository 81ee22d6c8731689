#include "widgets/stop_question.h"

#include <QCoreApplication>
#include <QMessageBox>
#include <QPointer>
#include <QPushButton>

#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::TrainingManager;
using managers::TrainingState;

namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(StopQuestion)
};

bool isMeasured(const TrainingManager& training) {
    return training.metrics().columns().hasLaterEvaluation() && training.metrics().columns().best();
}

} // namespace

std::vector<StopChoice> stopChoices(const TrainingManager& training) {
    std::vector<StopChoice> choices;
    if (isMeasured(training))
        choices.push_back(
            {QStringLiteral("stopKeepBest"), Words::tr("Keep the &best"), jobs::StopKeeps::Best});
    choices.push_back({QStringLiteral("stopKeepLast"), Words::tr("Keep the &last"), jobs::StopKeeps::Last});
    choices.push_back(
        {QStringLiteral("stopForLater"), Words::tr("Continue la&ter"), jobs::StopKeeps::Nothing});
    return choices;
}

QString stopWords(const TrainingManager& training) {
    QStringList words;
    if (isMeasured(training)) {
        const auto best = *training.metrics().columns().best();
        words << Words::tr("The best state so far is that of step %1, with eval loss %2.")
                     .arg(countText(static_cast<quint64>(best.step)), lossText(best.evalLoss));
    }
    if (const auto& point = training.lastPoint())
        words << Words::tr("The last is that of step %1.").arg(countText(static_cast<quint64>(point->step)));
    words << Words::tr(
        "What is kept becomes an adapter; a checkpoint is written in any case, and the run can "
        "be continued.");
    return words.join(u' ');
}

bool isStopAsked(const TrainingManager& training) {
    return training.state() == TrainingState::Running && training.metrics().columns().rows() > 0;
}

void askToStop(TrainingManager& training, QWidget& parent) {
    if (!isStopAsked(training)) return training.stop();
    auto* question = new QMessageBox(QMessageBox::Question, Words::tr("Stop training"),
                                     Words::tr("Stop the training?"), QMessageBox::NoButton, &parent);
    question->setObjectName(QStringLiteral("stopQuestion"));
    question->setAttribute(Qt::WA_DeleteOnClose);
    question->setTextFormat(Qt::PlainText);
    question->setInformativeText(stopWords(training));
    QPushButton* first = nullptr;
    for (const StopChoice& choice : stopChoices(training)) {
        QPushButton* button = question->addButton(choice.text, QMessageBox::AcceptRole);
        button->setObjectName(choice.name);
        QObject::connect(button, &QPushButton::clicked, &training,
                         [&training, keeps = choice.keeps] { training.stop(keeps); });
        if (first == nullptr) first = button;
    }
    QPushButton* goOn = question->addButton(Words::tr("&Go on training"), QMessageBox::RejectRole);
    goOn->setObjectName(QStringLiteral("stopNot"));
    question->setDefaultButton(first);
    question->setEscapeButton(goOn);
    // A run that ends meanwhile has nothing left to ask.
    QObject::connect(&training, &TrainingManager::stateChanged, question, [question, &training] {
        if (training.state() != TrainingState::Running) question->close();
    });
    question->open();
}

} // namespace llamahome::widgets
