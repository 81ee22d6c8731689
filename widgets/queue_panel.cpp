#include "widgets/queue_panel.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QShortcut>
#include <QVBoxLayout>

#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/buttons.h"
#include "widgets/look.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::QueueItem;
using managers::QueueState;
using managers::toQt;

namespace {

constexpr int kRowHeight = 3 * look::kGrid;
constexpr int kMostRows = 3; ///< before it scrolls

QString rowText(const QueueItem& item) {
    const QString run = queuedRunText(item.run);
    if (item.state == QueueState::Going) return QueuePanel::tr("going on: %1").arg(run);
    if (item.state == QueueState::Failed)
        return QueuePanel::tr("failed: %1: %2").arg(run, managers::windowText(item.run.message));
    return QueuePanel::tr("waits: %1").arg(run);
}

QString toolTipOf(const QueueItem& item) {
    QStringList lines;
    for (const std::filesystem::path& file : item.run.data)
        lines << managers::pathToQt(file);
    for (const jobs::QueuedRun::Change& change : item.run.changes)
        lines << toQt(change.key + " = " + change.value);
    return lines.join(u'\n');
}

QString titleOf(const managers::TrainingQueue& queue) {
    const std::size_t waiting = queue.waiting();
    if (waiting == 0) return QueuePanel::tr("Queue: no run waits");
    const QString count = waiting == 1 ? QueuePanel::tr("Queue: 1 run waits")
                                       : QueuePanel::tr("Queue: %1 runs wait").arg(countText(waiting));
    return queue.isHeld() ? QueuePanel::tr("%1; nothing begins before the queue is started").arg(count)
                          : count;
}

} // namespace

QString queuedRunText(const jobs::QueuedRun& run) {
    QStringList files;
    for (const std::filesystem::path& file : run.data)
        files << managers::pathToQt(file);
    QStringList parts{toQt(run.runName), toQt(run.model), filesText(files), toQt(run.preset)};
    if (run.changes.size() == 1)
        parts << QueuePanel::tr("1 setting changed");
    else if (!run.changes.empty())
        parts << QueuePanel::tr("%1 settings changed").arg(run.changes.size());
    parts.removeAll(QString());
    return parts.join(QStringLiteral(" · "));
}

QueuePanel::QueuePanel(managers::TrainingQueue& queue, QWidget* parent)
    : QFrame(parent)
    , m_queue(queue)
    , m_title(new QLabel(this))
    , m_hold(makeButton({}, Icon::Pause, QStringLiteral("holdQueue"), this))
    , m_up(makeButton(tr("Move up"), Icon::Up, QStringLiteral("queueUp"), this))
    , m_down(makeButton(tr("Move down"), Icon::Down, QStringLiteral("queueDown"), this))
    , m_again(makeButton(tr("Try again"), Icon::Retry, QStringLiteral("queueAgain"), this))
    , m_remove(makeButton(tr("Take out"), Icon::Remove, QStringLiteral("queueRemove"), this))
    , m_list(new QListWidget(this)) {
    setObjectName(QStringLiteral("queuePanel"));
    m_title->setObjectName(QStringLiteral("queueTitle"));
    m_title->setBuddy(m_list);
    m_list->setObjectName(QStringLiteral("queueList"));
    m_list->setAccessibleName(tr("Training runs in the queue"));
    m_list->setUniformItemSizes(true);
    m_list->setTextElideMode(Qt::ElideRight);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    column->addWidget(makeHead());
    column->addWidget(m_list);
    addShortcuts();
    connect(m_list, &QListWidget::currentRowChanged, this, &QueuePanel::showButtons);
    connect(&m_queue, &managers::TrainingQueue::changed, this, &QueuePanel::refresh);
    refresh();
}

QWidget* QueuePanel::makeHead() {
    auto* head = new QWidget(this);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(m_title, 1);
    for (QPushButton* button : {m_up, m_down, m_again, m_remove, m_hold})
        row->addWidget(button);
    connect(m_up, &QPushButton::clicked, this, [this] { move(-1); });
    connect(m_down, &QPushButton::clicked, this, [this] { move(1); });
    connect(m_again, &QPushButton::clicked, this, [this] { m_queue.tryAgain(chosen()); });
    connect(m_remove, &QPushButton::clicked, this, &QueuePanel::removeChosen);
    connect(m_hold, &QPushButton::clicked, this, &QueuePanel::hold);
    return head;
}

void QueuePanel::addShortcuts() {
    const auto add = [this](const QKeySequence& keys, auto action) {
        auto* shortcut = new QShortcut(keys, m_list, nullptr, nullptr, Qt::WidgetShortcut);
        connect(shortcut, &QShortcut::activated, this, action);
    };
    add(QKeySequence::Delete, [this] { removeChosen(); });
    add(QKeySequence(Qt::ALT | Qt::Key_Up), [this] { move(-1); });
    add(QKeySequence(Qt::ALT | Qt::Key_Down), [this] { move(1); });
}

quint64 QueuePanel::chosen() const {
    const QListWidgetItem* item = m_list->currentItem();
    return item == nullptr ? 0 : item->data(Qt::UserRole).toULongLong();
}

void QueuePanel::move(int by) {
    m_queue.move(chosen(), by);
}

void QueuePanel::removeChosen() {
    m_queue.remove(chosen());
}

void QueuePanel::hold() {
    if (m_queue.isHeld())
        m_queue.goOn();
    else
        m_queue.hold();
}

/// The chosen run stays chosen wherever it has moved; where it is gone, its neighbour is.
void QueuePanel::refresh() {
    const auto& items = m_queue.items();
    const quint64 id = chosen();
    int row = std::min(m_list->currentRow(), static_cast<int>(items.size()) - 1);
    {
        const QSignalBlocker quiet(m_list);
        m_list->clear();
        for (const QueueItem& item : items) {
            auto* shown = new QListWidgetItem(rowText(item), m_list);
            shown->setData(Qt::UserRole, item.id);
            shown->setToolTip(toolTipOf(item));
            shown->setSizeHint({0, kRowHeight});
            if (item.id == id) row = m_list->count() - 1;
        }
        m_list->setCurrentRow(std::max(row, items.empty() ? -1 : 0));
    }
    const int rows = std::clamp(m_list->count(), 1, kMostRows);
    m_list->setFixedHeight(rows * kRowHeight + 2 * m_list->frameWidth());
    m_title->setText(titleOf(m_queue));
    m_hold->setText(m_queue.isHeld() ? tr("Start the queue") : tr("Hold the queue"));
    m_hold->setIcon(icon(m_queue.isHeld() ? Icon::Start : Icon::Pause));
    m_hold->setEnabled(m_queue.waiting() > 0);
    setVisible(!items.empty());
    showButtons();
}

void QueuePanel::showButtons() {
    const auto& items = m_queue.items();
    const auto row = static_cast<std::size_t>(std::max(m_list->currentRow(), 0));
    const bool isMovable = row < items.size() && items[row].state != QueueState::Going;
    m_up->setEnabled(isMovable && row > 0);
    m_down->setEnabled(isMovable && row + 1 < items.size());
    m_remove->setEnabled(isMovable);
    m_again->setEnabled(isMovable && items[row].state == QueueState::Failed);
}

} // namespace llamahome::widgets
