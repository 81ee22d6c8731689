// IconLabel: an icon as a picture that follows the theme. GUI thread.
#pragma once

#include <QIcon>
#include <QWidget>

namespace llamahome::widgets {

class IconLabel final : public QWidget {
    Q_OBJECT

public:
    /// `side` in pixels.
    IconLabel(const QIcon& icon, int side, QWidget* parent = nullptr);

    void setIcon(const QIcon& icon);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QIcon m_icon;
};

} // namespace llamahome::widgets
