#include "widgets/now_card.h"

#include <QLabel>
#include <QProgressBar>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "widgets/fact_form.h"
#include "widgets/look.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::Metric;
using managers::toQt;
using managers::TrainingState;

namespace {

constexpr int kBarSteps = 1000;
constexpr int kEpochDigits = 3;
constexpr int kSpeedDigits = 3;

} // namespace

NowCard::NowCard(managers::TrainingManager& manager, QWidget* parent)
    : QFrame(parent)
    , m_manager(manager)
    , m_headline(look::makeTitle({}, this))
    , m_bar(new QProgressBar(this))
    , m_phase(look::makeNote({}, this))
    , m_facts(new FactForm(this))
    , m_notices(look::makeNote({}, this)) {
    setObjectName(QStringLiteral("nowCard"));
    m_headline->setObjectName(QStringLiteral("nowHeadline"));
    m_headline->setWordWrap(true);
    m_phase->setObjectName(QStringLiteral("nowPhase"));
    m_phase->setWordWrap(true);
    m_notices->setObjectName(QStringLiteral("nowNotices"));
    m_notices->setWordWrap(true);
    m_bar->setObjectName(QStringLiteral("nowBar"));
    m_bar->setTextVisible(false);
    m_bar->setFixedHeight(look::kGrid);
    m_bar->setAccessibleName(tr("Progress of the run"));
    m_step =
        m_facts->addFact(tr("Step"), QStringLiteral("nowStep"), tr("Corrections of the adapter done so far"));
    m_epoch =
        m_facts->addFact(tr("Epoch"), QStringLiteral("nowEpoch"), tr("How often the data was gone through"));
    m_left = m_facts->addFact(tr("Left"), QStringLiteral("nowLeft"), tr("By the speed so far"));
    m_speed = m_facts->addFact(tr("Speed"), QStringLiteral("nowSpeed"), tr("Tokens of the data in a second"));
    m_loss =
        m_facts->addFact(tr("Train loss"), QStringLiteral("nowLoss"),
                         tr("How badly the model predicts the data that it learns from; lower is better"));
    m_eval = m_facts->addFact(tr("Eval loss"), QStringLiteral("nowEval"),
                              tr("The same on rows that it does not learn from"));
    m_best = m_facts->addFact(tr("Best"), QStringLiteral("nowBest"),
                              tr("The lowest eval loss; the adapter is taken from there"));
    m_patience = m_facts->addFact(tr("Patience"), QStringLiteral("nowPatience"),
                                  tr("Evaluations without improvement; at the limit the run stops early"));
    m_memory = m_facts->addFact(tr("Most memory"), QStringLiteral("nowMemory"),
                                tr("That the program has taken at once so far"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(look::kGrid, 0, 0, 0);
    column->setSpacing(look::kGrid);
    column->addWidget(m_headline);
    column->addWidget(m_bar);
    column->addWidget(m_phase);
    column->addWidget(m_facts);
    column->addWidget(m_notices);
    column->addStretch(1);
    connect(&m_manager, &managers::TrainingManager::stateChanged, this, &NowCard::refresh);
    connect(&m_manager, &managers::TrainingManager::progressed, this, &NowCard::refresh);
    refresh();
}

QString NowCard::headline() const {
    switch (m_manager.state()) {
    case TrainingState::Starting:
        return tr("Starting");
    case TrainingState::Running:
        return tr("Training");
    case TrainingState::Pausing:
        return tr("Pausing");
    case TrainingState::Paused:
        return tr("Paused");
    case TrainingState::Stopping:
        return tr("Stopping");
    case TrainingState::Done:
        return tr("Done");
    case TrainingState::Failed:
        return tr("Failed");
    default:
        return {};
    }
}

bool NowCard::hasResult() const {
    const TrainingState state = m_manager.state();
    return state == TrainingState::Paused || state == TrainingState::Done || state == TrainingState::Failed;
}

QString NowCard::phaseText() const {
    const TrainingState state = m_manager.state();
    if (state == TrainingState::Pausing) return tr("The step in work is finished and a checkpoint written.");
    if (state == TrainingState::Stopping)
        return tr("The step in work is finished, then a checkpoint and the adapter are written.");
    if (state == TrainingState::Paused)
        return tr("The checkpoint is written and the memory is free. Continue goes on where it stopped.");
    const Progress& progress = m_manager.progress();
    if (progress.unit == jobs::kPromptUnit && progress.done < progress.total)
        return tr("Answering prompt %1 of %2 …").arg(progress.done + 1).arg(progress.total);
    const QString phase = m_manager.isInSteps() ? toQt(progress.phase) : m_manager.phase();
    if (m_manager.isInSteps() && phase == m_manager.phase()) return {};
    return phase.isEmpty() ? QString() : phase.front().toUpper() + phase.mid(1) + QStringLiteral(" …");
}

void NowCard::showStep() {
    const auto& forecast = m_manager.forecast();
    const auto& point = m_manager.lastPoint();
    const auto& columns = m_manager.metrics().columns();
    const auto& summary = m_manager.summary();
    const std::int64_t step = point ? point->step : columns.lastStep();
    const std::int64_t all = summary ? summary->totalSteps : forecast ? forecast->totalSteps : 0;
    const int epochs = m_manager.run().settings.training.num_epochs;
    const bool isByEpochs = m_manager.run().settings.training.max_steps == 0;
    const double epoch = columns.rows() > 0 ? columns.epochAt(columns.rows() - 1) : 0.0;
    m_facts->setFact(
        *m_step,
        all > 0
            ? tr("%1 of %2").arg(countText(static_cast<quint64>(step)), countText(static_cast<quint64>(all)))
            : QString());
    const QString done = toQt(formatNumber(epoch, kEpochDigits));
    m_facts->setFact(*m_epoch, columns.rows() == 0 ? QString()
                               : isByEpochs        ? tr("%1 of %2").arg(done).arg(epochs)
                                                   : done);
    m_facts->setFact(*m_left, managers::timeLeftText(m_manager.secondsLeft()));
    m_facts->setFact(*m_speed,
                     point && m_manager.isActive()
                         ? tr("%1 tokens/s").arg(toQt(formatNumber(point->tokensPerSecond, kSpeedDigits)))
                         : QString());
    showBar(step, all);
}

void NowCard::showBar(std::int64_t step, std::int64_t all) {
    const Progress& progress = m_manager.progress();
    const bool isPaused = m_manager.state() == TrainingState::Paused;
    std::optional<double> share;
    if (m_manager.isInSteps() || isPaused) {
        if (all > 0) share = static_cast<double>(step) / static_cast<double>(all);
    } else if (progress.total > 0) {
        share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
    }
    m_bar->setRange(0, share ? kBarSteps : 0);
    if (share) m_bar->setValue(static_cast<int>(kBarSteps * *share));
    m_bar->setVisible(m_manager.isActive() || isPaused);
}

void NowCard::showLosses() {
    const managers::MetricColumns& columns = m_manager.metrics().columns();
    const auto last = [&columns](Metric metric) -> std::optional<double> {
        if (columns.rows() == 0) return std::nullopt;
        const auto row = columns.knownNear(metric, columns.rows() - 1);
        return row ? columns.valueAt(metric, *row) : std::nullopt;
    };
    const auto loss = last(Metric::TrainLoss);
    const auto memory = last(Metric::MemoryMib);
    const auto first = columns.firstEvaluation();
    const auto eval = columns.lastEvaluation();
    const auto best = columns.best();
    m_facts->setFact(*m_loss, loss ? lossText(*loss) : QString());
    m_facts->setFact(*m_eval,
                     !hasResult() && first && eval
                         ? (columns.hasLaterEvaluation() ? changeOfLoss(*first, *eval) : lossText(*eval))
                         : QString());
    m_facts->setFact(
        *m_best,
        !hasResult() && best
            ? tr("%1 at step %2").arg(lossText(best->evalLoss), countText(static_cast<quint64>(best->step)))
            : QString());
    const managers::StoppingRule& rule = columns.stoppingRule();
    m_facts->setFact(*m_patience,
                     rule.enabled && best
                         ? tr("%1 of %2").arg(columns.evaluationsWithoutImprovement()).arg(rule.patience)
                         : QString());
    m_facts->setFact(*m_memory, memory ? managers::mebibytesText(*memory) : QString());
}

void NowCard::refresh() {
    if (m_manager.isEditable()) return;
    m_headline->setText(headline());
    m_headline->setVisible(!hasResult()); // else RunResult has one
    const QString phase = phaseText();
    m_phase->setText(phase);
    m_phase->setVisible(!phase.isEmpty());
    showStep();
    showLosses();
    m_notices->setText(noticesText(m_manager.notices()));
    m_notices->setVisible(!m_manager.notices().isEmpty());
}

} // namespace llamahome::widgets
