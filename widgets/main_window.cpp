#include "widgets/main_window.h"

#include <initializer_list>

#include <QClipboard>
#include <QCloseEvent>
#include <QCoreApplication>
#include <QDropEvent>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QMimeData>
#include <QScreen>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "items/job_words.h"
#include "managers/text.h"
#include "widgets/about_dialog.h"
#include "widgets/chat_pane.h"
#include "widgets/downloads_pane.h"
#include "widgets/dropped_paths.h"
#include "widgets/first_start.h"
#include "widgets/get_model_dialog.h"
#include "widgets/icons.h"
#include "widgets/jobs_dialog.h"
#include "widgets/leave_guard.h"
#include "widgets/log_drawer.h"
#include "widgets/look.h"
#include "widgets/manual_dialog.h"
#include "widgets/message_bar.h"
#include "widgets/models_pane.h"
#include "widgets/runs_pane.h"
#include "widgets/settings_pane.h"
#include "widgets/status_area.h"
#include "widgets/stop_question.h"
#include "widgets/training_pane.h"
#include "widgets/tray.h"
#include "widgets/window_memory.h"
#include "widgets/window_menu.h"

namespace llamahome::widgets {
using managers::Job;
using managers::JobList;
using managers::TrainingState;

namespace {

const QString kPlaceKey = QStringLiteral("window/place");
const QString kLogKey = QStringLiteral("window/log");
const QString kStarterModel = QStringLiteral("smollm2/135m-instruct");
const QString kSeenKey = QStringLiteral("window/first-start-seen");

constexpr QSize kFirstSize(1280, 800);
constexpr QSize kLeastSize(900, 600);
constexpr int kLogHeight = 200;
constexpr int kFrameWidth = 16; // what window managers put around it, at most
constexpr int kFrameHeight = 48;

/// The first widget of a page that the Tab key would stop at.
void focusFirstOf(QWidget& page) {
    for (QWidget* next = page.nextInFocusChain(); next != &page; next = next->nextInFocusChain()) {
        const bool isStop =
            (next->focusPolicy() & Qt::TabFocus) != 0 && next->isVisibleTo(&page) && next->isEnabled();
        if (!isStop || !page.isAncestorOf(next)) continue;
        next->setFocus(Qt::OtherFocusReason);
        return;
    }
    page.setFocus(Qt::OtherFocusReason);
}

void bringForward(QWidget& dialog) {
    dialog.show();
    dialog.raise();
    dialog.activateWindow();
}

/// Pages lie in the order of Place.
constexpr int indexOf(Place place) {
    return static_cast<int>(place);
}

} // namespace

MainWindow::MainWindow(managers::Session& session, WindowMemory& memory, QWidget* parent)
    : QMainWindow(parent)
    , m_session(session)
    , m_memory(memory)
    , m_menu(new WindowMenu(*this))
    , m_tray(new Tray(*this, session.context.jobs))
    , m_guard(new LeaveGuard(session, *this))
    , m_screens(new QStackedWidget(this))
    , m_message(new MessageBar(this)) {
    setObjectName(QStringLiteral("mainWindow"));
    setWindowTitle(QStringLiteral("LlamaHome"));
    setWindowIcon(icon(Icon::App));
    setMinimumSize(kLeastSize);
    setAcceptDrops(true);
    auto* firstStart = new FirstStart(m_screens);
    m_screens->addWidget(firstStart);
    m_screens->addWidget(makeFrame());
    m_status = new StatusArea(session.context.jobs, session.training, session.memory, this);
    auto* body = new QWidget(this);
    auto* layout = new QVBoxLayout(body);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_message);
    layout->addWidget(m_screens, 1);
    layout->addWidget(m_status);
    setCentralWidget(body);
    connect(firstStart, &FirstStart::downloadWanted, this, [this] { getModel({kStarterModel}); });
    connect(firstStart, &FirstStart::importWanted, this, &MainWindow::importModel);
    connect(firstStart, &FirstStart::lookAroundWanted, this, [this] { showFirstStart(false); });
    connectPages();
    connectMenu();
    connectWork();
    connectLeaving();
    const QSize frame(kFrameWidth, kFrameHeight);
    resize(kFirstSize.boundedTo(screen()->availableSize() - frame).expandedTo(kLeastSize));
    m_memory.keepGeometry(*this, QStringLiteral("window/geometry"));
    goTo(static_cast<Place>(m_memory.value(kPlaceKey, indexOf(Place::Models)).toInt()));
    showLog(m_memory.value(kLogKey, false).toBool());
    m_screens->setCurrentIndex(m_memory.value(kSeenKey, false).toBool() ? 1 : 0);
    chooseFirstScreen();
    focusFirstOf(*(isFirstStartShown() ? firstStart : m_pages->currentWidget()));
    QCoreApplication::instance()->installEventFilter(this);
}

MainWindow::~MainWindow() = default;

QWidget* MainWindow::makeFrame() {
    auto* frame = new QWidget(m_screens);
    m_sideBar = new SideBar(frame);
    m_splitter = new QSplitter(Qt::Vertical, frame);
    m_splitter->setChildrenCollapsible(false);
    m_log = new LogDrawer(m_session.log, m_memory, m_splitter);
    m_splitter->addWidget(makePages());
    m_splitter->addWidget(m_log);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setSizes({kFirstSize.height(), kLogHeight});
    m_memory.keep(*m_splitter, QStringLiteral("window/log-height"));
    auto* layout = new QHBoxLayout(frame);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_sideBar);
    layout->addWidget(m_splitter, 1);
    connect(m_sideBar, &SideBar::placeChosen, this, &MainWindow::goTo);
    connect(m_log, &LogDrawer::closeWanted, this, [this] { showLog(false); });
    return frame;
}

QWidget* MainWindow::makePages() {
    m_pages = new QStackedWidget(m_splitter);
    m_pages->setObjectName(QStringLiteral("pages"));
    m_models = new ModelsPane(m_session.models, m_session.exports, m_session.context.jobs, m_memory, m_pages);
    m_models->followDownloads(m_session.downloads);
    m_downloads =
        new DownloadsPane(m_session.downloads, m_session.models, m_session.settings, m_memory, m_pages);
    m_training = new TrainingPane(m_session.training, m_session.models, m_memory, m_pages);
    m_chat = new ChatPane(m_session.chat, m_session.models, m_session.training, m_memory, m_pages);
    m_runs = new RunsPane(m_session.runs, m_session.training, m_memory, m_pages);
    m_settings = new SettingsPane(m_session.settings, m_session.cuda, m_session.tokens, m_memory, m_pages);
    for (QWidget* page :
         std::initializer_list<QWidget*>{m_models, m_downloads, m_training, m_chat, m_runs, m_settings})
        m_pages->addWidget(page);
    return m_pages;
}

void MainWindow::connectPages() {
    const auto train = [this](const QString& model) {
        goTo(Place::Training);
        m_training->chooseModel(model);
    };
    const auto chat = [this](const QString& model, const QString& adapter) {
        goTo(Place::Chat);
        m_chat->open(model, adapter);
    };
    const auto exportAdapter = [this](const QString& adapter, jobs::ExportFormat format) {
        goTo(Place::Models);
        m_models->choose(adapter);
        m_models->exportModel(adapter, format);
    };
    connect(m_models, &ModelsPane::trainRequested, this, train);
    connect(m_models, &ModelsPane::chatRequested, this, chat);
    connect(m_models, &ModelsPane::downloadRequested, this,
            [this](const QString& name) { getModel({name}); });
    connect(m_models, &ModelsPane::fetchAgainRequested, this, [this](const QString& name) {
        managers::DownloadWish wish{name};
        wish.everyByte = true;
        showDownload(m_session.downloads.start(wish));
    });
    connect(m_downloads, &DownloadsPane::getRequested, this, &MainWindow::getModel);
    connect(m_downloads, &DownloadsPane::showModelRequested, this, [this](const QString& name) {
        goTo(Place::Models);
        m_models->choose(name);
    });
    connect(m_downloads, &DownloadsPane::chatRequested, this, chat);
    connect(m_training, &TrainingPane::chatRequested, this, chat);
    connect(m_training, &TrainingPane::exportRequested, this, exportAdapter);
    connect(m_training, &TrainingPane::evaluateRequested, this, [this](const QString& run) {
        goTo(Place::Runs);
        m_runs->openEvaluation(run);
    });
    connect(m_chat, &ChatPane::comparisonReportRequested, this, &MainWindow::saveComparison);
    connect(m_chat, &ChatPane::modelsRequested, this, [this] { goTo(Place::Models); });
    connect(m_runs, &RunsPane::chatRequested, this, chat);
    connect(m_runs, &RunsPane::adapterExportRequested, this, exportAdapter);
    connect(m_runs, &RunsPane::trainingRequested, this, [this] { goTo(Place::Training); });
    connect(m_runs, &RunsPane::trainAgainRequested, this, [this](const managers::RunDetails& details) {
        goTo(Place::Training);
        m_training->chooseRun(details);
    });
    connect(m_runs, &RunsPane::continueRequested, this,
            [this](const QString& run, const std::vector<jobs::RunSetting>& changes) {
                goTo(Place::Training);
                m_session.training.resume(run, changes);
            });
    connect(&m_session.models, &managers::ModelManager::modelsChanged, this, &MainWindow::chooseFirstScreen);
}

void MainWindow::connectMenu() {
    connect(m_menu, &WindowMenu::getModelWanted, this, [this] { getModel({}); });
    connect(m_menu, &WindowMenu::importWanted, this, &MainWindow::importModel);
    connect(m_menu, &WindowMenu::findWanted, this, &MainWindow::find);
    connect(m_menu, &WindowMenu::reportWanted, this, &MainWindow::saveReport);
    connect(m_menu, &WindowMenu::quitWanted, this, &QWidget::close);
    connect(m_menu, &WindowMenu::placeWanted, this, &MainWindow::goTo);
    connect(m_menu, &WindowMenu::logWanted, this, &MainWindow::showLog);
    connect(m_menu, &WindowMenu::pauseWanted, &m_session.training, &managers::TrainingManager::pause);
    connect(m_menu, &WindowMenu::stopWanted, this, [this] { askToStop(m_session.training, *this); });
    connect(m_menu, &WindowMenu::jobsWanted, this, &MainWindow::showJobs);
    connect(m_menu, &WindowMenu::copyCommandWanted, this, &MainWindow::copyCommand);
    connect(m_menu, &WindowMenu::firstStartWanted, this, [this] { showFirstStart(true); });
    connect(m_menu, &WindowMenu::aboutWanted, this, &MainWindow::showAbout);
    connect(m_menu, &WindowMenu::manualWanted, this, &MainWindow::showManual);
}

void MainWindow::connectWork() {
    connect(m_status, &StatusArea::jobsWanted, this, &MainWindow::showJobs);
    connect(m_status, &StatusArea::logWanted, this, [this] { showLog(m_log->isHidden()); });
    const JobList& jobs = m_session.context.jobs;
    connect(&jobs, &JobList::jobStarted, this, &MainWindow::showWork);
    connect(&jobs, &JobList::jobChanged, this, &MainWindow::showWork);
    connect(&m_session.training, &managers::TrainingManager::stateChanged, this, &MainWindow::showWork);
    connect(&m_session.diagnostics, &managers::DiagnosticsWriter::saved, this, [this](const QString& path) {
        m_message->show(MessageBar::Kind::Notice, tr("The report is in %1").arg(path));
    });
    connect(&m_session.runs, &managers::RunManager::comparisonSaved, this, [this](const QString& path) {
        m_message->show(MessageBar::Kind::Notice, tr("The report is in %1").arg(path));
    });
    connect(&m_session.runs, &managers::RunManager::comparisonFailed, this,
            [this](const Error& error) { m_message->showFailure(error); });
    connect(&m_session.diagnostics, &managers::DiagnosticsWriter::failed, this, [this](const Error& error) {
        m_message->showFailure(error, tr("Save elsewhere…"), [this] { saveReport(); });
    });
}

void MainWindow::connectLeaving() {
    connect(m_guard, &LeaveGuard::keepRunningWanted, this, &MainWindow::keepRunning);
    connect(m_guard, &LeaveGuard::readyToClose, this, &QWidget::close);
    connect(m_guard, &LeaveGuard::leaving, this, [this] {
        m_message->show(MessageBar::Kind::Notice,
                        tr("Stopping what runs; the window closes when everything is saved."));
    });
    connect(m_tray, &Tray::openWanted, this, &MainWindow::comeForward);
    connect(m_tray, &Tray::quitWanted, this, &MainWindow::leave);
    connect(qGuiApp, &QGuiApplication::commitDataRequest, this, [this] { m_guard->endSession(); });
}

void MainWindow::getModel(const managers::DownloadWish& wish) {
    managers::DownloadManager& downloads = m_session.downloads;
    const managers::DownloadItem* begun = downloads.unfinishedOf(wish.name);
    if (begun != nullptr && !downloads.wantsLink(begun->id)) {
        const quint64 id = begun->id;
        downloads.goOn(id);
        return showDownload(id);
    }
    QStringList known;
    for (const jobs::ModelEntry& entry : m_session.models.models())
        if (!entry.isUsable() && !entry.hubId.empty()) known.append(managers::toQt(entry.name));
    auto* dialog = new GetModelDialog(downloads, known, wish, this);
    connect(dialog, &GetModelDialog::started, this, &MainWindow::showDownload);
    dialog->open();
}

void MainWindow::showDownload(quint64 id) {
    goTo(Place::Downloads);
    m_downloads->choose(id);
}

Place MainWindow::place() const {
    return m_sideBar->place();
}

void MainWindow::goTo(Place place) {
    const bool isKnown = place >= Place::Models && place <= Place::Settings;
    const Place target = isKnown ? place : Place::Models;
    m_sideBar->setPlace(target);
    m_menu->setPlace(target);
    m_pages->setCurrentIndex(indexOf(target));
    m_screens->setCurrentIndex(1);
    showFind();
    m_memory.setValue(kPlaceKey, indexOf(target));
    if (!isVisible()) return;
    m_memory.setValue(kSeenKey, true);
    if (!m_sideBar->isAncestorOf(focusWidget())) focusFirstOf(*m_pages->currentWidget());
}

bool MainWindow::isFirstStartShown() const {
    return m_screens->currentIndex() == 0;
}

void MainWindow::comeForward() {
    setWindowState(windowState() & ~Qt::WindowMinimized);
    show();
    raise();
    activateWindow();
}

void MainWindow::openPaths(const QStringList& paths) {
    const DroppedPaths sorted = sortPaths(paths);
    if (!sorted.data.isEmpty()) {
        goTo(Place::Training);
        m_training->chooseData(sorted.data);
    }
    if (sorted.models.isEmpty()) return;
    goTo(Place::Models);
    for (const QString& path : sorted.models)
        m_models->importPath(path);
}

void MainWindow::leave() {
    m_guard->leave();
}

bool MainWindow::hasStoppedWork() const {
    return m_guard->hasStoppedWork();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!m_guard->mayClose()) {
        event->ignore();
        return;
    }
    m_tray->hide();
    event->accept();
    Q_EMIT closed();
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() != QEvent::ActivationChange || !isActiveWindow()) return;
    m_tray->hide();
    m_session.settings.refresh(); // a shell may have changed them and all else meanwhile
    m_session.models.refresh();
    m_session.runs.refresh();
    m_session.training.refresh();
}

/// Drops count anywhere on the window, whatever lies under the pointer.
bool MainWindow::eventFilter(QObject* watched, QEvent* event) {
    const QEvent::Type type = event->type();
    if (type != QEvent::DragEnter && type != QEvent::DragMove && type != QEvent::Drop) return false;
    const auto* widget = qobject_cast<QWidget*>(watched);
    if (widget == nullptr || widget->window() != this) return false;
    auto* drop = static_cast<QDropEvent*>(event);
    const QStringList paths = localPaths(*drop->mimeData());
    if (paths.isEmpty()) return false;
    drop->setDropAction(Qt::CopyAction);
    drop->accept();
    if (type == QEvent::Drop) openPaths(paths);
    return true;
}

void MainWindow::showFirstStart(bool isShown) {
    m_memory.setValue(kSeenKey, true);
    m_screens->setCurrentIndex(isShown ? 0 : 1);
}

/// The first start is shown until there is a model or the user has looked around.
void MainWindow::chooseFirstScreen() {
    if (!m_session.models.isListed()) return;
    const bool isSeen = m_memory.value(kSeenKey, false).toBool();
    if (!m_session.models.hasUsableModel()) {
        if (!isSeen) m_screens->setCurrentIndex(0);
        return;
    }
    if (isSeen) return;
    m_memory.setValue(kSeenKey, true);
    m_screens->setCurrentIndex(1);
}

void MainWindow::importModel() {
    goTo(Place::Models);
    m_models->importModel();
}

void MainWindow::find() {
    if (place() == Place::Models)
        m_models->focusSearch();
    else if (place() == Place::Settings)
        m_settings->focusSearch();
    else if (!m_log->isHidden())
        m_log->focusSearch();
}

void MainWindow::showFind() {
    m_menu->setCanFind(place() == Place::Models || place() == Place::Settings || !m_log->isHidden());
}

void MainWindow::showLog(bool isShown) {
    m_log->setVisible(isShown);
    m_menu->setLogShown(isShown);
    showFind();
    m_memory.setValue(kLogKey, isShown);
}

void MainWindow::showJobs() {
    const QString name = QStringLiteral("jobsDialog");
    auto* dialog = findChild<JobsDialog*>(name, Qt::FindDirectChildrenOnly);
    if (dialog == nullptr) {
        dialog = new JobsDialog(m_session.context.jobs, m_memory, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
    }
    bringForward(*dialog);
}

void MainWindow::copyCommand() {
    if (const Job* job = m_status->shownJob()) QGuiApplication::clipboard()->setText(job->commandLine());
}

void MainWindow::saveReport() {
    auto* dialog = new QFileDialog(this, tr("Save a report"), m_session.diagnostics.proposedName());
    dialog->setObjectName(QStringLiteral("reportDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("txt"));
    dialog->selectFile(m_session.diagnostics.proposedName());
    connect(dialog, &QFileDialog::fileSelected, &m_session.diagnostics,
            [this](const QString& path) { m_session.diagnostics.save(path); });
    dialog->open();
}

void MainWindow::saveComparison(const std::vector<jobs::ComparedAnswers>& answers,
                                const QStringList& adapters) {
    auto* dialog = new QFileDialog(this, tr("Save the comparison"));
    dialog->setObjectName(QStringLiteral("comparisonDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("html"));
    dialog->setNameFilters({tr("Web page (*.html)"), tr("All files (*)")});
    dialog->selectFile(QStringLiteral("comparison.html"));
    connect(dialog, &QFileDialog::fileSelected, &m_session.runs,
            [this, answers, adapters](const QString& path) {
                m_session.runs.saveComparison(answers, adapters, path);
            });
    dialog->open();
}

void MainWindow::showAbout() {
    auto* dialog = new AboutDialog(managers::toQt(m_session.context.workspace.programVersion), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &AboutDialog::reportWanted, this, &MainWindow::saveReport);
    dialog->open();
}

void MainWindow::showManual() {
    auto* dialog = findChild<ManualDialog*>(QString(), Qt::FindDirectChildrenOnly);
    if (dialog == nullptr) {
        dialog = new ManualDialog(this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
    }
    bringForward(*dialog);
}

void MainWindow::showWork() {
    const Job* job = m_status->shownJob();
    const TrainingState state = m_session.training.state();
    m_menu->setTraining(state == TrainingState::Running,
                        state >= TrainingState::Starting && state <= TrainingState::Paused);
    m_menu->setHasCommand(job != nullptr && !job->commandLine().isEmpty());
    const int percent = job == nullptr ? -1 : items::jobPercent(*job);
    setWindowTitle(percent < 0 ? QStringLiteral("LlamaHome") : tr("%1 % – LlamaHome").arg(percent));
    m_launcher.set(percent);
}

void MainWindow::keepRunning() {
    if (!Tray::isAvailable()) {
        showMinimized();
        return;
    }
    m_tray->show();
    hide();
}

} // namespace llamahome::widgets
