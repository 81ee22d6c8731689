// DownloadsPane: the page of downloads: queue, the chosen one's files, what has ended, speed limit. GUI
// thread.
#pragma once

#include <utility>
#include <vector>

#include <QWidget>

#include "managers/download_manager.h"
#include "managers/model_manager.h"
#include "managers/settings_manager.h"

class QAction;
class QLabel;
class QPushButton;
class QSplitter;
class QTableView;

namespace llamahome::items {
class DownloadFileTable;
class DownloadTable;
} // namespace llamahome::items

namespace llamahome::widgets {

class MessageBar;
class WindowMemory;

class DownloadsPane final : public QWidget {
    Q_OBJECT

public:
    /// All outlive it.
    DownloadsPane(managers::DownloadManager& downloads, managers::ModelManager& models,
                  managers::SettingsManager& settings, WindowMemory& memory, QWidget* parent = nullptr);

    void choose(quint64 id);

Q_SIGNALS:
    /// Somebody wants to choose a model; with a name and a place where those are known.
    void getRequested(const llamahome::managers::DownloadWish& wish);
    void showModelRequested(const QString& name);
    void chatRequested(const QString& model, const QString& adapter);

private:
    QWidget* makeHeader();
    void makeTables(WindowMemory& memory);
    QWidget* makeButtons();
    QPushButton* addButton(QWidget* bar, QPushButton* button, const QKeySequence& key,
                           void (DownloadsPane::*act)());
    void connectAll();
    const managers::DownloadItem* chosen() const;
    void restoreChosen();
    void showChosen();
    void tellUnfinished();
    void tellFailure(quint64 id, const Error& error);
    void tellDownloaded(const jobs::DownloadResult& result);
    void pauseOrGoOn();
    void goOn(const managers::DownloadItem& item);
    void cancel();
    void removeStopped();
    void moveUp() { m_downloads.move(m_chosen, -1); }
    void moveDown() { m_downloads.move(m_chosen, 1); }
    void showInModels();
    void copyCommand();
    void askToken(quint64 id);

    managers::DownloadManager& m_downloads;
    managers::ModelManager& m_models;
    managers::SettingsManager& m_settings;
    MessageBar* m_messages;
    items::DownloadTable* m_items;
    items::DownloadFileTable* m_fileItems;
    QSplitter* m_splitter;
    QTableView* m_table;
    QTableView* m_files;
    QLabel* m_nothing;
    QLabel* m_how;
    std::vector<std::pair<QAction*, QPushButton*>> m_actions; ///< of the list, and what they press
    QPushButton* m_pause;
    QPushButton* m_cancel;
    QPushButton* m_up;
    QPushButton* m_down;
    QPushButton* m_show;
    QPushButton* m_copy;
    QPushButton* m_clear;
    quint64 m_chosen = 0;
    quint64 m_toRemove = 0; ///< stops first, and is then asked about
    bool m_areUnfinishedTold = false;
};

} // namespace llamahome::widgets
