// ImportDialog: takes over a model folder or a GGUF file: path, name, copy or link, progress. GUI thread.
#pragma once

#include <optional>

#include <QDialog>
#include <QPointer>
#include <QString>
#include <QTimer>

#include "managers/model_manager.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace llamahome::widgets {

class JobProgress;
class MessageBar;

/// Not modal to the thread: shown with open(). Closed while it imports, the job goes on in the status bar.
class ImportDialog final : public QDialog {
    Q_OBJECT

public:
    /// `path` may be empty. `manager` outlives it.
    ImportDialog(managers::ModelManager& manager, const QString& path, QWidget* parent);

    /// A name that stays, whatever path is chosen.
    void setName(const QString& family, const QString& version);
    /// The same for a model that is there: what is imported takes its place when it is whole.
    void replaceModel(const QString& family, const QString& version);

    bool isImporting() const { return m_job && m_job->isActive(); }
    /// Whether the dialog tells how that job ends.
    bool isAbout(const managers::Job& job) const { return m_job == &job; }

protected:
    bool event(QEvent* event) override;

private:
    void build();
    QWidget* makeButtons();
    void connectAll();
    void chooseFolder();
    void chooseFile();
    void setPath(const QString& path);
    void inspect();
    void propose(const managers::ImportProposal& proposal);
    static QString sourceText(const managers::ImportProposal& proposal);
    void refuse(const QString& path, const Error& error);
    void checkName();
    void tellName(const QString& text, bool isRight);
    managers::ImportWish wish() const;
    /// The model or adapter that has the chosen name.
    std::optional<jobs::ModelEntry> entryOf(const managers::ModelWords& name) const;
    QString nameText(const managers::ModelWords& name) const;
    /// Whether the import takes the place of `there`.
    bool replaces(const std::optional<jobs::ModelEntry>& there) const;
    void startImport();
    void endImport();
    void tellFailure(const Error& error);
    void setImporting(bool isImporting);
    void copyCommand();

    managers::ModelManager& m_manager;
    std::optional<managers::ImportProposal> m_proposal;
    QPointer<managers::Job> m_job;
    QTimer m_typing;        ///< looks at the path when no key has come for a moment
    bool m_isNamed = false; ///< the user chose the name
    bool m_isReplacing = false;
    MessageBar* m_messages;
    QLineEdit* m_path;
    QPushButton* m_folderButton;
    QPushButton* m_fileButton;
    QLabel* m_source;
    QComboBox* m_family;
    QLineEdit* m_version;
    QLabel* m_nameNote;
    QCheckBox* m_link;
    QLabel* m_linkNote;
    JobProgress* m_progress;
    QPushButton* m_copy;
    QPushButton* m_cancel;
    QPushButton* m_background;
    QPushButton* m_import;
};

} // namespace llamahome::widgets
