#include "widgets/side_bar.h"

#include <QButtonGroup>
#include <QKeyEvent>
#include <QPainter>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr int kIconSize = 20;
constexpr int kEdge = 3; ///< the accent at the left of the chosen one

/// Draws itself, so that the chosen place is told by edge, weight and ground under every style.
class PlaceButton final : public QToolButton {
public:
    explicit PlaceButton(QWidget* parent)
        : QToolButton(parent) {
        setCheckable(true);
        setIconSize(QSize(kIconSize, kIconSize));
        setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
        setFocusPolicy(Qt::TabFocus);
    }

    QSize sizeHint() const override {
        const QFontMetrics metrics(boldFont());
        const int width = kEdge + kIconSize + metrics.horizontalAdvance(text()) + 5 * look::kGrid;
        return {width, std::max(kIconSize, metrics.height()) + 2 * look::kGrid};
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        QColor ground = palette().color(QPalette::WindowText);
        ground.setAlphaF(isChecked() ? 0.10F : underMouse() ? 0.05F : 0.0F);
        const QRectF box = QRectF(rect()).adjusted(1, 1, -1, -1);
        painter.setPen(hasFocus() ? QPen(palette().color(QPalette::Link), 2.0) : QPen(Qt::NoPen));
        painter.setBrush(ground);
        painter.drawRoundedRect(box, 4, 4);
        if (isChecked()) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(palette().color(QPalette::Link));
            painter.drawRoundedRect(QRectF(0, look::kGrid, kEdge, height() - 2 * look::kGrid), 1.5, 1.5);
        }
        const QRect symbol(kEdge + look::kGrid, (height() - kIconSize) / 2, kIconSize, kIconSize);
        icon().paint(&painter, style()->visualRect(layoutDirection(), rect(), symbol));
        painter.setFont(isChecked() ? boldFont() : font());
        painter.setPen(palette().color(QPalette::WindowText));
        const QRect words = rect().adjusted(symbol.right() + look::kGrid + 4, 0, -look::kGrid, 0);
        painter.drawText(style()->visualRect(layoutDirection(), rect(), words),
                         static_cast<int>(Qt::AlignVCenter | Qt::AlignLeading), text());
    }

private:
    QFont boldFont() const {
        QFont bold = font();
        bold.setWeight(QFont::DemiBold);
        return bold;
    }
};

} // namespace

QString placeTitle(Place place) {
    switch (place) {
    case Place::Models:
        return SideBar::tr("Models");
    case Place::Downloads:
        return SideBar::tr("Downloads");
    case Place::Training:
        return SideBar::tr("Training");
    case Place::Chat:
        return SideBar::tr("Chat");
    case Place::Runs:
        return SideBar::tr("Runs");
    case Place::Settings:
        break;
    }
    return SideBar::tr("Settings");
}

SideBar::SideBar(QWidget* parent)
    : QWidget(parent)
    , m_buttons(new QButtonGroup(this)) {
    setObjectName(QStringLiteral("sideBar"));
    setAccessibleName(tr("Places"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(look::kGrid, look::kGrid, look::kGrid, look::kGrid);
    layout->setSpacing(look::kGrid / 2);
    add(*layout, Place::Models, Icon::Models, tr("What is installed and what can be"), tr("Ctrl+1"));
    add(*layout, Place::Downloads, Icon::Downloads, tr("What is being fetched"), tr("Ctrl+2"));
    add(*layout, Place::Training, Icon::Training, tr("Teach a model your data"), tr("Ctrl+3"));
    add(*layout, Place::Chat, Icon::Chat, tr("Talk to a model"), tr("Ctrl+4"));
    add(*layout, Place::Runs, Icon::Runs, tr("What was trained, and how it went"), tr("Ctrl+5"));
    layout->addStretch(1);
    add(*layout, Place::Settings, Icon::Settings, tr("Every setting, searchable"), tr("Ctrl+,"));
    connect(m_buttons, &QButtonGroup::idClicked, this,
            [this](int id) { Q_EMIT placeChosen(static_cast<Place>(id)); });
    setPlace(Place::Models);
}

Place SideBar::place() const {
    return static_cast<Place>(m_buttons->checkedId());
}

void SideBar::setPlace(Place place) {
    QAbstractButton* chosen = m_buttons->button(static_cast<int>(place));
    chosen->setChecked(true);
    if (isAncestorOf(focusWidget())) chosen->setFocus();
    for (QAbstractButton* button : m_buttons->buttons())
        button->setFocusPolicy(button->isChecked() ? Qt::TabFocus : Qt::ClickFocus);
}

void SideBar::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down)
        move(event->key() == Qt::Key_Up ? -1 : 1);
    else
        QWidget::keyPressEvent(event);
}

void SideBar::add(QVBoxLayout& layout, Place place, Icon symbol, const QString& help,
                  const QString& shortcut) {
    auto* button = new PlaceButton(this);
    button->setText(placeTitle(place));
    button->setIcon(icon(symbol));
    button->setToolTip(tr("%1 (%2)").arg(help, shortcut));
    button->setAccessibleName(placeTitle(place));
    button->setAccessibleDescription(help);
    button->setObjectName(QStringLiteral("place%1").arg(static_cast<int>(place)));
    m_buttons->addButton(button, static_cast<int>(place));
    layout.addWidget(button);
}

void SideBar::move(int step) {
    const int count = static_cast<int>(m_buttons->buttons().size());
    const int next = (m_buttons->checkedId() + step + count) % count;
    setPlace(static_cast<Place>(next));
    m_buttons->button(next)->setFocus();
    Q_EMIT placeChosen(static_cast<Place>(next));
}

} // namespace llamahome::widgets
