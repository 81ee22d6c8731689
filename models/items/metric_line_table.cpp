#include "items/metric_line_table.h"

#include <algorithm>
#include <utility>

namespace llamahome::items {

using managers::MetricColumns;
using managers::MetricStore;

MetricLineTable::MetricLineTable(QObject* parent)
    : QAbstractTableModel(parent) {}

void MetricLineTable::setLines(std::vector<Line> lines, std::function<QString(double)> text) {
    for (const Line& line : m_lines)
        if (line.store) disconnect(line.store.data(), nullptr, this, nullptr);
    m_lines = std::move(lines);
    m_text = std::move(text);
    for (const Line& line : m_lines)
        if (line.store)
            connect(line.store.data(), &MetricStore::changed, this, &MetricLineTable::readSteps,
                    Qt::UniqueConnection);
    readSteps();
}

void MetricLineTable::readSteps() {
    beginResetModel();
    m_steps.clear();
    for (const Line& line : m_lines) {
        if (!line.store) continue;
        const MetricColumns& columns = line.store->columns();
        for (std::size_t row = 0; row < columns.rows(); ++row)
            if (columns.valueAt(line.metric, row)) m_steps.push_back(columns.stepAt(row));
    }
    std::sort(m_steps.begin(), m_steps.end());
    m_steps.erase(std::unique(m_steps.begin(), m_steps.end()), m_steps.end());
    endResetModel();
}

int MetricLineTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_steps.size());
}

int MetricLineTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() || m_lines.empty() ? 0 : static_cast<int>(m_lines.size()) + 1;
}

QVariant MetricLineTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    if (role == Qt::TextAlignmentRole) return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    const std::int64_t step = m_steps[static_cast<std::size_t>(index.row())];
    if (index.column() == 0) return QString::number(step);
    const Line& line = m_lines[static_cast<std::size_t>(index.column()) - 1];
    if (!line.store) return {};
    const MetricColumns& columns = line.store->columns();
    const auto row = columns.rowNear(static_cast<double>(step));
    if (!row || columns.stepAt(*row) != step) return {};
    const auto value = columns.valueAt(line.metric, *row);
    return value ? QVariant(m_text(*value)) : QVariant();
}

QVariant MetricLineTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation == Qt::Vertical) return {};
    if (role == Qt::TextAlignmentRole) return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole || section > static_cast<int>(m_lines.size())) return {};
    return section == 0 ? tr("Step") : m_lines[static_cast<std::size_t>(section) - 1].name;
}

} // namespace llamahome::items
