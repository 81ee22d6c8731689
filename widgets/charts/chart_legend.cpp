#include "widgets/charts/chart_legend.h"

#include <algorithm>
#include <utility>

#include <QPainter>
#include <QPainterPath>

#include "widgets/charts/chart_marker.h"

namespace llamahome::widgets {
namespace {

constexpr int kSampleWidth = 24;
constexpr int kGap = 8;
constexpr int kBetween = 16;
/// Room kept for a value in digits, so that nothing moves while hovering; a line of markers tells its step
/// too.
constexpr int kValueDigits = 7;
constexpr int kMarkedValueDigits = 18;

} // namespace

ChartLegend::ChartLegend(QWidget* parent)
    : QWidget(parent) {
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setAttribute(Qt::WA_TransparentForMouseEvents);
}

void ChartLegend::setColors(const QColor& text, const QColor& quiet) {
    m_text = text;
    m_quiet = quiet;
    update();
}

void ChartLegend::setEntries(const QString& heading, std::vector<Entry> entries, const QString& note) {
    const bool isOtherSize = entries.size() != m_entries.size() || note.size() != m_note.size();
    m_heading = heading;
    m_entries = std::move(entries);
    m_note = note;
    if (isOtherSize) updateGeometry();
    update();
}

QString ChartLegend::text() const {
    QStringList parts;
    if (!m_heading.isEmpty()) parts << m_heading;
    for (const Entry& entry : m_entries)
        parts << (entry.value.isEmpty() ? entry.line.name : entry.line.name + QLatin1Char(' ') + entry.value);
    if (!m_note.isEmpty()) parts << m_note;
    return parts.join(QStringLiteral(" · "));
}

std::vector<ChartLegend::Piece> ChartLegend::pieces() const {
    std::vector<Piece> all;
    for (const Entry& entry : m_entries)
        all.push_back({entry.line.name, &entry});
    if (!m_note.isEmpty()) all.push_back({m_note, nullptr});
    if (!m_heading.isEmpty()) all.push_back({m_heading, nullptr});
    return all;
}

int ChartLegend::pieceWidth(const Piece& piece) const {
    const int words = fontMetrics().horizontalAdvance(piece.text);
    if (piece.entry == nullptr) return words;
    if (piece.entry->isStar) return kSampleWidth + kGap + words;
    const int digits = piece.entry->line.dash == Qt::NoPen ? kMarkedValueDigits : kValueDigits;
    const int value = std::max(fontMetrics().horizontalAdvance(QLatin1Char('0')) * digits,
                               fontMetrics().horizontalAdvance(piece.entry->value));
    return kSampleWidth + kGap + words + kGap + value;
}

template <typename Place>
int ChartLegend::layOut(int width, Place place) const {
    const int line = fontMetrics().height() + 4;
    int x = 0;
    int y = 0;
    for (const Piece& piece : pieces()) {
        const int needed = pieceWidth(piece);
        if (x > 0 && x + needed > width) {
            x = 0;
            y += line;
        }
        place(piece, x, y);
        x += needed + kBetween;
    }
    return y + line;
}

int ChartLegend::heightForWidth(int width) const {
    return layOut(width, [](const Piece&, int, int) {});
}

QSize ChartLegend::sizeHint() const {
    return {320, heightForWidth(std::max(width(), 320))};
}

QSize ChartLegend::minimumSizeHint() const {
    return {120, fontMetrics().height() + 4};
}

void ChartLegend::paintSample(QPainter& painter, const Entry& entry, const QRectF& area) const {
    painter.setRenderHint(QPainter::Antialiasing);
    if (entry.isStar) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(entry.line.color);
        painter.drawPath(starPath(area.center(), area.height() / 2.0));
        return;
    }
    if (entry.line.dash != Qt::NoPen) {
        painter.setPen(QPen(entry.line.color, entry.line.width, entry.line.dash));
        painter.drawLine(QPointF(area.left(), area.center().y()), QPointF(area.right(), area.center().y()));
    }
    if (entry.line.marker != ChartMarker::None) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(entry.line.color);
        painter.drawPath(markerPath(entry.line.marker, area.center(), area.height() / 3.0));
    }
}

void ChartLegend::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const int height = fontMetrics().height();
    const int ascent = fontMetrics().ascent();
    layOut(width(), [&](const Piece& piece, int x, int y) {
        if (piece.entry == nullptr) {
            painter.setPen(m_quiet);
            painter.drawText(x, y + 2 + ascent, piece.text);
            return;
        }
        paintSample(painter, *piece.entry, QRectF(x, y + 2, kSampleWidth, height));
        const int words = x + kSampleWidth + kGap;
        painter.setPen(m_text);
        painter.drawText(words, y + 2 + ascent, piece.text);
        painter.drawText(words + fontMetrics().horizontalAdvance(piece.text) + kGap, y + 2 + ascent,
                         piece.entry->value);
    });
}

} // namespace llamahome::widgets
