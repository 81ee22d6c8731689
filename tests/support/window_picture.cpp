#include "support/window_picture.h"

#include <QApplication>
#include <QPainter>
#include <QTest>

#include "widgets/look.h"

namespace llamahome::testing {
namespace {

constexpr int kShade = 96; ///< of 255

QString pictureFolder() {
    return qEnvironmentVariable("LLAMAHOME_TEST_PICTURES");
}

} // namespace

bool takesPictures() {
    return !pictureFolder().isEmpty();
}

void applyPictureTheme() {
    widgets::look::applyTheme(
        widgets::look::themeFromKept(qEnvironmentVariableIntValue("LLAMAHOME_TEST_THEME")));
}

void takePicture(QWidget& window, const char* name) {
    if (!takesPictures()) return;
    QTest::qWait(100); // what is animated or loaded aside comes to rest
    QPixmap shown = window.grab();
    if (QWidget* over = QApplication::activeModalWidget()) {
        QPainter painter(&shown);
        const QRect place(QPoint(), over->size());
        const QRect middle = place.translated(window.rect().center() - place.center());
        painter.fillRect(window.rect(), QColor(0, 0, 0, kShade)); // as desktops set off what lies over
        painter.drawPixmap(middle, over->grab());
    }
    shown.save(pictureFolder() + QLatin1Char('/') + QLatin1String(name) + QStringLiteral(".png"));
}

} // namespace llamahome::testing
