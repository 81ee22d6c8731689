// ElidedLabel: one line of text that is cut in its middle where there is no room. GUI thread.
#pragma once

#include <QLabel>

namespace llamahome::widgets {

/// text() stays whole; the tool tip tells it.
class ElidedLabel final : public QLabel {
    Q_OBJECT

public:
    explicit ElidedLabel(QWidget* parent = nullptr);

    void showText(const QString& text);
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace llamahome::widgets
