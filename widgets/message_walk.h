// MessageWalk: Tab stops at one message of many, Up and Down go on from it. GUI thread.
#pragma once

#include <cstddef>
#include <vector>

#include <QObject>

class QKeyEvent;
class QScrollArea;

namespace llamahome::widgets {

class MessageCard;

class MessageWalk final : public QObject {
    Q_OBJECT

public:
    /// `cards`, in their order, belong to the page that `area` scrolls; both outlive it.
    MessageWalk(const std::vector<MessageCard*>& cards, QScrollArea& area);

    /// A card that is new among them.
    void watch(MessageCard& card);
    /// Cards have come or gone.
    void refresh();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    /// Whether the key led to another message.
    bool step(const QKeyEvent& event);
    void setCurrent(std::size_t at);

    const std::vector<MessageCard*>& m_cards;
    QScrollArea& m_area;
    std::size_t m_current = 0;
};

} // namespace llamahome::widgets
