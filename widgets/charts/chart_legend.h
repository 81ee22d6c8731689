// ChartLegend: names the lines of a chart with a sample of each, and the values read at a step. GUI thread.
#pragma once

#include <vector>

#include <QColor>
#include <QString>
#include <QWidget>

#include "widgets/charts/metric_chart.h"

namespace llamahome::widgets {

/// Keeps its height while values come and go; entries wrap where the width is short.
class ChartLegend final : public QWidget {
    Q_OBJECT

public:
    struct Entry {
        ChartLine line;
        QString value; ///< empty: nothing is read
        bool isStar = false;
    };

    explicit ChartLegend(QWidget* parent = nullptr);

    void setColors(const QColor& text, const QColor& quiet);
    /// `heading` stands before the entries: "step 120"; `note` after them.
    void setEntries(const QString& heading, std::vector<Entry> entries, const QString& note);
    /// All of it as one text.
    QString text() const;

    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Piece {
        QString text;
        const Entry* entry = nullptr; ///< null: words only
    };

    std::vector<Piece> pieces() const;
    int pieceWidth(const Piece& piece) const;
    /// Calls `place(piece, x, y)` for each; returns the height.
    template <typename Place>
    int layOut(int width, Place place) const;
    void paintSample(QPainter& painter, const Entry& entry, const QRectF& area) const;

    QString m_heading;
    std::vector<Entry> m_entries;
    QString m_note;
    QColor m_text;
    QColor m_quiet;
};

} // namespace llamahome::widgets
