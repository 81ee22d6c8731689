#include "widgets/message_card.h"

#include <QContextMenuEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "managers/text.h"
#include "widgets/chat_input.h"
#include "widgets/copy_text.h"
#include "widgets/look.h"
#include "widgets/message_body.h"

namespace llamahome::widgets {
namespace {

constexpr int kSpokenCharacters = 200; ///< of a message's accessible name

/// "84 tokens, 21 a second, cut at the longest answer": as the command line tells it.
QString noteOf(const jobs::ConversationMessage& message) {
    QStringList parts;
    if (message.tokens > 0)
        parts << (message.tokens == 1 ? MessageCard::tr("1 token")
                                      : MessageCard::tr("%1 tokens").arg(message.tokens));
    if (message.tokens > 0 && message.seconds > 0.0)
        parts << MessageCard::tr("%1 a second")
                     .arg(managers::toQt(
                         formatNumber(static_cast<double>(message.tokens) / message.seconds, 3)));
    if (!message.adapter.empty())
        parts << (message.adapterScale == 1.0
                      ? MessageCard::tr("with %1").arg(managers::toQt(message.adapter))
                      : MessageCard::tr("with %1 at scale %2")
                            .arg(managers::toQt(message.adapter),
                                 managers::toQt(formatNumber(message.adapterScale))));
    if (message.finish == "cancelled") parts << MessageCard::tr("stopped");
    if (message.finish == "failed") parts << MessageCard::tr("ended by an error");
    if (message.finish == "length") parts << MessageCard::tr("cut at the longest answer");
    if (message.finish == "context") parts << MessageCard::tr("the context is full");
    const bool isCut = message.finish == "cancelled" || message.finish == "failed";
    if (message.role == "assistant" && message.content.empty() && !isCut)
        parts << MessageCard::tr("the model ended without a word");
    return parts.join(QStringLiteral(", "));
}

} // namespace

MessageCard::MessageCard(const jobs::ConversationMessage& message, QWidget* parent)
    : QFrame(parent)
    , m_isUser(message.role == "user")
    , m_spokenName(m_isUser ? tr("You") : tr("Answer"))
    , m_who(look::makeNote(m_spokenName, this))
    , m_note(look::makeNote({}, this))
    , m_body(new MessageBody(this))
    , m_editor(new QWidget(this))
    , m_edit(new ChatInput(m_editor))
    , m_following(look::makeNote({}, m_editor))
    , m_copyButton(addButton("copyButton", tr("Copy"), Icon::Copy))
    , m_editButton(addButton("editButton", tr("Edit"), Icon::Edit))
    , m_regenerateButton(addButton("regenerateButton", tr("Answer again"), Icon::Retry))
    , m_exampleButton(addButton("exampleButton", tr("Use as training example…"), Icon::Training)) {
    setObjectName(m_isUser ? QStringLiteral("userMessage") : QStringLiteral("answerMessage"));
    m_note->setObjectName(QStringLiteral("messageNote"));
    m_note->setWordWrap(true);
    m_edit->setObjectName(QStringLiteral("editMessage"));
    m_edit->setAccessibleName(tr("Edited message"));
    m_following->setObjectName(QStringLiteral("followingNote"));
    m_editButton->setToolTip(tr("Change this message and send it again; what follows it is replaced"));
    m_regenerateButton->setToolTip(tr("Replace this answer by another one"));
    m_copyButton->setToolTip(tr("Copy the whole message"));
    m_exampleButton->setToolTip(tr("Use as training example: as it is, or as it should have been"));

    auto* head = new QHBoxLayout;
    head->setSpacing(look::kGrid / 2);
    head->addWidget(m_who);
    head->addWidget(m_note, 1);
    for (QToolButton* button : {m_regenerateButton, m_editButton, m_exampleButton, m_copyButton})
        head->addWidget(button);

    auto* send = new QPushButton(tr("Send again"), m_editor);
    send->setObjectName(QStringLiteral("resendButton"));
    auto* cancel = new QPushButton(tr("Cancel"), m_editor);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_following, 1);
    buttons->addWidget(cancel);
    buttons->addWidget(send);
    auto* editing = new QVBoxLayout(m_editor);
    editing->setContentsMargins(0, 0, 0, 0);
    editing->addWidget(m_edit);
    editing->addLayout(buttons);
    m_editor->setVisible(false);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, look::kGrid, 2 * look::kGrid, 3 * look::kGrid / 2);
    layout->setSpacing(look::kGrid / 2);
    layout->addLayout(head);
    layout->addWidget(m_body);
    layout->addWidget(m_editor);

    const auto resend = [this] {
        if (!m_edit->hasText()) return;
        Q_EMIT resendRequested(m_edit->toPlainText());
    };
    connect(m_copyButton, &QToolButton::clicked, this, &MessageCard::copy);
    connect(m_editButton, &QToolButton::clicked, this, &MessageCard::beginEdit);
    connect(m_regenerateButton, &QToolButton::clicked, this, &MessageCard::regenerateRequested);
    connect(m_exampleButton, &QToolButton::clicked, this, &MessageCard::exampleRequested);
    connect(send, &QPushButton::clicked, this, resend);
    connect(m_edit, &ChatInput::submitted, this, resend);
    connect(m_edit, &ChatInput::cancelled, this, &MessageCard::endEdit);
    connect(cancel, &QPushButton::clicked, this, &MessageCard::endEdit);
    connect(m_body, &MessageBody::linkActivated, this, &MessageCard::linkActivated);
    setActions(false, false);
    setCanTeach(false);
    setTabStop(false);
    showMessage(message);
}

QToolButton* MessageCard::addButton(const char* name, const QString& text, Icon shown) {
    auto* button = new QToolButton(this);
    button->setObjectName(QLatin1String(name));
    button->setIcon(icon(shown));
    button->setText(text);
    button->setAccessibleName(text);
    button->setAutoRaise(true);
    return button;
}

void MessageCard::showMessage(const jobs::ConversationMessage& message) {
    m_body->setText(managers::toQt(message.content), !m_isUser);
    setNote(noteOf(message));
    nameCard();
}

void MessageCard::nameCard() {
    setAccessibleName(tr("%1: %2").arg(m_spokenName, text().left(kSpokenCharacters)));
}

void MessageCard::setSpeaker(const QString& name, const QString& fullName) {
    m_who->setText(name);
    m_spokenName = fullName;
    m_canEdit = false;
    m_editButton->setVisible(false);
    nameCard();
}

void MessageCard::setNote(const QString& text) {
    m_note->setText(text);
    setAccessibleDescription(text);
}

void MessageCard::append(const QString& piece) {
    setNote(tr("writing…"));
    m_body->setText(m_body->text() + piece, !m_isUser);
}

QString MessageCard::text() const {
    return m_body->text();
}

void MessageCard::setActions(bool canEdit, bool canRegenerate) {
    m_editButton->setVisible(m_isUser && m_canEdit);
    m_editButton->setEnabled(canEdit);
    m_regenerateButton->setVisible(canRegenerate);
    m_regenerateButton->setText(m_isUser ? tr("Answer") : tr("Answer again"));
    m_regenerateButton->setAccessibleName(m_regenerateButton->text());
}

void MessageCard::setCanTeach(bool on) {
    m_exampleButton->setVisible(on && !m_isUser);
}

void MessageCard::setFollowing(std::size_t messages) {
    m_following->setText(messages == 0   ? QString()
                         : messages == 1 ? tr("The message below is replaced.")
                                         : tr("The %1 messages below are replaced.").arg(messages));
    m_edit->setAccessibleDescription(m_following->text());
}

void MessageCard::setTabStop(bool on) {
    const Qt::FocusPolicy policy = on ? Qt::StrongFocus : Qt::ClickFocus;
    setFocusPolicy(policy);
    for (QToolButton* button : {m_copyButton, m_exampleButton, m_editButton, m_regenerateButton})
        button->setFocusPolicy(on ? Qt::StrongFocus : Qt::NoFocus);
}

void MessageCard::copy() {
    copyFrom(*m_copyButton, text());
}

void MessageCard::beginEdit() {
    if (m_editor->isHidden()) m_edit->setPlainText(text());
    m_body->setVisible(false);
    m_editor->setVisible(true);
    m_edit->moveCursor(QTextCursor::End);
    m_edit->setFocus();
}

std::optional<QString> MessageCard::editedText() const {
    return m_editor->isHidden() ? std::nullopt : std::optional(m_edit->toPlainText());
}

void MessageCard::endEdit() {
    m_editor->setVisible(false);
    m_body->setVisible(true);
}

void MessageCard::contextMenuEvent(QContextMenuEvent* event) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(icon(Icon::Copy), tr("&Copy message"), this, &MessageCard::copy);
    const QStringList codes = m_body->codes();
    for (qsizetype i = 0; i < codes.size(); ++i)
        menu->addAction(icon(Icon::Copy),
                        codes.size() == 1 ? tr("Copy c&ode") : tr("Copy code %1").arg(i + 1), this,
                        [this, code = codes[i]] { copyFrom(*m_copyButton, code); });
    if (m_isUser && m_editButton->isEnabled())
        menu->addAction(icon(Icon::Edit), tr("&Edit and send again"), this, &MessageCard::beginEdit);
    if (m_regenerateButton->isVisible())
        menu->addAction(icon(Icon::Retry), m_regenerateButton->text(), this,
                        &MessageCard::regenerateRequested);
    if (m_exampleButton->isVisible())
        menu->addAction(icon(Icon::Training), m_exampleButton->text(), this, &MessageCard::exampleRequested);
    menu->popup(event->reason() == QContextMenuEvent::Keyboard ? mapToGlobal(rect().topLeft())
                                                               : event->globalPos());
}

void MessageCard::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) return copy();
    QFrame::keyPressEvent(event);
}

void MessageCard::focusInEvent(QFocusEvent* event) {
    QFrame::focusInEvent(event);
    update();
}

void MessageCard::focusOutEvent(QFocusEvent* event) {
    QFrame::focusOutEvent(event);
    update();
}

void MessageCard::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF area = QRectF(rect()).adjusted(1, 1, -1, -1);
    const bool hasVisibleFocus = hasFocus() && focusPolicy() == Qt::StrongFocus;
    painter.setBrush(m_isUser ? palette().brush(QPalette::Base) : Qt::NoBrush);
    painter.setPen(hasVisibleFocus ? QPen(look::color(look::Tone::Accent), 2)
                   : m_isUser      ? QPen(palette().color(QPalette::Mid), 1)
                                   : QPen(Qt::NoPen));
    painter.drawRoundedRect(area, 6, 6);
}

} // namespace llamahome::widgets
