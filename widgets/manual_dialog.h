// ManualDialog: the pages of the manual, with search. GUI thread.
#pragma once

#include <QDialog>
#include <QString>
#include <QTextDocument>

class QLabel;
class QLineEdit;
class QTextBrowser;

namespace llamahome::widgets {

/// The pages are compiled into the program. Links to other places are opened in the browser.
class ManualDialog final : public QDialog {
    Q_OBJECT

public:
    explicit ManualDialog(QWidget* parent = nullptr);

private:
    QWidget* makeBar();
    void turnTo(const QString& page);
    /// Goes on where the cursor is, then on the other pages.
    void find(QTextDocument::FindFlags flags = {});
    /// While it is typed, from what is found so far on; stays on the page.
    void findTyped();
    void tell(const QString& note);
    bool findElsewhere(const QString& words, QTextDocument::FindFlags flags);

    QTextBrowser* m_text;
    QLineEdit* m_search = nullptr;
    QLabel* m_note = nullptr;
};

} // namespace llamahome::widgets
