#include "widgets/window_memory.h"

#include <functional>
#include <utility>

#include <QEvent>
#include <QHeaderView>
#include <QSplitter>
#include <QWidget>

#include "managers/text.h"

namespace llamahome::widgets {
namespace {

/// Tells when a window is closed or goes away with the program.
class CloseWatcher final : public QObject {
public:
    CloseWatcher(QWidget& window, std::function<void()> keep)
        : QObject(&window)
        , m_keep(std::move(keep)) {
        window.installEventFilter(this);
    }

    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() == QEvent::Close || event->type() == QEvent::Hide) m_keep();
        return QObject::eventFilter(watched, event);
    }

private:
    std::function<void()> m_keep;
};

} // namespace

WindowMemory::WindowMemory(const std::filesystem::path& file) {
    if (!file.empty())
        m_settings = std::make_unique<QSettings>(managers::pathToQt(file), QSettings::IniFormat);
}

WindowMemory::~WindowMemory() = default;

QVariant WindowMemory::value(const QString& key, const QVariant& fallback) const {
    return m_settings ? m_settings->value(key, fallback) : m_values.value(key, fallback);
}

void WindowMemory::setValue(const QString& key, const QVariant& value) {
    if (m_settings)
        m_settings->setValue(key, value);
    else
        m_values.insert(key, value);
}

void WindowMemory::keep(QSplitter& splitter, const QString& key) {
    splitter.restoreState(value(key).toByteArray());
    QObject::connect(&splitter, &QSplitter::splitterMoved, &splitter,
                     [this, &splitter, key] { setValue(key, splitter.saveState()); });
}

void WindowMemory::keep(QHeaderView& header, const QString& key) {
    header.restoreState(value(key).toByteArray());
    const auto save = [this, &header, key] { setValue(key, header.saveState()); };
    QObject::connect(&header, &QHeaderView::sectionResized, &header, save);
    QObject::connect(&header, &QHeaderView::sectionMoved, &header, save);
    QObject::connect(&header, &QHeaderView::sortIndicatorChanged, &header, save);
}

void WindowMemory::keepGeometry(QWidget& window, const QString& key) {
    window.restoreGeometry(value(key).toByteArray());
    new CloseWatcher(window, [this, &window, key] { setValue(key, window.saveGeometry()); });
}

} // namespace llamahome::widgets
