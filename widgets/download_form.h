// DownloadForm: which model, and where it comes from: the Hub, Meta, a mirror or a folder. GUI thread.
#pragma once

#include <QStringList>
#include <QWidget>

#include "managers/download_item.h"

class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;

namespace llamahome::widgets {

/// Shows of each source only what it asks for. What is secret is typed into fields that hide it.
class DownloadForm final : public QWidget {
    Q_OBJECT

public:
    /// `known`: names that are offered.
    explicit DownloadForm(const QStringList& known, QWidget* parent = nullptr);

    managers::DownloadWish wish() const;
    void setWish(const managers::DownloadWish& wish);
    /// Whether everything is there that the source has to be asked with.
    bool isComplete() const;
    /// Shows the field for a token, and takes the keyboard there.
    void askToken();
    /// The same for Meta's link, which is to be another one.
    void askLink();
    /// The same for the name of a GGUF file.
    void askFile();

Q_SIGNALS:
    void changed();

private:
    void build();
    QLineEdit* addLine(const QString& objectName, const QString& placeholder);
    void addRow(const QString& label, QWidget* field, QWidget* focus);
    void showRows();
    void chooseFolder();
    bool isFrom(jobs::DownloadSource source) const;

    QFormLayout* m_form;
    QComboBox* m_source;
    QComboBox* m_model;
    QLineEdit* m_link;
    QWidget* m_placeRow;
    QLineEdit* m_place;
    QLineEdit* m_revision;
    QLineEdit* m_file;
    QLineEdit* m_token;
    QLabel* m_note;
    bool m_wantsToken = false;
};

} // namespace llamahome::widgets
