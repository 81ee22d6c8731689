// LengthHistogram: how many rows have which length in tokens. GUI thread.
#pragma once

#include <optional>

#include <QWidget>

#include "managers/training_setup.h"

namespace llamahome::widgets {

/// Bars with their counts, and a line at the length where rows are cut. Screen readers get the numbers as its
/// description.
class LengthHistogram final : public QWidget {
    Q_OBJECT

public:
    explicit LengthHistogram(QWidget* parent = nullptr);
    /// `maxLength`: where rows are cut.
    void setLengths(const text::LengthStatistics& lengths, int maxLength);
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QRectF plot() const;
    void paintCut(QPainter& painter, const QRectF& area) const;

    text::LengthStatistics m_lengths;
    int m_maxLength = 0;
};

} // namespace llamahome::widgets
