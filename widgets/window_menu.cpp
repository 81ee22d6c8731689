#include "widgets/window_menu.h"

#include <QAction>
#include <QActionGroup>
#include <QMainWindow>
#include <QMenuBar>

#include "widgets/icons.h"

namespace llamahome::widgets {
namespace {

template <typename Signal>
QAction* add(QMenu* menu, const QString& name, const QString& text, const QKeySequence& keys,
             WindowMenu* owner, Signal signal) {
    auto* action = menu->addAction(text);
    action->setObjectName(name);
    action->setShortcut(keys);
    QObject::connect(action, &QAction::triggered, owner, signal);
    return action;
}

} // namespace

WindowMenu::WindowMenu(QMainWindow& window)
    : QObject(&window) {
    addFile(window);
    addGo(window);
    addWork(window);
    addHelp(window);
}

void WindowMenu::setTraining(bool canPause, bool canStop) {
    m_pause->setEnabled(canPause);
    m_stop->setEnabled(canStop);
}

void WindowMenu::setLogShown(bool isShown) {
    m_log->setChecked(isShown);
}

void WindowMenu::setPlace(Place place) {
    m_places[static_cast<int>(place)]->setChecked(true);
}

void WindowMenu::setCanFind(bool canFind) {
    m_find->setEnabled(canFind);
}

void WindowMenu::setHasCommand(bool hasCommand) {
    m_command->setEnabled(hasCommand);
}

void WindowMenu::addFile(QMainWindow& window) {
    QMenu* menu = window.menuBar()->addMenu(tr("&File"));
    add(menu, QStringLiteral("actionGetModel"), tr("&Get a model…"), QKeySequence(tr("Ctrl+G")), this,
        &WindowMenu::getModelWanted)
        ->setIcon(icon(Icon::Add));
    add(menu, QStringLiteral("actionImport"), tr("&Import a model…"), QKeySequence(tr("Ctrl+I")), this,
        &WindowMenu::importWanted)
        ->setIcon(icon(Icon::Import));
    m_find = add(menu, QStringLiteral("actionFind"), tr("&Find on this page"),
                 QKeySequence(QKeySequence::Find), this, &WindowMenu::findWanted);
    m_find->setIcon(icon(Icon::Search));
    menu->addSeparator();
    auto* quit = add(menu, QStringLiteral("actionQuit"), tr("&Quit"), QKeySequence(tr("Ctrl+Q")), this,
                     &WindowMenu::quitWanted);
    quit->setMenuRole(QAction::QuitRole);
}

void WindowMenu::addGo(QMainWindow& window) {
    QMenu* menu = window.menuBar()->addMenu(tr("&View"));
    auto* group = new QActionGroup(this);
    const auto addPlace = [&](Place place, Icon symbol, const QKeySequence& keys) {
        auto* action = menu->addAction(icon(symbol), placeTitle(place));
        action->setObjectName(QStringLiteral("actionPlace%1").arg(static_cast<int>(place)));
        action->setCheckable(true);
        action->setShortcut(keys);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, place] { Q_EMIT placeWanted(place); });
        m_places[static_cast<int>(place)] = action;
    };
    addPlace(Place::Models, Icon::Models, QKeySequence(tr("Ctrl+1")));
    addPlace(Place::Downloads, Icon::Downloads, QKeySequence(tr("Ctrl+2")));
    addPlace(Place::Training, Icon::Training, QKeySequence(tr("Ctrl+3")));
    addPlace(Place::Chat, Icon::Chat, QKeySequence(tr("Ctrl+4")));
    addPlace(Place::Runs, Icon::Runs, QKeySequence(tr("Ctrl+5")));
    menu->addSeparator();
    addPlace(Place::Settings, Icon::Settings, QKeySequence(tr("Ctrl+,")));
    menu->addSeparator();
    m_log = menu->addAction(icon(Icon::Log), tr("&Log"));
    m_log->setObjectName(QStringLiteral("actionLog"));
    m_log->setCheckable(true);
    m_log->setShortcut(QKeySequence(Qt::Key_F12));
    connect(m_log, &QAction::triggered, this, &WindowMenu::logWanted);
}

void WindowMenu::addWork(QMainWindow& window) {
    QMenu* menu = window.menuBar()->addMenu(tr("&Work"));
    m_pause = add(menu, QStringLiteral("actionPause"), tr("&Pause the training"),
                  QKeySequence(tr("Ctrl+Shift+P")), this, &WindowMenu::pauseWanted);
    m_pause->setIcon(icon(Icon::Pause));
    m_stop = add(menu, QStringLiteral("actionStop"), tr("&Stop the training"),
                 QKeySequence(tr("Ctrl+Shift+S")), this, &WindowMenu::stopWanted);
    m_stop->setIcon(icon(Icon::Stop));
    menu->addSeparator();
    add(menu, QStringLiteral("actionJobs"), tr("&Jobs of this session…"), QKeySequence(tr("Ctrl+J")), this,
        &WindowMenu::jobsWanted)
        ->setIcon(icon(Icon::Runs));
    m_command = add(menu, QStringLiteral("actionCopyCommand"), tr("&Copy the running job as command"),
                    QKeySequence(tr("Ctrl+Shift+C")), this, &WindowMenu::copyCommandWanted);
    m_command->setIcon(icon(Icon::Copy));
    setTraining(false, false);
    setHasCommand(false);
}

void WindowMenu::addHelp(QMainWindow& window) {
    QMenu* menu = window.menuBar()->addMenu(tr("&Help"));
    add(menu, QStringLiteral("actionManual"), tr("&Manual"), QKeySequence(QKeySequence::HelpContents), this,
        &WindowMenu::manualWanted);
    add(menu, QStringLiteral("actionFirstStart"), tr("&Welcome"), {}, this, &WindowMenu::firstStartWanted);
    add(menu, QStringLiteral("actionReport"), tr("&Save a report…"), {}, this, &WindowMenu::reportWanted);
    menu->addSeparator();
    auto* about =
        add(menu, QStringLiteral("actionAbout"), tr("&About LlamaHome"), {}, this, &WindowMenu::aboutWanted);
    about->setMenuRole(QAction::AboutRole);
    about->setIcon(icon(Icon::Info));
}

} // namespace llamahome::widgets
