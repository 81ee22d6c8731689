// The look of the window in one place: grid, text sizes, theme, colours. GUI thread.
#pragma once

#include <optional>

#include <QColor>
#include <QFont>
#include <QList>
#include <QString>

class QLabel;
class QPushButton;
class QWidget;

namespace llamahome::widgets::look {

inline constexpr int kGrid = 8; ///< pixels; margins and gaps are multiples of it

enum class Theme { System, Light, Dark, HighContrast };

/// Sets palette and style of the whole application; may be called again at any time.
void applyTheme(Theme theme);
/// Whether what is shown now is dark.
bool isDark();

/// Every theme, in the order in which a choice offers them.
QList<Theme> allThemes();
/// Under which WindowMemory keeps the theme, as its number.
inline const QString kThemeKey = QStringLiteral("look/theme");
/// From what was kept; System for what is none.
Theme themeFromKept(int number);

/// Colours of meaning, each ≥ 4.5:1 on the window's base in the theme shown now. Never the only sign.
enum class Tone { Accent, Good, Warning, Bad, Quiet };
QColor color(Tone tone);

/// Text of a widget in that colour, whatever the theme becomes; nothing: in that of its kind.
void setTone(QWidget& widget, std::optional<Tone> tone);

/// Three text sizes: title, body (the application's font), small.
QFont titleFont();
QFont smallFont();
/// Body font with figures of one width.
QFont figureFont();

/// A label in one of the sizes; `tone` Quiet greys it.
QLabel* makeTitle(const QString& text, QWidget* parent = nullptr);
QLabel* makeNote(const QString& text, QWidget* parent = nullptr);
/// The one primary button of a page.
void makePrimary(QPushButton& button);

} // namespace llamahome::widgets::look
