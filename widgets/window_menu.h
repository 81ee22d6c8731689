// WindowMenu: every action of the window in menus, with its shortcut. GUI thread.
#pragma once

#include <QObject>

#include "widgets/side_bar.h"

class QAction;
class QMainWindow;
class QMenu;

namespace llamahome::widgets {

/// Signals what is wanted; the window does it.
class WindowMenu final : public QObject {
    Q_OBJECT

public:
    explicit WindowMenu(QMainWindow& window);

    /// What of the menu can be used, and what is ticked.
    void setTraining(bool canPause, bool canStop);
    void setLogShown(bool isShown);
    void setPlace(Place place);
    /// There is something on the page to search in.
    void setCanFind(bool canFind);
    /// The running job has a command for a shell.
    void setHasCommand(bool hasCommand);

Q_SIGNALS:
    void getModelWanted();
    void importWanted();
    void findWanted();
    void reportWanted();
    void quitWanted();
    void placeWanted(llamahome::widgets::Place place);
    void logWanted(bool isShown);
    void pauseWanted();
    void stopWanted();
    void jobsWanted();
    void copyCommandWanted();
    void manualWanted();
    void firstStartWanted();
    void aboutWanted();

private:
    void addFile(QMainWindow& window);
    void addGo(QMainWindow& window);
    void addWork(QMainWindow& window);
    void addHelp(QMainWindow& window);

    QAction* m_places[6] = {};
    QAction* m_find = nullptr;
    QAction* m_log = nullptr;
    QAction* m_pause = nullptr;
    QAction* m_stop = nullptr;
    QAction* m_command = nullptr;
};

} // namespace llamahome::widgets
