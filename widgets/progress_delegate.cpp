#include "widgets/progress_delegate.h"

#include <QPainter>

#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr int kBarHeight = 3;
constexpr int kMargin = 4;

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
    painter->fillRect(bar, option.palette.color(QPalette::Midlight));
    const int width = bar.width() * percent / 100;
    if (option.direction == Qt::RightToLeft)
        bar.setLeft(bar.right() + 1 - width);
    else
        bar.setWidth(width);
    painter->fillRect(bar, look::color(look::Tone::Accent));
}

} // namespace llamahome::widgets
