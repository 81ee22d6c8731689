#include "widgets/look.h"

#include <utility>

#include <QApplication>
#include <QEvent>
#include <QFontDatabase>
#include <QFontMetrics>
#include <QHash>
#include <QLabel>
#include <QPointer>
#include <QPushButton>
#include <QStyle>
#include <QToolTip>
#include <QWidget>

#include "widgets/home_style.h"
#include "widgets/palettes.h"

namespace llamahome::widgets::look {
namespace {

constexpr double kTitleSize = 1.3;
constexpr double kSmallSize = 0.9;

/// The theme chosen last and what it started from; an object of the application, gone with it.
class LookState final : public QObject {
public:
    static LookState& instance() {
        auto* app = QApplication::instance();
        const QString name = QStringLiteral("llamahome.look");
        if (auto* found = app->findChild<LookState*>(name, Qt::FindDirectChildrenOnly)) return *found;
        auto* made = new LookState(app);
        made->setObjectName(name);
        return *made;
    }

    void apply(Theme chosen) {
        m_theme = chosen;
        useStyle(chosen != Theme::System || m_platformStyle == QStringLiteral("fusion"));
        if (chosen == Theme::System) {
            QApplication::setPalette(QPalette());
            m_colors = platformColors();
        } else {
            m_colors = colorsOf(chosen);
        }
        const QPalette palette = paletteOf(m_colors);
        QApplication::setPalette(palette);
        QToolTip::setPalette(palette);
        m_primary.removeAll(nullptr);
        for (const auto& button : std::as_const(m_primary))
            colorPrimary(*button);
        for (auto widget = m_tones.constBegin(); widget != m_tones.constEnd(); ++widget)
            colorText(*widget.key(), widget.value());
    }

    /// The desktop's own colours have changed: with Theme::System they are taken over.
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() == QEvent::ThemeChange && m_theme == Theme::System)
            QMetaObject::invokeMethod(
                this, [this] { apply(m_theme); }, Qt::QueuedConnection);
        return QObject::eventFilter(watched, event);
    }

    /// Keeps a button in the accent whatever the theme becomes.
    void addPrimary(QPushButton& button) {
        m_primary.append(&button);
        colorPrimary(button);
    }

    /// Likewise for the text of a widget.
    void setTone(QWidget& widget, std::optional<Tone> tone) {
        if (!m_tones.contains(&widget))
            connect(&widget, &QObject::destroyed, this, [this, gone = &widget] { m_tones.remove(gone); });
        m_tones[&widget] = tone;
        colorText(widget, tone);
    }

    const Colors& colors() const { return m_colors; }

private:
    explicit LookState(QObject* parent)
        : QObject(parent)
        , m_platformStyle(QApplication::style()->name())
        , m_colors(platformColors()) {
        parent->installEventFilter(this);
    }

    void useStyle(bool own) {
        const bool isOwn = dynamic_cast<HomeStyle*>(QApplication::style()) != nullptr;
        if (own && !isOwn) QApplication::setStyle(new HomeStyle);
        if (!own && isOwn) QApplication::setStyle(m_platformStyle);
    }

    void colorPrimary(QPushButton& button) const {
        QPalette palette;
        for (const auto group : {QPalette::Active, QPalette::Inactive}) {
            palette.setColor(group, QPalette::Button, m_colors.accent);
            palette.setColor(group, QPalette::ButtonText, m_colors.onAccent);
        }
        button.setPalette(palette);
    }

    static void colorText(QWidget& widget, std::optional<Tone> tone) {
        QPalette palette;
        if (tone) palette.setColor(QPalette::WindowText, color(*tone));
        widget.setPalette(palette);
    }

    /// A desktop without colours of its own leaves those of Fusion, which say no more than light or dark.
    static Colors platformColors() {
        const QPalette platform = QApplication::palette();
        const QPalette ofStyle = QApplication::style()->standardPalette();
        const Colors colors = colorsOf(platform);
        if (platform.color(QPalette::Window) != ofStyle.color(QPalette::Window)) return colors;
        return colorsOf(colors.isDark ? Theme::Dark : Theme::Light);
    }

    QList<QPointer<QPushButton>> m_primary;
    QHash<QWidget*, std::optional<Tone>> m_tones;
    QString m_platformStyle;
    Theme m_theme = Theme::System;
    Colors m_colors;
};

QFont scaledFont(double factor) {
    QFont font = QApplication::font();
    if (font.pointSizeF() > 0)
        font.setPointSizeF(font.pointSizeF() * factor);
    else
        font.setPixelSize(qRound(font.pixelSize() * factor));
    return font;
}

} // namespace

void applyTheme(Theme theme) {
    LookState::instance().apply(theme);
}

QList<Theme> allThemes() {
    return {Theme::System, Theme::Light, Theme::Dark, Theme::HighContrast};
}

Theme themeFromKept(int number) {
    const auto theme = static_cast<Theme>(number);
    return allThemes().contains(theme) ? theme : Theme::System;
}

bool isDark() {
    return LookState::instance().colors().isDark;
}

QColor color(Tone tone) {
    const Colors& colors = LookState::instance().colors();
    switch (tone) {
    case Tone::Accent:
        return colors.accent;
    case Tone::Good:
        return colors.good;
    case Tone::Warning:
        return colors.warning;
    case Tone::Bad:
        return colors.bad;
    case Tone::Quiet:
        break;
    }
    return colors.quiet;
}

void setTone(QWidget& widget, std::optional<Tone> tone) {
    LookState::instance().setTone(widget, tone);
}

QFont titleFont() {
    QFont font = scaledFont(kTitleSize);
    font.setWeight(QFont::DemiBold);
    return font;
}

QFont smallFont() {
    return scaledFont(kSmallSize);
}

QFont figureFont() {
    const QFont font = QApplication::font();
    const QFontMetrics metrics(font);
    const int width = metrics.horizontalAdvance(u'0');
    for (char16_t digit = u'1'; digit <= u'9'; ++digit)
        if (metrics.horizontalAdvance(QChar(digit)) != width)
            return QFontDatabase::systemFont(QFontDatabase::FixedFont);
    return font;
}

QLabel* makeTitle(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setFont(titleFont());
    label->setTextFormat(Qt::PlainText);
    return label;
}

QLabel* makeNote(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setFont(smallFont());
    label->setTextFormat(Qt::PlainText);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

void makePrimary(QPushButton& button) {
    QFont font = button.font();
    font.setWeight(QFont::DemiBold);
    button.setFont(font);
    LookState::instance().addPrimary(button);
}

} // namespace llamahome::widgets::look
