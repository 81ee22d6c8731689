#include "widgets/progress_delegate.h"

#include <QPainter>

#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr int kBarHeight = 3;
constexpr int kMargin = 4;
constexpr float kRestShare = 0.25F; ///< of the colour, for what is not here yet

} // namespace

ProgressDelegate::ProgressDelegate(int percentRole, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_percentRole(percentRole) {}

void ProgressDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                             const QModelIndex& index) const {
    QStyledItemDelegate::paint(painter, option, index);
    const int percent = index.data(m_percentRole).toInt();
    if (percent < 0) return;
    QRect bar(option.rect.left() + kMargin, option.rect.bottom() - kBarHeight,
              option.rect.width() - 2 * kMargin, kBarHeight);
    const bool isSelected = option.state.testFlag(QStyle::State_Selected);
    const QColor color =
        isSelected ? option.palette.color(QPalette::HighlightedText) : look::color(look::Tone::Accent);
    QColor rest = color;
    rest.setAlphaF(kRestShare);
    painter->fillRect(bar, rest);
    const int width = bar.width() * percent / 100;
    if (option.direction == Qt::RightToLeft)
        bar.setLeft(bar.right() + 1 - width);
    else
        bar.setWidth(width);
    painter->fillRect(bar, color);
}

} // namespace llamahome::widgets
