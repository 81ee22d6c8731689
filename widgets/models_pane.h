// ModelsPane: the page of models: list, search, details, import, verify, remove. GUI thread.
#pragma once

#include <QPointer>
#include <QString>
#include <QStringList>
#include <QWidget>

#include "managers/download_manager.h"
#include "managers/export_manager.h"
#include "managers/job_list.h"
#include "managers/model_manager.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QTreeView;

namespace llamahome::items {
class ModelFilter;
class ModelTable;
} // namespace llamahome::items

namespace llamahome::widgets {

class ImportDialog;
class MessageBar;
class ModelDetails;
class WindowMemory;

class ModelsPane final : public QWidget {
    Q_OBJECT

public:
    /// All outlive it.
    ModelsPane(managers::ModelManager& manager, managers::ExportManager& exports, managers::JobList& jobs,
               WindowMemory& memory, QWidget* parent = nullptr);

    /// Shows in the list how far they are. `downloads` outlives it.
    void followDownloads(const managers::DownloadManager& downloads);
    /// Of the chosen row; empty: none.
    QString chosenName() const;
    void choose(const QString& name);
    /// Opens the dialog for a model or adapter; see ExportDialog. Its end is told on this page.
    void exportModel(const QString& name, std::optional<jobs::ExportFormat> format = {});

public Q_SLOTS:
    /// Opens the import dialog for a folder or file; while it is open, further paths wait their turn.
    void importPath(const QString& path);
    /// The import dialog without a path.
    void importModel() { importPath({}); }
    /// Likewise, to be kept under the name of a model of the list; in its place where it is there and cannot
    /// be used. A folder that lies in the data root is imported itself.
    void importAs(const QString& name);
    void focusSearch();

Q_SIGNALS:
    void trainRequested(const QString& model);
    /// An empty name: of one that is still to be chosen.
    void downloadRequested(const QString& name);
    /// The damaged files of a model that is there are to be fetched anew.
    void fetchAgainRequested(const QString& name);
    /// `adapter` is set, and `model` empty, for an adapter: it knows its base model.
    void chatRequested(const QString& model, const QString& adapter);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void build();
    QWidget* makeHeader();
    QWidget* makeList();
    void connectAll();
    void showModels();
    void search();
    void showMenu(const QPoint& at);
    void activate(const QModelIndex& index);
    void verify(const QString& name, bool deep);
    void remove(const QString& name);
    /// Opens the import under its name: the model stays until the new one is whole.
    void getAgain(const QString& name);
    void openNextImport();
    void scrollToChosen();
    void tellImported(const jobs::ImportResult& result);
    void tellExported(const jobs::ExportResult& result);
    void tellFailedImport(const managers::Job& job);

    managers::ModelManager& m_manager;
    managers::ExportManager& m_exports;
    managers::JobList& m_jobs;
    WindowMemory& m_memory;
    items::ModelTable* m_table;
    items::ModelFilter* m_filter;
    MessageBar* m_messages;
    QLineEdit* m_search;
    QComboBox* m_show;
    QPushButton* m_get;
    QPushButton* m_import;
    QSplitter* m_splitter;
    QStackedWidget* m_stack;
    QTreeView* m_list;
    QLabel* m_nothing;
    ModelDetails* m_details;
    QPointer<ImportDialog> m_importDialog;
    struct WantedImport {
        QString path;          ///< may be empty
        QString name;          ///< of the model that it shall be; empty: by the source
        bool replaces = false; ///< the model of that name
    };
    QList<WantedImport> m_waiting; ///< those that were dropped together
    QString m_chosen;              ///< kept while the list is read anew
};

} // namespace llamahome::widgets
