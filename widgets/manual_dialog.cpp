#include "widgets/manual_dialog.h"

#include <QDir>
#include <QFile>
#include <QHBoxLayout>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QShortcut>
#include <QTextBrowser>
#include <QUrl>
#include <QVBoxLayout>

#include "widgets/buttons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

const QString kFolder = QStringLiteral(":/manual");
const QString kFirstPage = QStringLiteral("index.md");
constexpr int kPictureWidth = 720;

/// Pictures are drawn no wider than a page.
class ManualBrowser final : public QTextBrowser {
public:
    using QTextBrowser::QTextBrowser;

    QVariant loadResource(int type, const QUrl& name) override {
        QVariant loaded = QTextBrowser::loadResource(type, name);
        if (type != QTextDocument::ImageResource) return loaded;
        QImage picture = QImage::fromData(loaded.toByteArray());
        const int width = qRound(kPictureWidth * devicePixelRatioF());
        if (picture.width() > width) picture = picture.scaledToWidth(width, Qt::SmoothTransformation);
        picture.setDevicePixelRatio(devicePixelRatioF());
        return picture;
    }
};

bool hasWords(const QString& page, const QString& words) {
    QFile file(kFolder + u'/' + page);
    if (!file.open(QIODevice::ReadOnly)) return false;
    QTextDocument text;
    text.setMarkdown(QString::fromUtf8(file.readAll()));
    return !text.find(words).isNull();
}

} // namespace

ManualDialog::ManualDialog(QWidget* parent)
    : QDialog(parent)
    , m_text(new ManualBrowser(this)) {
    setObjectName(QStringLiteral("manualDialog"));
    setWindowTitle(tr("Manual"));
    resize(100 * look::kGrid, 80 * look::kGrid);
    m_text->setObjectName(QStringLiteral("manualText"));
    m_text->setAccessibleName(tr("Page of the manual"));
    m_text->setOpenExternalLinks(true);
    m_text->document()->setDocumentMargin(2 * look::kGrid);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(look::kGrid, look::kGrid, look::kGrid, look::kGrid);
    layout->setSpacing(look::kGrid);
    layout->addWidget(makeBar());
    layout->addWidget(m_text, 1);
    auto* search = new QShortcut(QKeySequence(QKeySequence::Find), this);
    connect(search, &QShortcut::activated, m_search, [this] {
        m_search->setFocus(Qt::ShortcutFocusReason);
        m_search->selectAll();
    });
    turnTo(kFirstPage);
    m_text->setFocus();
}

QWidget* ManualDialog::makeBar() {
    auto* bar = new QWidget(this);
    auto* contents = makeDialogButton(tr("&Contents"), QStringLiteral("manualContents"), bar);
    auto* back = makeDialogButton(tr("&Back"), QStringLiteral("manualBack"), bar);
    auto* forward = makeDialogButton(tr("&Forward"), QStringLiteral("manualForward"), bar);
    m_note = look::makeNote({}, bar);
    m_note->setObjectName(QStringLiteral("manualNote"));
    m_search = new QLineEdit(bar);
    m_search->setObjectName(QStringLiteral("manualSearch"));
    m_search->setAccessibleName(tr("Search in the manual"));
    m_search->setPlaceholderText(tr("Search"));
    m_search->setToolTip(tr("Enter goes on to the next place, Shift+Enter to the one before"));
    m_search->setClearButtonEnabled(true);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(contents);
    row->addWidget(back);
    row->addWidget(forward);
    row->addStretch(1);
    row->addWidget(m_note);
    row->addWidget(m_search, 2);
    back->setEnabled(false);
    forward->setEnabled(false);
    connect(contents, &QPushButton::clicked, this, [this] { turnTo(kFirstPage); });
    connect(back, &QPushButton::clicked, m_text, &QTextBrowser::backward);
    connect(forward, &QPushButton::clicked, m_text, &QTextBrowser::forward);
    connect(m_text, &QTextBrowser::backwardAvailable, back, &QWidget::setEnabled);
    connect(m_text, &QTextBrowser::forwardAvailable, forward, &QWidget::setEnabled);
    connect(m_search, &QLineEdit::textEdited, this, &ManualDialog::findTyped);
    connect(m_search, &QLineEdit::returnPressed, this, [this] { find(); });
    auto* before = new QShortcut(QKeySequence(Qt::SHIFT | Qt::Key_Return), m_search, nullptr, nullptr,
                                 Qt::WidgetShortcut);
    connect(before, &QShortcut::activated, this, [this] { find(QTextDocument::FindBackward); });
    return bar;
}

void ManualDialog::turnTo(const QString& page) {
    m_text->setSource(QUrl(QStringLiteral("qrc:/manual/") + page));
}

void ManualDialog::findTyped() {
    QTextCursor cursor = m_text->textCursor();
    cursor.setPosition(cursor.selectionStart());
    m_text->setTextCursor(cursor);
    const QString words = m_search->text();
    bool isHere = words.isEmpty() || m_text->find(words);
    if (!isHere) {
        m_text->moveCursor(QTextCursor::Start);
        isHere = m_text->find(words);
    }
    tell(isHere ? QString() : tr("not on this page"));
}

void ManualDialog::find(QTextDocument::FindFlags flags) {
    const QString words = m_search->text();
    const bool isFound = words.isEmpty() || m_text->find(words, flags) || findElsewhere(words, flags);
    tell(isFound ? QString() : tr("not found"));
}

void ManualDialog::tell(const QString& note) {
    m_note->setText(note);
    m_search->setAccessibleDescription(note);
}

bool ManualDialog::findElsewhere(const QString& words, QTextDocument::FindFlags flags) {
    const QStringList pages = QDir(kFolder).entryList({QStringLiteral("*.md")}, QDir::Files, QDir::Name);
    const bool isBackward = flags.testFlag(QTextDocument::FindBackward);
    const qsizetype count = pages.size();
    const qsizetype here = pages.indexOf(m_text->source().fileName());
    for (qsizetype i = 1; i <= count; ++i) {
        const QString& page = pages[(here + (isBackward ? count - i : i)) % count];
        if (!hasWords(page, words)) continue;
        if (i < count) turnTo(page);
        m_text->moveCursor(isBackward ? QTextCursor::End : QTextCursor::Start);
        return m_text->find(words, flags);
    }
    return false;
}

} // namespace llamahome::widgets
