#include "widgets/forecast_strip.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "managers/text.h"
#include "managers/training_queue.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::toQt;
using managers::TrainingState;

namespace {

constexpr int kIconSize = 2 * look::kGrid;
constexpr int kBarWidth = 16 * look::kGrid;
constexpr int kBarSteps = 1000;

QString bytes(std::uint64_t amount) {
    return toQt(formatBytes(amount));
}

} // namespace

ForecastStrip::ForecastStrip(managers::TrainingManager& manager, QWidget* parent)
    : QFrame(parent)
    , m_manager(manager)
    , m_icon(new QLabel(this))
    , m_memory(new QLabel(this))
    , m_bar(new QProgressBar(this))
    , m_rest(new QLabel(this))
    , m_words(new QLabel(this))
    , m_measure(new QPushButton(tr("&Measure the speed"), this))
    , m_later(new QPushButton(tr("Add to &queue"), this))
    , m_start(new QPushButton(icon(Icon::Start, QPalette::BrightText), tr("&Start training"), this))
    , m_notices(look::makeNote({}, this))
    , m_changes(new QWidget(this))
    , m_changeRow(new QHBoxLayout(m_changes)) {
    setObjectName(QStringLiteral("forecastStrip"));
    m_memory->setObjectName(QStringLiteral("forecastMemory"));
    m_rest->setObjectName(QStringLiteral("forecastRest"));
    m_words->setObjectName(QStringLiteral("forecastWords"));
    m_words->setWordWrap(true);
    for (QLabel* label : {m_memory, m_rest, m_words})
        label->setTextFormat(Qt::PlainText);
    m_notices->setObjectName(QStringLiteral("forecastNotices"));
    m_notices->setWordWrap(true);
    m_bar->setObjectName(QStringLiteral("memoryBar"));
    m_bar->setTextVisible(false);
    m_bar->setFixedSize(kBarWidth, look::kGrid);
    m_measure->setObjectName(QStringLiteral("measureSpeed"));
    m_measure->setToolTip(tr("Trains two steps and throws them away; some seconds with a small model"));
    m_later->setObjectName(QStringLiteral("queueButton"));
    m_later->setToolTip(tr("Puts the run into a queue; its runs begin one after the other"));
    m_start->setObjectName(QStringLiteral("startButton"));
    look::makePrimary(*m_start);
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    for (QWidget* widget : std::initializer_list<QWidget*>{m_icon, m_memory, m_bar, m_rest})
        row->addWidget(widget);
    row->addWidget(m_words, 1);
    row->addWidget(m_measure);
    row->addWidget(m_later);
    row->addWidget(m_start);
    m_changeRow->setContentsMargins(0, 0, 0, 0);
    m_changeRow->setSpacing(look::kGrid);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    column->addLayout(row);
    column->addWidget(m_notices);
    column->addWidget(m_changes);
    connect(m_measure, &QPushButton::clicked, &m_manager.setup(), &managers::TrainingSetup::measureSpeed);
    connect(m_start, &QPushButton::clicked, this, &ForecastStrip::begin);
    connect(m_later, &QPushButton::clicked, this,
            [this] { m_manager.queue().add(m_manager.setup().choice()); });
    connect(&m_manager, &managers::TrainingManager::stateChanged, this, &ForecastStrip::refresh);
    connect(&m_manager, &managers::TrainingManager::progressed, this, &ForecastStrip::refresh);
    connect(&m_manager.setup(), &managers::TrainingSetup::checked, this, [this] {
        if (!m_manager.isEditable()) refresh();
    });
    refresh();
}

bool ForecastStrip::isBusy() const {
    return m_manager.isActive() || m_manager.state() == TrainingState::Paused;
}

const std::optional<Error>& ForecastStrip::problem() const {
    return m_manager.isEditable() ? m_manager.problem() : m_manager.setup().problem();
}

void ForecastStrip::begin() {
    if (m_manager.isEditable()) return m_manager.start();
    const bool isNext = isBusy();
    m_manager.queue().add(m_manager.setup().choice());
    if (!isNext) m_manager.queue().goOn();
}

/// What the run that is there takes of the memory does not count against the next one.
void ForecastStrip::showButtons() {
    using managers::SetupState;
    const SetupState state = m_manager.setup().state();
    const bool isNext = isBusy();
    m_start->setEnabled(state == SetupState::Ready || (isNext && state == SetupState::DoesNotFit));
    m_start->setText(isNext ? tr("Add to &queue") : tr("&Start training"));
    m_start->setToolTip(isNext ? m_later->toolTip() : QString());
    m_later->setEnabled(state == SetupState::Ready);
    m_later->setVisible(!isNext);
}

void ForecastStrip::showEvent(QShowEvent* event) {
    QFrame::showEvent(event);
    refresh();
}

QString ForecastStrip::waitingText() const {
    const managers::TrainingSetup& setup = m_manager.setup();
    const bool hasModel = setup.choice().model.has_value();
    const bool hasData = !setup.choice().data.empty();
    if (!hasModel && !hasData) return tr("Choose a model and the data that it shall learn from.");
    if (!hasModel) return tr("Choose a model to train.");
    if (!hasData) return tr("Choose the data that the model shall learn from.");
    if (problem()) return tr("The run cannot start yet; see above.");
    const Progress& progress = setup.progress();
    if (progress.total > 0 && progress.done < progress.total)
        return tr("Reading the data: %1 of %2").arg(bytes(progress.done), bytes(progress.total));
    return tr("Checking the data and what the run will need …");
}

void ForecastStrip::refresh() {
    if (!m_manager.isEditable() && !isVisible()) return;
    const auto& outlook = m_manager.setup().outlook();
    showButtons();
    const bool isForecast = outlook.has_value();
    for (QWidget* widget : std::initializer_list<QWidget*>{m_icon, m_memory, m_rest})
        widget->setVisible(isForecast);
    m_measure->setVisible(false);
    m_bar->setVisible(isForecast && outlook->forecast.memoryAllowed > 0);
    m_words->setText(isForecast ? QString() : waitingText());
    if (isForecast) showForecast(*outlook);
    const QStringList notices = m_manager.setup().notices();
    m_notices->setText(noticesText(notices));
    m_notices->setVisible(!notices.isEmpty());
    showChanges();
}

void ForecastStrip::showForecast(const managers::TrainingOutlook& outlook) {
    const jobs::TrainForecast& forecast = outlook.forecast;
    const std::uint64_t needed = forecast.memory.total();
    const bool isMeasured = forecast.data.validationRows > 0;
    const bool isGood = !outlook.misfit && isMeasured;
    m_icon->setPixmap(icon(isGood ? Icon::Good : Icon::Warning).pixmap(kIconSize));
    m_icon->setAccessibleName(outlook.misfit ? tr("Does not fit") : tr("Fits"));
    if (!isMeasured)
        m_words->setText(unmeasuredText(forecast.data.trainRows));
    else if (!outlook.misfit)
        m_words->setText(toQt(outlook.settled));
    m_memory->setText(forecast.memoryAllowed > 0
                          ? tr("memory %1 of %2").arg(bytes(needed), bytes(forecast.memoryAllowed))
                          : tr("memory %1").arg(bytes(needed)));
    if (forecast.memoryAllowed > 0) {
        const double share = static_cast<double>(needed) / static_cast<double>(forecast.memoryAllowed);
        m_bar->setRange(0, kBarSteps);
        m_bar->setValue(static_cast<int>(kBarSteps * std::min(1.0, share)));
        m_bar->setAccessibleName(m_memory->text());
        QPalette colors;
        if (share > 1.0)
            for (const QPalette::ColorRole role : {QPalette::Highlight, QPalette::Link}) // by style
                colors.setColor(role, look::color(look::Tone::Bad));
        m_bar->setPalette(colors);
    }
    m_memory->setToolTip(tr("weights %1, activations %2, adapter %3, program %4")
                             .arg(bytes(forecast.memory.weights), bytes(forecast.memory.activations),
                                  bytes(forecast.memory.adapter), bytes(forecast.memory.program)));
    m_bar->setToolTip(m_memory->toolTip());
    const QString steps = stepsText(static_cast<quint64>(forecast.totalSteps));
    const QString disk = tr("%1 on disk").arg(bytes(forecast.disk.total()));
    m_rest->setText(QStringList{steps, timeText(outlook), disk}.join(QStringLiteral(" · ")));
    m_rest->setToolTip(
        outlook.rateFrom.empty()
            ? tr("The speed is not known before it is measured, or this model was trained here.")
            : tr("By the speed of %1.").arg(toQt(outlook.rateFrom)));
    const bool isMeasuring = m_manager.setup().speedTrial().isRunning();
    m_measure->setVisible(!isBusy() && !outlook.misfit && (outlook.rateFrom.empty() || isMeasuring));
    m_measure->setEnabled(!isMeasuring);
    m_measure->setText(isMeasuring ? tr("Measuring …") : tr("&Measure the speed"));
    if (m_manager.setup().isLookingAhead()) m_words->setText(tr("…"));
}

void ForecastStrip::showChanges() {
    const auto& outlook = m_manager.setup().outlook();
    std::vector<managers::FitChange> changes;
    if (outlook && outlook->misfit) changes = outlook->changes;
    QStringList texts;
    for (const managers::FitChange& change : changes)
        texts << changeText(change);
    m_changes->setVisible(!changes.empty());
    const QString shown = texts.join(QLatin1Char('\n'));
    if (shown == m_shownChanges) return;
    m_shownChanges = shown;
    while (QLayoutItem* item = m_changeRow->takeAt(0)) {
        if (item->widget() != nullptr) item->widget()->deleteLater();
        delete item;
    }
    m_changeRow->addWidget(look::makeNote(tr("What would make it fit:"), m_changes));
    for (std::size_t i = 0; i < changes.size(); ++i) {
        auto* button = new QPushButton(texts[static_cast<qsizetype>(i)], m_changes);
        button->setObjectName(QStringLiteral("fitChange%1").arg(i));
        connect(button, &QPushButton::clicked, this,
                [this, change = changes[i]] { m_manager.setup().apply(change); });
        m_changeRow->addWidget(button);
    }
    m_changeRow->addStretch(1);
}

} // namespace llamahome::widgets
