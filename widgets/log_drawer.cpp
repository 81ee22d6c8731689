#include "widgets/log_drawer.h"

#include <algorithm>

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QShortcut>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "items/log_table.h"
#include "widgets/copy_text.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/window_memory.h"

namespace llamahome::widgets {
namespace {

const QString kLevelKey = QStringLiteral("log/level");

/// In the order of the choice; the first is the default.
constexpr LogLevel kLevels[] = {LogLevel::Info, LogLevel::Warning, LogLevel::Error, LogLevel::Debug,
                                LogLevel::Trace};

} // namespace

LogDrawer::LogDrawer(const managers::LogStore& log, WindowMemory& memory, QWidget* parent)
    : QWidget(parent)
    , m_memory(memory)
    , m_filter(new items::LogFilter(this))
    , m_level(new QComboBox(this))
    , m_search(new QLineEdit(this))
    , m_view(new QTableView(this)) {
    setObjectName(QStringLiteral("logDrawer"));
    m_filter->setSourceModel(new items::LogTable(log, this));
    m_view->setModel(m_filter);
    m_view->setObjectName(QStringLiteral("logView"));
    m_view->setAccessibleName(tr("Lines of the log"));
    m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_view->setTabKeyNavigation(false);
    m_view->setShowGrid(false);
    m_view->setWordWrap(false);
    m_view->setFont(look::smallFont());
    m_view->verticalHeader()->hide();
    const int lineHeight = QFontMetrics(look::smallFont()).height() + look::kGrid / 2;
    m_view->verticalHeader()->setDefaultSectionSize(lineHeight);
    m_view->verticalHeader()->setMinimumSectionSize(lineHeight);
    m_view->horizontalHeader()->setStretchLastSection(true);
    m_view->horizontalHeader()->setHighlightSections(false);
    m_view->horizontalHeader()->setDefaultAlignment(Qt::AlignLeading | Qt::AlignVCenter);
    m_memory.keep(*m_view->horizontalHeader(), QStringLiteral("log/columns"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(look::kGrid, look::kGrid / 2, look::kGrid, look::kGrid / 2);
    layout->setSpacing(look::kGrid / 2);
    layout->addWidget(makeBar());
    layout->addWidget(m_view, 1);
    connect(m_filter, &QAbstractItemModel::rowsInserted, m_view, [this] {
        const QScrollBar* bar = m_view->verticalScrollBar();
        if (bar->value() == bar->maximum())
            QMetaObject::invokeMethod(m_view, &QTableView::scrollToBottom, Qt::QueuedConnection);
    });
    auto* copyKey = new QShortcut(QKeySequence(QKeySequence::Copy), m_view);
    copyKey->setContext(Qt::WidgetShortcut);
    connect(copyKey, &QShortcut::activated, this, &LogDrawer::copy);
    auto* escape = new QShortcut(QKeySequence(Qt::Key_Escape), this);
    escape->setContext(Qt::WidgetWithChildrenShortcut);
    connect(escape, &QShortcut::activated, this, &LogDrawer::closeWanted);
}

void LogDrawer::focusSearch() {
    m_search->setFocus();
}

QWidget* LogDrawer::makeBar() {
    auto* bar = new QWidget(this);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    auto* title = new QLabel(tr("Log"), bar);
    QFont bold = title->font();
    bold.setWeight(QFont::DemiBold);
    title->setFont(bold);
    row->addWidget(title);
    m_level->setObjectName(QStringLiteral("logLevel"));
    m_level->setAccessibleName(tr("Least level of the lines"));
    m_level->setToolTip(tr("Lines below this level are not shown"));
    for (const LogLevel level : kLevels)
        m_level->addItem(tr("from %1").arg(managers::logLevelName(level)), static_cast<int>(level));
    row->addWidget(m_level);
    m_search->setObjectName(QStringLiteral("logSearch"));
    m_search->setAccessibleName(tr("Search in the log"));
    m_search->setPlaceholderText(tr("Search"));
    m_search->setClearButtonEnabled(true);
    row->addWidget(m_search, 1);
    m_copy = new QPushButton(icon(Icon::Copy), tr("Cop&y"), bar);
    m_copy->setObjectName(QStringLiteral("logCopy"));
    m_copy->setToolTip(tr("Copy the chosen lines, or all that are shown"));
    row->addWidget(m_copy);
    auto* close = new QToolButton(bar);
    close->setObjectName(QStringLiteral("logClose"));
    close->setIcon(icon(Icon::Close));
    close->setAutoRaise(true);
    close->setAccessibleName(tr("Close the log"));
    close->setToolTip(tr("Close the log (F12)"));
    row->addWidget(close);
    connect(m_level, &QComboBox::currentIndexChanged, this, &LogDrawer::showLevel);
    m_level->setCurrentIndex(
        std::max(0, m_level->findData(m_memory.value(kLevelKey, static_cast<int>(LogLevel::Info)))));
    connect(m_search, &QLineEdit::textChanged, m_filter, &items::LogFilter::setText);
    connect(m_copy, &QPushButton::clicked, this, &LogDrawer::copy);
    connect(close, &QToolButton::clicked, this, &LogDrawer::closeWanted);
    return bar;
}

void LogDrawer::copy() {
    copyFrom(*m_copy, m_filter->linesText(m_view->selectionModel()->selectedRows()));
}

void LogDrawer::showLevel(int row) {
    const int level = m_level->itemData(row).toInt();
    m_memory.setValue(kLevelKey, level);
    m_filter->setLeastLevel(static_cast<LogLevel>(level));
}

} // namespace llamahome::widgets
