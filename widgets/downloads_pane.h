// DownloadsPane: what is being fetched, what was, and a line for any model of the Hub. GUI thread.
#pragma once

#include <QWidget>

#include "managers/download_manager.h"
#include "managers/job_list.h"

class QLabel;
class QLineEdit;
class QPushButton;
class QSortFilterProxyModel;
class QTableView;

namespace llamahome::widgets {

class MessageBar;
class WindowMemory;

class DownloadsPane final : public QWidget {
    Q_OBJECT

public:
    /// All outlive it.
    DownloadsPane(managers::DownloadManager& downloads, managers::JobList& jobs, WindowMemory& memory,
                  QWidget* parent = nullptr);

    /// Starts it, or goes on with it, and shows it.
    void download(const QString& name, const QString& token = {});

Q_SIGNALS:
    void chatRequested(const QString& model, const QString& adapter);

private:
    QWidget* makeLine();
    void makeTable(WindowMemory& memory);
    QWidget* makeButtons();
    managers::Job* chosenJob() const;
    void showChosen();
    void tellEnd(const managers::Job& job);
    void tellDownloaded(const jobs::DownloadResult& result);
    void askToken(const QString& name);

    managers::DownloadManager& m_downloads;
    managers::JobList& m_jobs;
    MessageBar* m_messages;
    QLineEdit* m_name;
    QPushButton* m_get;
    QSortFilterProxyModel* m_filter;
    QTableView* m_table;
    QLabel* m_nothing;
    QLabel* m_how;
    QPushButton* m_stop;
    QPushButton* m_goOn;
    QPushButton* m_copy;
};

} // namespace llamahome::widgets
