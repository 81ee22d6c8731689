#include "widgets/length_histogram.h"

#include <algorithm>

#include <QPainter>

#include "widgets/look.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

LengthHistogram::LengthHistogram(QWidget* parent)
    : QWidget(parent) {
    setAccessibleName(tr("Lengths of the rows in tokens"));
    setFont(look::smallFont());
}

void LengthHistogram::setLengths(const text::LengthStatistics& lengths, int maxLength) {
    m_lengths = lengths;
    m_maxLength = maxLength;
    QStringList parts;
    for (const text::LengthBucket& bucket : lengths.buckets)
        parts << tr("%1 to %2 tokens: %3")
                     .arg(countText(bucket.from), countText(bucket.to - 1), rowsText(bucket.rows));
    setAccessibleDescription(parts.join(QStringLiteral("; ")));
    update();
}

QSize LengthHistogram::minimumSizeHint() const {
    return {40 * look::kGrid, 18 * look::kGrid};
}

QRectF LengthHistogram::plot() const {
    const int line = fontMetrics().height();
    return QRectF(rect()).adjusted(0, 2 * line, 0, -(line + look::kGrid));
}

void LengthHistogram::paintCut(QPainter& painter, const QRectF& area) const {
    const auto from = static_cast<double>(m_lengths.buckets.front().from);
    const auto to = static_cast<double>(m_lengths.buckets.back().to);
    if (m_maxLength <= from || m_maxLength >= to) return;
    const double x = area.left() + area.width() * (m_maxLength - from) / (to - from);
    painter.setPen(QPen(look::color(look::Tone::Warning), 1.0, Qt::DashLine));
    painter.drawLine(QPointF(x, area.top() - fontMetrics().height()), QPointF(x, area.bottom()));
    const QString words = tr("cut at %1").arg(countText(static_cast<quint64>(m_maxLength)));
    const double width = fontMetrics().horizontalAdvance(words);
    const bool isRightOf = x + width + 4 < area.right();
    painter.drawText(QPointF(isRightOf ? x + 4 : x - width - 4, fontMetrics().ascent()), words);
}

void LengthHistogram::paintEvent(QPaintEvent*) {
    if (m_lengths.buckets.empty()) return;
    QPainter painter(this);
    const QRectF area = plot();
    const auto count = static_cast<double>(m_lengths.buckets.size());
    quint64 most = 1;
    for (const text::LengthBucket& bucket : m_lengths.buckets)
        most = std::max<quint64>(most, bucket.rows);
    const double width = area.width() / count;
    const int ascent = fontMetrics().ascent();
    double lastLabelEnd = -1.0;
    for (std::size_t i = 0; i < m_lengths.buckets.size(); ++i) {
        const text::LengthBucket& bucket = m_lengths.buckets[i];
        const double height = area.height() * static_cast<double>(bucket.rows) / static_cast<double>(most);
        const double x = area.left() + width * static_cast<double>(i);
        painter.fillRect(QRectF(x + 1, area.bottom() - height, width - 2, height),
                         look::color(look::Tone::Accent));
        painter.setPen(palette().color(QPalette::Text));
        const QString rows = countText(bucket.rows);
        if (bucket.rows > 0 && fontMetrics().horizontalAdvance(rows) < width)
            painter.drawText(
                QRectF(x, area.bottom() - height - fontMetrics().height(), width, fontMetrics().height()),
                Qt::AlignCenter, rows);
        const QString from = countText(bucket.from);
        if (x <= lastLabelEnd) continue;
        painter.setPen(look::color(look::Tone::Quiet));
        painter.drawText(QPointF(x, area.bottom() + 4 + ascent), from);
        lastLabelEnd = x + fontMetrics().horizontalAdvance(from) + look::kGrid;
    }
    painter.setPen(palette().color(QPalette::Mid));
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    paintCut(painter, area);
}

} // namespace llamahome::widgets
