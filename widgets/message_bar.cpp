#include "widgets/message_bar.h"

#include <utility>

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QShortcut>
#include <QTextDocument>
#include <QToolButton>

#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/icon_label.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr int kStripe = 4; ///< pixels of the coloured edge
constexpr int kIconSize = 20;

Icon iconOf(MessageBar::Kind kind) {
    switch (kind) {
    case MessageBar::Kind::Warning:
        return Icon::Warning;
    case MessageBar::Kind::Error:
        return Icon::Bad;
    case MessageBar::Kind::Notice:
        break;
    }
    return Icon::Info;
}

look::Tone toneOf(MessageBar::Kind kind) {
    switch (kind) {
    case MessageBar::Kind::Warning:
        return look::Tone::Warning;
    case MessageBar::Kind::Error:
        return look::Tone::Bad;
    case MessageBar::Kind::Notice:
        break;
    }
    return look::Tone::Accent;
}

} // namespace

MessageBar::MessageBar(QWidget* parent)
    : QFrame(parent)
    , m_icon(new IconLabel(icon(Icon::Info), kIconSize, this))
    , m_text(new QLabel(this))
    , m_button(new QPushButton(this))
    , m_close(new QToolButton(this)) {
    setObjectName(QStringLiteral("messageBar"));
    m_text->setObjectName(QStringLiteral("messageText"));
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_button->setObjectName(QStringLiteral("messageButton"));
    m_close->setObjectName(QStringLiteral("messageClose"));
    m_close->setIcon(icon(Icon::Close));
    m_close->setAutoRaise(true);
    m_close->setToolTip(tr("Close this message (Esc)"));
    m_close->setAccessibleName(tr("Close this message"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(look::kGrid + kStripe, look::kGrid / 2, look::kGrid / 2, look::kGrid / 2);
    layout->setSpacing(look::kGrid);
    layout->addWidget(m_icon, 0, Qt::AlignVCenter);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_button, 0, Qt::AlignVCenter);
    layout->addWidget(m_close, 0, Qt::AlignVCenter);
    connect(m_button, &QPushButton::clicked, this, &MessageBar::runAction);
    connect(m_close, &QToolButton::clicked, this, &MessageBar::dismiss);
    auto* escape = new QShortcut(QKeySequence(Qt::Key_Escape), this);
    escape->setContext(Qt::WidgetWithChildrenShortcut);
    connect(escape, &QShortcut::activated, this, &MessageBar::dismiss);
    setVisible(false);
}

void MessageBar::show(Kind kind, const QString& text, const QString& actionText,
                      std::function<void()> action) {
    m_kind = kind;
    m_icon->setIcon(icon(iconOf(kind)));
    m_text->setText(text);
    m_text->setToolTip({});
    m_button->setText(actionText);
    m_button->setVisible(!actionText.isEmpty());
    m_action = std::move(action);
    setClosable(true);
    setAccessibleName(text);
    setVisible(true);
    update();
    QAccessibleEvent announcement(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&announcement);
}

void MessageBar::showFailure(const Error& error, const QString& actionText, std::function<void()> action) {
    show(Kind::Error, managers::windowText(error.message), actionText, std::move(action));
    QString hover = tr("Code %1").arg(managers::toQt(error.code.text));
    if (!error.detail.empty()) hover += u'\n' + managers::toQt(error.detail);
    m_text->setToolTip(Qt::convertFromPlainText(hover));
}

void MessageBar::showError(const Error& error, const QString& actionText, std::function<void()> action) {
    m_blocker = Blocker{error, actionText, std::move(action)};
    showFailure(error, actionText, m_blocker->action);
    setClosable(false);
}

void MessageBar::setClosable(bool canClose) {
    m_canClose = canClose;
    m_close->setVisible(canClose);
}

void MessageBar::dismiss() {
    if (!m_canClose) return;
    if (const auto blocker = m_blocker)
        showError(blocker->error, blocker->actionText, blocker->action);
    else
        clear();
}

void MessageBar::clear() {
    m_action = {};
    m_blocker.reset();
    m_text->clear();
    setVisible(false);
}

QString MessageBar::text() const {
    return m_text->text();
}

void MessageBar::runAction() {
    const auto action = m_action; // which may tell the next thing here
    dismiss();
    if (action) action();
}

void MessageBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(palette().color(QPalette::Mid));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    painter.setPen(Qt::NoPen);
    painter.setBrush(look::color(toneOf(m_kind)));
    painter.drawRoundedRect(QRectF(0, 0, kStripe, height()), 2, 2);
}

} // namespace llamahome::widgets
