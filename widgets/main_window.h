// MainWindow: the frame of the program: side bar, pages, log, status, and what leads from one to another. GUI
// thread.
#pragma once

#include <QMainWindow>
#include <QStringList>

#include "managers/session.h"
#include "widgets/launcher_progress.h"
#include "widgets/side_bar.h"

class QSplitter;
class QStackedWidget;

namespace llamahome::widgets {

class ChatPane;
class DownloadsPane;
class LeaveGuard;
class LogDrawer;
class MessageBar;
class ModelsPane;
class RunsPane;
class SettingsPane;
class StatusArea;
class TrainingPane;
class Tray;
class WindowMemory;
class WindowMenu;

class MainWindow final : public QMainWindow {
    Q_OBJECT

public:
    /// Both outlive it. The theme is applied before.
    MainWindow(managers::Session& session, WindowMemory& memory, QWidget* parent = nullptr);
    ~MainWindow() override;

    Place place() const;
    void goTo(Place place);
    /// Whether the screen of a start without a model is shown instead of the pages.
    bool isFirstStartShown() const;
    /// Brings the window to the front, from the tray too.
    void comeForward();
    /// Takes over model files, folders and data files, as if they had been dropped.
    void openPaths(const QStringList& paths);
    /// Stops all work in order, then closes. For signals and the Quit of the tray.
    void leave();
    /// Whether work was stopped on the way out; it can be continued.
    bool hasStoppedWork() const;

Q_SIGNALS:
    /// The window has been closed for good; the program may end.
    void closed();

protected:
    void closeEvent(QCloseEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeFrame();
    QWidget* makePages();
    void connectPages();
    void connectMenu();
    void connectWork();
    void connectLeaving();

    void showFirstStart(bool isShown);
    void chooseFirstScreen();
    /// The sheet that tells what would come; what is begun of that name goes on at once.
    void getModel(const managers::DownloadWish& wish);
    void showDownload(quint64 id);
    void importModel();
    void find();
    void showFind();
    void showLog(bool isShown);
    void showJobs();
    void copyCommand();
    void saveReport();
    void saveComparison(const std::vector<jobs::ComparedAnswers>& answers, const QStringList& adapters);
    void showAbout();
    void showManual();
    void showWork();
    void keepRunning();

    managers::Session& m_session;
    WindowMemory& m_memory;
    WindowMenu* m_menu;
    Tray* m_tray;
    LauncherProgress m_launcher;
    LeaveGuard* m_guard;
    QStackedWidget* m_screens; ///< first start, or the frame
    MessageBar* m_message;
    SideBar* m_sideBar;
    QSplitter* m_splitter; ///< pages above, log beneath
    QStackedWidget* m_pages;
    LogDrawer* m_log;
    StatusArea* m_status;

    ModelsPane* m_models;
    DownloadsPane* m_downloads;
    TrainingPane* m_training;
    ChatPane* m_chat;
    RunsPane* m_runs;
    SettingsPane* m_settings;
};

} // namespace llamahome::widgets
