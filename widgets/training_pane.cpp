#include "widgets/training_pane.h"

#include <algorithm>

#include <QApplication>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "core/error_codes.h"
#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/data_preview.h"
#include "widgets/forecast_strip.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/queue_panel.h"
#include "widgets/remedy_buttons.h"
#include "widgets/run_view.h"
#include "widgets/stop_question.h"
#include "widgets/trained_row_view.h"
#include "widgets/training_form.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::toQt;
using managers::TrainingState;

namespace {

const QString kRefusedKey = QStringLiteral("training/refused");

/// A run as it stands now: when it was gone on with, it may be offered anew.
QString standOf(const jobs::RunInfo& run) {
    return toQt(run.name + " " + run.record.updatedAt);
}

} // namespace

TrainingPane::TrainingPane(managers::TrainingManager& manager, managers::ModelManager& models,
                           WindowMemory& memory, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_memory(memory)
    , m_message(new MessageBar(this))
    , m_pages(nullptr) {
    setObjectName(QStringLiteral("trainingPane"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, look::kGrid);
    column->setSpacing(2 * look::kGrid);
    column->addWidget(makeHead());
    column->addWidget(m_message);
    column->addWidget(makeOffer());
    m_pages = new QStackedWidget(this);
    m_form = new TrainingForm(manager.setup(), models, memory, this);
    m_pages->addWidget(makeFormPage());
    m_pages->addWidget(makeRunPage());
    column->addWidget(m_pages, 1);
    column->addWidget(new QueuePanel(manager.queue(), this));
    connect(&manager.queue(), &managers::TrainingQueue::failed, this, &TrainingPane::tellFailure);
    connect(&manager.saver(), &managers::FileSaver::saved, this, [this](const QString& path) {
        m_message->show(MessageBar::Kind::Notice, tr("Saved as %1").arg(path));
    });
    connect(&manager.saver(), &managers::FileSaver::failed, this,
            [this](const Error& error) { m_message->showFailure(error); });
    connect(m_form, &TrainingForm::lookInsideWanted, this, &TrainingPane::lookInside);
    connect(m_form, &TrainingForm::foldOpened, this, &TrainingPane::showLower);
    connect(m_run, &RunView::chatRequested, this, &TrainingPane::chatRequested);
    connect(m_run, &RunView::exportRequested, this, &TrainingPane::exportRequested);
    connect(m_run, &RunView::evaluateRequested, this, &TrainingPane::evaluateRequested);
    connect(&m_manager, &managers::TrainingManager::stateChanged, this, &TrainingPane::refresh);
    connect(&m_manager, &managers::TrainingManager::runChanged, this, &TrainingPane::refresh);
    connect(&m_manager, &managers::TrainingManager::progressed, this, &TrainingPane::showProblem);
    connect(&m_manager, &managers::TrainingManager::unfinishedChanged, this, &TrainingPane::showOffer);
    connect(&m_manager.setup(), &managers::TrainingSetup::checked, this, &TrainingPane::showLower);
    connect(&m_manager.setup(), &managers::TrainingSetup::checked, this, [this] {
        if (m_isPlanning) showProblem();
    });
    connect(&m_manager.setup().speedTrial(), &managers::SpeedTrial::failed, this,
            [this](const Error& error) { m_message->showFailure(error); });
    connect(&m_manager.setup(), &managers::TrainingSetup::choiceChanged, this, &TrainingPane::showButtons);
    connect(&m_manager.setup(), &managers::TrainingSetup::choiceChanged, this, &TrainingPane::showLower);
    connect(&m_manager.setup(), &managers::TrainingSetup::samplesChanged, this, &TrainingPane::showLower);
    refresh();
    showLower();
}

QWidget* TrainingPane::makeHead() {
    auto* head = new QWidget(this);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    m_copy = makeButton(tr("Copy as command"), Icon::Copy, QStringLiteral("copyCommand"), head);
    m_plan = makeButton({}, Icon::Add, QStringLiteral("planButton"), head);
    m_pause = makeButton(tr("&Pause"), Icon::Pause, QStringLiteral("pauseButton"), head);
    m_pause->setToolTip(tr("Stops after the step in work, with a checkpoint, and frees the memory"));
    m_continue = makeButton(tr("&Continue"), Icon::Start, QStringLiteral("resumeButton"), head);
    m_stop = makeButton(tr("S&top"), Icon::Stop, QStringLiteral("stopButton"), head);
    m_stop->setToolTip(tr("Ends the run in order and keeps the adapter so far"));
    row->addWidget(look::makeTitle(tr("Training"), head));
    row->addStretch(1);
    for (QPushButton* button : {m_copy, m_plan, m_pause, m_continue, m_stop})
        row->addWidget(button);
    connect(m_copy, &QPushButton::clicked, this, &TrainingPane::copyCommand);
    connect(m_plan, &QPushButton::clicked, this, [this] { plan(!m_isPlanning); });
    connect(m_pause, &QPushButton::clicked, &m_manager, &managers::TrainingManager::pause);
    connect(m_continue, &QPushButton::clicked, this, [this] { m_manager.resume(m_manager.runName()); });
    connect(m_stop, &QPushButton::clicked, this, [this] { askToStop(m_manager, *this); });
    return head;
}

QWidget* TrainingPane::makeOffer() {
    m_offer = new QFrame(this);
    m_offer->setFrameShape(QFrame::StyledPanel);
    m_offer->setObjectName(QStringLiteral("unfinishedOffer"));
    m_offerWords = new QLabel(m_offer);
    m_offerWords->setObjectName(QStringLiteral("unfinishedWords"));
    m_offerWords->setTextFormat(Qt::PlainText);
    m_offerWords->setWordWrap(true);
    m_goOn = makeButton(tr("Continue &it"), Icon::Start, QStringLiteral("continueUnfinished"), m_offer);
    m_offerRemedies = new RemedyButtons(m_offer);
    m_offerRemedies->setObjectName(QStringLiteral("offerRemedies"));
    auto* notNow = new QPushButton(tr("Not now"), m_offer);
    notNow->setObjectName(QStringLiteral("refuseUnfinished"));
    auto* row = new QHBoxLayout(m_offer);
    row->setContentsMargins(look::kGrid, look::kGrid, look::kGrid, look::kGrid);
    row->setSpacing(look::kGrid);
    row->addWidget(m_offerWords, 1);
    row->addWidget(m_offerRemedies);
    row->addWidget(m_goOn);
    row->addWidget(notNow);
    const auto goOn = [this](const std::vector<jobs::RunSetting>& changes) {
        if (const auto& run = m_manager.unfinished()) m_manager.resume(toQt(run->name), changes);
    };
    connect(m_goOn, &QPushButton::clicked, this, [goOn] { goOn({}); });
    connect(m_offerRemedies, &RemedyButtons::chosen, this, goOn);
    connect(notNow, &QPushButton::clicked, this, &TrainingPane::refuseOffer);
    return m_offer;
}

QWidget* TrainingPane::makeFormPage() {
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2 * look::kGrid);
    m_strip = new ForecastStrip(m_manager, page);
    m_lower = new QStackedWidget(page);
    m_lower->addWidget(makeRowPanel());
    m_lower->addWidget(makeHint());
    m_lower->addWidget(new QWidget(m_lower));
    column->addWidget(m_form);
    column->addWidget(m_strip);
    column->addWidget(m_lower, 1);
    return page;
}

QWidget* TrainingPane::makeRowPanel() {
    auto* panel = new QWidget(this);
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid / 2);
    auto* title = new QLabel(tr("The first row as it is trained; what is underlined is learned"), panel);
    m_row = new TrainedRowView(panel);
    m_row->setObjectName(QStringLiteral("firstRow"));
    title->setBuddy(m_row);
    column->addWidget(title);
    column->addWidget(m_row, 1);
    return panel;
}

QWidget* TrainingPane::makeHint() {
    auto* panel = new QWidget(this);
    auto* words = new QLabel(tr("Data may be chat messages, ShareGPT, Alpaca, prompt and completion, "
                                "question and answer, or plain "
                                "text, as JSONL, JSON, CSV or TXT. A few hundred good examples are enough to "
                                "teach a tone or a format."),
                             panel);
    words->setObjectName(QStringLiteral("dataHint"));
    words->setWordWrap(true);
    auto* browse = makeButton(tr("Choose files…"), Icon::Folder, QStringLiteral("browseData"), panel);
    auto* write = makeButton(tr("Write your own…"), Icon::Edit, QStringLiteral("writeData"), panel);
    connect(write, &QPushButton::clicked, m_form, &TrainingForm::writeData);
    m_useSample = new QPushButton(panel);
    m_useSample->setObjectName(QStringLiteral("useSample"));
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    row->addWidget(browse);
    row->addWidget(write);
    row->addWidget(m_useSample);
    row->addStretch(1);
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(0, 2 * look::kGrid, 0, 0);
    column->setSpacing(2 * look::kGrid);
    column->addWidget(words);
    column->addLayout(row);
    column->addStretch(1);
    connect(browse, &QPushButton::clicked, m_form, &TrainingForm::browseData);
    connect(m_useSample, &QPushButton::clicked, this, [this] {
        const QStringList& samples = m_manager.setup().samples();
        if (!samples.isEmpty()) m_form->chooseData({samples.front()});
    });
    return panel;
}

QWidget* TrainingPane::makeRunPage() {
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2 * look::kGrid);
    m_summary = new QLabel(page);
    m_summary->setObjectName(QStringLiteral("runSummary"));
    m_summary->setTextFormat(Qt::PlainText);
    m_summary->setWordWrap(true);
    m_summary->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_run = new RunView(m_manager, m_memory, page);
    column->addWidget(m_summary);
    column->addWidget(m_run, 1);
    return page;
}

void TrainingPane::chooseModel(const QString& name) {
    turnToForm();
    m_form->chooseModel(name);
}

void TrainingPane::chooseData(const QStringList& paths) {
    turnToForm();
    m_form->chooseData(paths);
}

void TrainingPane::chooseRun(const managers::RunDetails& details) {
    turnToForm();
    m_form->chooseRun(details);
    const std::filesystem::path& adapter = details.info.record.initAdapter;
    if (!adapter.empty())
        m_message->show(MessageBar::Kind::Notice,
                        tr("Run %1 went on from adapter %2; the next one begins anew.")
                            .arg(toQt(details.info.name), managers::pathToQt(adapter.filename())));
}

/// Leaves a run that has ended; one that goes on keeps its place, and the form is for the next one.
void TrainingPane::turnToForm() {
    if (!isBusy()) return m_manager.showForm();
    plan(true);
    m_message->show(MessageBar::Kind::Notice, tr("Chosen for the next training; this one goes on."));
}

void TrainingPane::plan(bool on) {
    m_isPlanning = on;
    refresh();
    focusFirst();
}

bool TrainingPane::isBusy() const {
    return m_manager.isActive() || m_manager.state() == TrainingState::Paused;
}

bool TrainingPane::isFormShown() const {
    return m_isPlanning || m_manager.isEditable();
}

/// Where none follows, the page of the run says it, or the form.
void TrainingPane::tellFailure(const managers::QueueItem& item) {
    if (!m_manager.isActive()) return;
    const QString reason = managers::windowText(item.run.message);
    const QString what = item.runName.isEmpty() ? queuedRunText(item.run) : item.runName;
    m_message->show(MessageBar::Kind::Error,
                    tr("%1 failed: %2 The next run of the queue goes on.").arg(what, reason));
}

void TrainingPane::focusFirst() {
    if (isFormShown())
        m_form->focusFirst();
    else
        m_run->focusFirst();
}

void TrainingPane::refresh() {
    const auto& items = m_manager.queue().items();
    const bool isOfQueue = std::any_of(items.begin(), items.end(), [](const managers::QueueItem& item) {
        return item.state == managers::QueueState::Going;
    });
    const bool isBegun = m_manager.state() == TrainingState::Starting && !isOfQueue;
    if (m_manager.isEditable() || isBegun) m_isPlanning = false;
    const int page = isFormShown() ? 0 : 1;
    const bool hadFocus = m_pages->isAncestorOf(QApplication::focusWidget());
    const bool isTurned = page != m_pages->currentIndex();
    m_pages->setCurrentIndex(page);
    if (isTurned && hadFocus) focusFirst();
    const managers::ShownRun& run = m_manager.run();
    QStringList parts{run.name, run.model, filesText(run.data)};
    parts.removeAll(QString());
    if (!run.model.isEmpty()) parts << settingsText(run.settings);
    m_summary->setText(parts.join(QStringLiteral(" · ")));
    m_summary->setToolTip(run.data.join(QLatin1Char('\n')));
    showButtons();
    showProblem();
    showOffer();
}

void TrainingPane::showButtons() {
    const TrainingState state = m_manager.state();
    const bool isRunning = state == TrainingState::Running || state == TrainingState::Pausing;
    const QWidget* focus = QApplication::focusWidget();
    const bool isOnSwitch =
        focus != nullptr && (focus == m_pause || focus == m_continue || focus == m_waitsForSwitch);
    m_pause->setVisible(isRunning);
    m_pause->setEnabled(state == TrainingState::Running);
    m_continue->setVisible(state == TrainingState::Paused);
    m_stop->setVisible(m_manager.isActive() || state == TrainingState::Paused);
    m_stop->setEnabled(state != TrainingState::Stopping);
    m_plan->setVisible(m_isPlanning || isBusy());
    m_plan->setText(m_isPlanning ? tr("Back to the run") : tr("Plan the ne&xt"));
    m_plan->setIcon(icon(m_isPlanning ? Icon::Training : Icon::Add));
    const QString command = m_isPlanning ? m_manager.setup().commandLine() : m_manager.commandLine();
    m_copy->setEnabled(!command.isEmpty());
    m_copy->setToolTip(command);
    if (isOnSwitch && !isFormShown()) keepFocus();
}

/// Pause and Continue take turns; between them the focus must not fall to Stop, which a key would press.
void TrainingPane::keepFocus() {
    for (QPushButton* button : {m_pause, m_continue})
        if (button->isVisible() && button->isEnabled()) {
            m_waitsForSwitch.clear();
            button->setFocus();
            return;
        }
    m_run->focusFirst();
    m_waitsForSwitch = QApplication::focusWidget();
}

void TrainingPane::showProblem() {
    managers::TrainingSetup& setup = m_manager.setup();
    const auto& problem = m_isPlanning ? setup.problem() : m_manager.problem();
    const bool isMisfit = setup.state() == managers::SetupState::DoesNotFit; // beside the run that is there
    const bool isShown = problem && (m_isPlanning ? !isMisfit : m_manager.state() != TrainingState::Failed);
    const QString text = isShown ? toQt(problem->message) : QString();
    if (text == m_shownProblem) return;
    m_shownProblem = text;
    if (!isShown) {
        m_message->clear();
        return;
    }
    const bool isOfForm = isFormShown();
    if (isOfForm && setup.canSkipBadRows())
        m_message->showError(*problem, tr("Leave bad rows out"), [&setup] {
            setup.setSetting(QStringLiteral("data.skip_bad_rows"), QStringLiteral("true"));
        });
    else if (m_manager.isEditable() && problem->code == codes::kRootLocked)
        m_message->showError(*problem, tr("Try again"), [this] { m_manager.start(); });
    else if (isOfForm && !setup.choice().data.empty() && !isMisfit)
        m_message->showError(*problem, tr("Check again"), [&setup] { setup.checkAgain(); });
    else
        m_message->showError(*problem);
}

void TrainingPane::showLower() {
    enum { Row, Hint, Blank };
    const managers::TrainingSetup& setup = m_manager.setup();
    const auto& report = setup.dataReport();
    const bool hasRow = report && report->example;
    if (hasRow && m_lower->currentIndex() != Row) m_row->setRow(*report->example);
    m_lower->setCurrentIndex(hasRow ? Row : setup.choice().data.empty() ? Hint : Blank);
    m_lower->setVisible(!m_form->isFoldOpen());
    const QStringList& samples = setup.samples();
    m_useSample->setVisible(!samples.isEmpty());
    if (!samples.isEmpty()) m_useSample->setText(tr("Use the sample %1").arg(fileName(samples.front())));
}

void TrainingPane::refuseOffer() {
    if (const auto& run = m_manager.unfinished()) m_memory.setValue(kRefusedKey, standOf(*run));
    showOffer();
}

void TrainingPane::showOffer() {
    const auto& run = m_manager.unfinished();
    const bool isOffered =
        run && m_manager.isEditable() && standOf(*run) != m_memory.value(kRefusedKey).toString();
    m_offer->setVisible(isOffered);
    if (!isOffered) return;
    const jobs::RunRecord& record = run->record;
    const QString step = countText(static_cast<quint64>(record.step));
    const QString all = countText(static_cast<quint64>(record.totalSteps));
    const QString name = toQt(run->name);
    m_goOn->setVisible(!jobs::endsAlike(record.code));
    m_offerRemedies->showRemedies(run->remedies);
    m_offerWords->setText(
        record.state == jobs::RunState::Failed
            ? tr("%1 failed at step %2 of %3: %4").arg(name, step, all, managers::windowText(record.cause))
        : record.state == jobs::RunState::Interrupted
            ? tr("%1 was cut off after step %2 of %3.").arg(name, step, all)
            : tr("%1 was stopped at step %2 of %3.").arg(name, step, all));
}

void TrainingPane::lookInside() {
    const auto& setup = m_manager.setup();
    if (auto* pages = setup.makeRowPages(this)) (new DataPreview(setup, *pages, this))->open();
}

void TrainingPane::copyCommand() {
    copyFrom(*m_copy, m_isPlanning ? m_manager.setup().commandLine() : m_manager.commandLine());
}

} // namespace llamahome::widgets
