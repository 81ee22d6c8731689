#include "widgets/run_result.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/fact_form.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/remedy_buttons.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::toQt;
using managers::TrainingState;

namespace {

constexpr int kIconSize = 3 * look::kGrid;

} // namespace

RunResult::RunResult(managers::TrainingManager& manager, QWidget* parent)
    : QFrame(parent)
    , m_manager(manager)
    , m_icon(new QLabel(this))
    , m_headline(new QLabel(this))
    , m_facts(new FactForm(this))
    , m_remedies(new RemedyButtons(this))
    , m_chat(new QPushButton(icon(Icon::Chat, QPalette::BrightText), tr("Ch&at with it"), this))
    , m_merge(new QPushButton(tr("M&erge…"), this))
    , m_export(new QPushButton(tr("Ex&port…"), this))
    , m_evaluate(new QPushButton(tr("E&valuate"), this))
    , m_continue(new QPushButton(icon(Icon::Start), tr("&Continue"), this))
    , m_again(new QPushButton(tr("&New training"), this)) {
    setObjectName(QStringLiteral("runResult"));
    m_headline->setObjectName(QStringLiteral("resultHeadline"));
    m_headline->setTextFormat(Qt::PlainText);
    m_headline->setWordWrap(true);
    QFont font = m_headline->font();
    font.setWeight(QFont::DemiBold);
    m_headline->setFont(font);
    m_chat->setObjectName(QStringLiteral("resultChat"));
    m_merge->setObjectName(QStringLiteral("resultMerge"));
    m_merge->setToolTip(tr("Write the model with what it learned as a model of its own"));
    m_export->setObjectName(QStringLiteral("resultExport"));
    m_export->setToolTip(tr("Take the model with what it learned to another program: GGUF, Ollama, PEFT"));
    m_evaluate->setObjectName(QStringLiteral("resultEvaluate"));
    m_evaluate->setToolTip(tr("Measure what the run gained, on rows that it did not learn from"));
    m_continue->setObjectName(QStringLiteral("continueButton"));
    m_remedies->setObjectName(QStringLiteral("resultRemedies"));
    m_again->setObjectName(QStringLiteral("newTraining"));
    look::makePrimary(*m_chat);
    auto* head = new QHBoxLayout;
    head->addWidget(m_icon, 0, Qt::AlignTop);
    head->addWidget(m_headline, 1);
    m_loss = m_facts->addFact(tr("Eval loss"), QStringLiteral("resultLoss"));
    m_best = m_facts->addFact(tr("Best"), QStringLiteral("resultBest"));
    m_work = m_facts->addFact(tr("Work"), QStringLiteral("resultWork"));
    m_adapter = m_facts->addFact(tr("Adapter"), QStringLiteral("resultAdapter"));
    m_kept = m_facts->addFact(tr("Kept"), QStringLiteral("resultKept"));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(look::kGrid);
    buttons->addWidget(m_evaluate);
    buttons->addWidget(m_continue);
    buttons->addWidget(m_again);
    buttons->addStretch(1);
    auto* use = new QHBoxLayout; // a row of its own: the buttons are wider than the column
    use->setSpacing(look::kGrid);
    for (QPushButton* button : {m_chat, m_merge, m_export})
        use->addWidget(button);
    use->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(look::kGrid, 0, 0, 0);
    column->setSpacing(2 * look::kGrid);
    column->addLayout(head);
    column->addWidget(m_facts);
    column->addLayout(use);
    column->addWidget(m_remedies);
    column->addLayout(buttons);
    connect(m_chat, &QPushButton::clicked, this, [this] {
        if (const auto& summary = m_manager.summary())
            Q_EMIT chatRequested(m_manager.run().model, toQt(summary->adapterName));
    });
    const auto requestExport = [this](jobs::ExportFormat format) {
        if (const auto& summary = m_manager.summary())
            Q_EMIT exportRequested(toQt(summary->adapterName), format);
    };
    connect(m_merge, &QPushButton::clicked, this,
            [requestExport] { requestExport(jobs::ExportFormat::Hub); });
    connect(m_export, &QPushButton::clicked, this,
            [requestExport] { requestExport(jobs::ExportFormat::Gguf); });
    connect(m_continue, &QPushButton::clicked, this, [this] { m_manager.resume(m_manager.runName()); });
    connect(m_remedies, &RemedyButtons::chosen, this, [this](const std::vector<jobs::RunSetting>& changes) {
        m_manager.resume(m_manager.runName(), changes);
    });
    connect(m_evaluate, &QPushButton::clicked, this,
            [this] { Q_EMIT evaluateRequested(m_manager.runName()); });
    connect(m_again, &QPushButton::clicked, &m_manager, &managers::TrainingManager::showForm);
    connect(&m_manager, &managers::TrainingManager::stateChanged, this, &RunResult::refresh);
    connect(&m_manager, &managers::TrainingManager::progressed, this, &RunResult::refresh);
    refresh();
}

void RunResult::refresh() {
    const TrainingState state = m_manager.state();
    const bool isEnded = state == TrainingState::Done || state == TrainingState::Failed;
    setVisible(isEnded || state == TrainingState::Paused);
    if (isHidden()) return;
    for (QLabel* row : {m_loss, m_best, m_work, m_adapter, m_kept})
        m_facts->setFact(*row, {});
    const auto& summary = m_manager.summary();
    const bool canGoOn = !summary || summary->end == jobs::TrainEnd::Interrupted;
    for (QPushButton* button : {m_chat, m_merge, m_export, m_evaluate})
        button->setVisible(summary.has_value() && !summary->adapterName.empty());
    m_continue->setVisible(canGoOn && isEnded); // a paused run has it above
    m_again->setVisible(isEnded);
    const auto& ended = m_manager.endedRun();
    m_remedies->showRemedies(state == TrainingState::Failed && ended ? ended->remedies
                                                                     : std::vector<jobs::Remedy>());
    if (state == TrainingState::Failed)
        showFailure();
    else if (summary)
        showSummary(*summary);
}

void RunResult::showSummary(const jobs::TrainSummary& summary) {
    const bool isWhole = summary.end != jobs::TrainEnd::Interrupted;
    m_icon->setPixmap(icon(isWhole ? Icon::Good : Icon::Pause).pixmap(kIconSize));
    const bool isPaused = m_manager.state() == TrainingState::Paused;
    m_headline->setText(isPaused ? pauseText(summary) : endText(summary));
    const std::optional<double> last =
        summary.best ? std::optional(summary.best->evalLoss) : summary.lastEvalLoss;
    const bool isCompared = m_manager.metrics().columns().hasLaterEvaluation();
    if (summary.firstEvalLoss && last)
        m_facts->setFact(
            *m_loss,
            isCompared
                ? changeOfLoss(*summary.firstEvalLoss, *last)
                : tr("%1 before; not measured yet after training").arg(lossText(*summary.firstEvalLoss)));
    if (summary.best)
        m_facts->setFact(*m_best, tr("%1 at step %2")
                                      .arg(lossText(summary.best->evalLoss),
                                           countText(static_cast<quint64>(summary.best->step))));
    m_facts->setFact(*m_work,
                     tr("%1, %2 in %3")
                         .arg(stepsText(static_cast<quint64>(summary.steps)),
                              tokensText(summary.trainedTokens), toQt(formatDuration(summary.seconds))));
    if (!summary.adapterName.empty())
        m_facts->setFact(*m_adapter, tr("%1, of step %2")
                                         .arg(toQt(summary.adapterName),
                                              countText(static_cast<quint64>(summary.adapterStep))));
}

void RunResult::showFailure() {
    m_icon->setPixmap(icon(Icon::Bad).pixmap(kIconSize));
    QString cause =
        m_manager.problem() ? managers::windowText(m_manager.problem()->message) : tr("The run failed.");
    if (!cause.isEmpty()) cause[0] = cause[0].toUpper();
    m_headline->setText(cause);
    const auto& run = m_manager.endedRun();
    if (!run) return;
    const std::size_t checkpoints = run->checkpoints.size();
    const bool endsAlike = jobs::endsAlike(run->record.code);
    m_continue->setVisible(checkpoints > 0 && !endsAlike);
    if (checkpoints == 0) {
        m_facts->setFact(*m_kept, tr("The run's log and numbers; there was no checkpoint yet."));
        return;
    }
    const QString kept =
        tr("%1 in %2, up to step %3.")
            .arg(managers::countedText(checkpoints, tr("1 checkpoint"), tr("%1 checkpoints")),
                 toQt(run->name), countText(static_cast<quint64>(run->record.step)));
    m_facts->setFact(*m_kept,
                     endsAlike ? kept : tr("%1 Continue goes on from the last checkpoint.").arg(kept));
}

} // namespace llamahome::widgets
