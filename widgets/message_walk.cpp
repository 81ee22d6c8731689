#include "widgets/message_walk.h"

#include <algorithm>

#include <QKeyEvent>
#include <QScrollArea>

#include "widgets/look.h"
#include "widgets/message_card.h"

namespace llamahome::widgets {

MessageWalk::MessageWalk(const std::vector<MessageCard*>& cards, QScrollArea& area)
    : QObject(&area)
    , m_cards(cards)
    , m_area(area) {}

void MessageWalk::watch(MessageCard& card) {
    card.installEventFilter(this);
}

void MessageWalk::refresh() {
    setCurrent(m_cards.empty() ? 0 : std::min(m_current, m_cards.size() - 1));
}

bool MessageWalk::step(const QKeyEvent& event) {
    const int step = event.key() == Qt::Key_Down ? 1 : event.key() == Qt::Key_Up ? -1 : 0;
    const auto next = static_cast<std::ptrdiff_t>(m_current) + step;
    if (step == 0 || next < 0 || next >= static_cast<std::ptrdiff_t>(m_cards.size())) return false;
    m_cards[static_cast<std::size_t>(next)]->setTabStop(true);
    m_cards[static_cast<std::size_t>(next)]->setFocus(Qt::TabFocusReason);
    return true;
}

bool MessageWalk::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::FocusIn) {
        const auto found = std::find(m_cards.begin(), m_cards.end(), watched);
        if (found != m_cards.end()) {
            setCurrent(static_cast<std::size_t>(found - m_cards.begin()));
            m_area.ensureWidgetVisible(*found, 0, look::kGrid);
        }
    }
    if (event->type() == QEvent::KeyPress && step(*static_cast<QKeyEvent*>(event))) return true;
    return QObject::eventFilter(watched, event);
}

void MessageWalk::setCurrent(std::size_t at) {
    m_current = at;
    for (std::size_t i = 0; i < m_cards.size(); ++i)
        m_cards[i]->setTabStop(i == at);
}

} // namespace llamahome::widgets
