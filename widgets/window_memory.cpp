#include "widgets/window_memory.h"

#include <functional>
#include <utility>

#include <QEvent>
#include <QHeaderView>
#include <QSettings>
#include <QSplitter>
#include <QWidget>

#include "managers/text.h"

namespace llamahome::widgets {
namespace {

constexpr int kWriteDelayMs = 500;

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

WindowMemory::WindowMemory(const std::filesystem::path& file)
    : m_file(managers::pathToQt(file)) {
    m_writer.setMaxThreadCount(1);
    m_delay.setSingleShot(true);
    m_delay.setInterval(kWriteDelayMs);
    QObject::connect(&m_delay, &QTimer::timeout, &m_delay, [this] { write(); });
    if (m_file.isEmpty()) return;
    const QSettings kept(m_file, QSettings::IniFormat);
    for (const QString& key : kept.allKeys())
        m_values.insert(key, kept.value(key));
}

WindowMemory::~WindowMemory() {
    write();
    m_writer.waitForDone();
}

QVariant WindowMemory::value(const QString& key, const QVariant& fallback) const {
    return m_values.value(key, fallback);
}

void WindowMemory::setValue(const QString& key, const QVariant& value) {
    if (m_values.contains(key) && m_values.value(key) == value) return;
    m_values.insert(key, value);
    if (m_file.isEmpty()) return;
    m_unwritten.insert(key, value);
    if (!m_delay.isActive()) m_delay.start();
}

void WindowMemory::write() {
    if (m_unwritten.isEmpty()) return;
    m_writer.start([file = m_file, changed = std::exchange(m_unwritten, {})] {
        QSettings kept(file, QSettings::IniFormat);
        for (auto at = changed.begin(); at != changed.end(); ++at)
            kept.setValue(at.key(), at.value());
    });
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
