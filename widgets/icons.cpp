#include "widgets/icons.h"

#include <array>

#include <QApplication>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include "widgets/look.h"

/// Outside every namespace, as Q_INIT_RESOURCE asks.
static void registerResources() {
    Q_INIT_RESOURCE(llamahome);
}

namespace llamahome::widgets {
namespace {

/// Files of resources/icons/, in the order of Icon.
constexpr std::array kFiles{"llamahome", "models", "downloads", "training", "chat",  "runs",   "settings",
                            "log",       "start",  "pause",     "stop",     "retry", "import", "remove",
                            "verify",    "folder", "copy",      "edit",     "send",  "add",    "search",
                            "reset",     "good",   "warning",   "bad",      "info",  "close",  "more",
                            "compare",   "up",     "down"};
static_assert(kFiles.size() == static_cast<std::size_t>(Icon::Down) + 1);

QString fileOf(Icon name) {
    return QStringLiteral(":/icons/%1.svg").arg(QLatin1String(kFiles[static_cast<std::size_t>(name)]));
}

/// Draws the file in the colour that its text has in the theme at that moment, so that a theme may change
/// under icons that were handed out long ago.
class SymbolEngine final : public QIconEngine {
public:
    SymbolEngine(Icon name, QPalette::ColorRole role)
        : m_name(name)
        , m_role(role) {}

    QIconEngine* clone() const override { return new SymbolEngine(m_name, m_role); }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
        const qreal ratio = painter->device()->devicePixelRatioF();
        painter->drawPixmap(rect, scaledPixmap(rect.size() * ratio, mode, state, ratio));
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        return scaledPixmap(size, mode, state, 1.0);
    }

    /// `size` in device pixels.
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State, qreal scale) override {
        const QColor tint = color(mode);
        const QString key = QStringLiteral("llamahome/%1/%2x%3/%4")
                                .arg(QString::number(static_cast<int>(m_name)), QString::number(size.width()),
                                     QString::number(size.height()), tint.name(QColor::HexArgb));
        QPixmap pixmap;
        if (!QPixmapCache::find(key, &pixmap)) {
            pixmap = QPixmap::fromImage(drawn(size, tint));
            QPixmapCache::insert(key, pixmap);
        }
        pixmap.setDevicePixelRatio(scale);
        return pixmap;
    }

private:
    QColor color(QIcon::Mode mode) const {
        const QPalette palette = QApplication::palette();
        if (mode == QIcon::Selected) return palette.color(QPalette::HighlightedText);
        switch (m_name) {
        case Icon::Good:
            return look::color(look::Tone::Good);
        case Icon::Warning:
            return look::color(look::Tone::Warning);
        case Icon::Bad:
            return look::color(look::Tone::Bad);
        default:
            break;
        }
        if (mode == QIcon::Disabled) return palette.color(QPalette::Disabled, QPalette::WindowText);
        return palette.color(m_role);
    }

    QImage drawn(const QSize& size, const QColor& tint) const {
        QImage image(size, QImage::Format_ARGB32_Premultiplied);
        image.fill(Qt::transparent);
        QSvgRenderer renderer(fileOf(m_name));
        renderer.setAspectRatioMode(Qt::KeepAspectRatio);
        QPainter painter(&image);
        renderer.render(&painter, QRectF(QPointF(0, 0), QSizeF(size)));
        if (m_name != Icon::App) {
            painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
            painter.fillRect(image.rect(), tint);
        }
        return image;
    }

    Icon m_name;
    QPalette::ColorRole m_role;
};

} // namespace

QIcon icon(Icon name, QPalette::ColorRole role) {
    registerResources();
    return QIcon(new SymbolEngine(name, role));
}

QString resourceText(const QString& name) {
    registerResources();
    QFile file(QStringLiteral(":/") + name);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

} // namespace llamahome::widgets
