#include "items/run_table.h"

#include <algorithm>
#include <limits>

#include <QCoreApplication>
#include <QStringList>

#include "core/quantity.h"
#include "items/when_words.h"
#include "managers/text.h"
#include "managers/window_words.h"

namespace llamahome::items {
namespace {

using managers::toQt;

QString modelName(const jobs::RunRecord& record) {
    return record.family.empty() ? QString() : toQt(record.family + "/" + record.version);
}

QString dataNames(const jobs::RunRecord& record) {
    QStringList names;
    for (const jobs::RunDataFile& file : record.dataFiles)
        names << managers::pathToQt(file.path.filename());
    return names.join(QStringLiteral(", "));
}

QString dataPaths(const jobs::RunRecord& record) {
    QStringList paths;
    for (const jobs::RunDataFile& file : record.dataFiles)
        paths << managers::pathToQt(file.path);
    return paths.join(u'\n');
}

/// From the beginning to the last word of the run; -1 where it is not known.
double durationSeconds(const jobs::RunRecord& record) {
    const QDateTime begin = timeOf(record.startedAt);
    const QDateTime end = timeOf(record.updatedAt);
    if (!begin.isValid() || !end.isValid()) return -1.0;
    return static_cast<double>(begin.msecsTo(end)) / 1000.0;
}

QString stateToolTip(const jobs::RunRecord& record) {
    QString text = runStateWord(record.state);
    if (record.totalSteps > 0)
        text += RunTable::tr(", step %1 of %2").arg(record.step).arg(record.totalSteps);
    if (!record.cause.empty()) text += u'\n' + managers::windowText(record.cause);
    return text;
}

} // namespace

QString runStateWord(jobs::RunState state) {
    switch (state) {
    case jobs::RunState::Running:
        return RunTable::tr("running");
    case jobs::RunState::Finished:
        return RunTable::tr("finished");
    case jobs::RunState::Stopped:
        return RunTable::tr("stopped");
    case jobs::RunState::Failed:
        return RunTable::tr("failed");
    case jobs::RunState::Interrupted:
        break;
    }
    return RunTable::tr("interrupted");
}

RunTable::RunTable(const managers::RunManager& manager, QObject* parent)
    : QAbstractTableModel(parent)
    , m_manager(manager)
    , m_rows(manager.runs()) {
    connect(&m_manager, &managers::RunManager::runsChanged, this, &RunTable::reload);
}

void RunTable::reload() {
    const auto& wanted = m_manager.runs();
    const auto has = [](const auto& rows, const std::string& name) {
        return std::any_of(rows.begin(), rows.end(), [&](const auto& run) { return run.name == name; });
    };
    for (auto row = static_cast<int>(m_rows.size()) - 1; row >= 0; --row) {
        if (has(wanted, m_rows[static_cast<std::size_t>(row)].name)) continue;
        beginRemoveRows({}, row, row);
        m_rows.erase(m_rows.begin() + row);
        endRemoveRows();
    }
    for (int row = 0; row < static_cast<int>(wanted.size()); ++row) { // both are in order of name
        const auto& run = wanted[static_cast<std::size_t>(row)];
        if (has(m_rows, run.name)) continue;
        beginInsertRows({}, row, row);
        m_rows.insert(m_rows.begin() + row, run);
        endInsertRows();
    }
    m_rows = wanted;
    if (!m_rows.empty())
        Q_EMIT dataChanged(index(0, 0), index(static_cast<int>(m_rows.size()) - 1, ColumnCount - 1));
}

QModelIndex RunTable::indexOf(const QString& name) const {
    const auto found =
        std::find_if(m_rows.begin(), m_rows.end(),
                     [wanted = managers::fromQt(name)](const auto& run) { return run.name == wanted; });
    return found == m_rows.end() ? QModelIndex() : index(static_cast<int>(found - m_rows.begin()), 0);
}

int RunTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int RunTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RunTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole && (section == BestLoss || section >= Duration))
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == BestLoss)
        return tr("The lowest loss on the rows that were kept back from training: lower is better");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case Name:
        return tr("Run");
    case Model:
        return tr("Model");
    case Data:
        return tr("Data");
    case State:
        return tr("State");
    case BestLoss:
        return tr("Best loss");
    case When:
        return tr("Begun");
    case Duration:
        return tr("Duration");
    case Size:
        return tr("Size");
    default:
        return {};
    }
}

QVariant RunTable::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const jobs::RunInfo& run = runAt(index.row());
    const jobs::RunRecord& record = run.record;
    if (role == NameRole) return toQt(run.name);
    if (role == StateRole) return static_cast<int>(record.state);
    const int column = index.column();
    if (role == Qt::TextAlignmentRole && (column == BestLoss || column >= Duration))
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole) {
        if (column == State) return stateToolTip(record);
        if (column == Data) return dataPaths(record);
        if (column == When) return exactWhenWords(timeOf(record.startedAt));
        return data(index, Qt::DisplayRole);
    }
    const bool isSort = role == SortRole;
    if (role != Qt::DisplayRole && !isSort) return {};
    const double seconds = durationSeconds(record);
    switch (column) {
    case Name:
        return toQt(run.name);
    case Model:
        return modelName(record);
    case Data:
        return dataNames(record);
    case State:
        return isSort ? QVariant(static_cast<int>(record.state)) : runStateWord(record.state);
    case BestLoss:
        if (isSort) return record.best ? record.best->evalLoss : std::numeric_limits<double>::infinity();
        return record.best ? toQt(formatNumber(record.best->evalLoss)) : QString();
    case When:
        return isSort ? QVariant(timeOf(record.startedAt)) : whenWords(timeOf(record.startedAt));
    case Duration:
        if (isSort) return seconds;
        return seconds < 0.0 ? QString() : toQt(formatDuration(seconds));
    case Size:
        return isSort ? QVariant(static_cast<qulonglong>(run.sizeBytes)) : toQt(formatBytes(run.sizeBytes));
    default:
        return {};
    }
}

} // namespace llamahome::items
