#include "items/log_table.h"

#include <algorithm>
#include <iterator>

#include <QDateTime>
#include <QLocale>

namespace llamahome::items {
using managers::LogLine;

namespace {

QString timeOfDay(const LogLine& line) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(line.time.time_since_epoch());
    return QDateTime::fromMSecsSinceEpoch(since.count()).toString(QStringLiteral("HH:mm:ss"));
}

} // namespace

LogTable::LogTable(const managers::LogStore& store, QObject* parent)
    : QAbstractTableModel(parent)
    , m_store(store)
    , m_lines(store.lines()) {
    connect(&store, &managers::LogStore::linesChanged, this, &LogTable::follow);
}

int LogTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

int LogTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LogTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const LogLine& line = m_lines[static_cast<std::size_t>(index.row())];
    if (role == LevelRole) return static_cast<int>(line.level);
    if (role == LineRole) return managers::logLineText(line);
    if (role == Qt::ToolTipRole && index.column() == Text) return line.text;
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
    case Time:
        return timeOfDay(line);
    case Level:
        return managers::logLevelName(line.level);
    case Module:
        return line.module;
    default:
        return line.text;
    }
}

QVariant LogTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Level:
        return tr("Level");
    case Module:
        return tr("Part");
    case Text:
        return tr("What happened");
    default:
        return {};
    }
}

void LogTable::follow(int dropped, int added) {
    if (dropped > 0) {
        beginRemoveRows({}, 0, dropped - 1);
        m_lines.erase(m_lines.begin(), m_lines.begin() + dropped);
        endRemoveRows();
    }
    if (added == 0) return;
    const int first = rowCount();
    beginInsertRows({}, first, first + added - 1);
    const auto& all = m_store.lines();
    std::copy(all.end() - added, all.end(), std::back_inserter(m_lines));
    endInsertRows();
}

LogFilter::LogFilter(QObject* parent)
    : QSortFilterProxyModel(parent) {}

void LogFilter::setLeastLevel(LogLevel level) {
    m_leastLevel = level;
    invalidateFilter();
}

void LogFilter::setText(const QString& text) {
    m_text = text;
    invalidateFilter();
}

QString LogFilter::linesText(const QModelIndexList& rows) const {
    QString text;
    const auto append = [&](int row) { text += index(row, 0).data(LogTable::LineRole).toString() + u'\n'; };
    if (rows.isEmpty()) {
        for (int row = 0; row < rowCount(); ++row)
            append(row);
        return text;
    }
    QList<int> chosen;
    for (const QModelIndex& at : rows)
        if (!chosen.contains(at.row())) chosen.append(at.row());
    std::sort(chosen.begin(), chosen.end());
    for (const int row : chosen)
        append(row);
    return text;
}

bool LogFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    const QModelIndex at = sourceModel()->index(row, 0, parent);
    if (at.data(LogTable::LevelRole).toInt() < static_cast<int>(m_leastLevel)) return false;
    return m_text.isEmpty() || at.data(LogTable::LineRole).toString().contains(m_text, Qt::CaseInsensitive);
}

} // namespace llamahome::items
