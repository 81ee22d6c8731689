// The window's icons: one set of symbolic SVG files, coloured for the theme. GUI thread.
#pragma once

#include <QIcon>
#include <QPalette>

namespace llamahome::widgets {

enum class Icon {
    App,
    Models,
    Downloads,
    Training,
    Chat,
    Runs,
    Settings,
    Log,
    Start,
    Pause,
    Stop,
    Retry,
    Import,
    Remove,
    Verify,
    Folder,
    Copy,
    Edit,
    Send,
    Add,
    Search,
    Reset,
    Good,
    Warning,
    Bad,
    Info,
    Close,
    More,
    Compare,
    Up,
    Down,
};

/// Follows the theme, later changes included. `role` is the text that it stands beside; on a primary button
/// that is QPalette::BrightText. Good, Warning and Bad have the colours of their meaning,
/// but in a selection that of its text.
QIcon icon(Icon name, QPalette::ColorRole role = QPalette::WindowText);

/// A text compiled into the program: "LICENSE", "NOTICES.md".
QString resourceText(const QString& name);

} // namespace llamahome::widgets
