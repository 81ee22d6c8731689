#include "items/metric_table.h"

#include <algorithm>
#include <set>

#include "core/quantity.h"
#include "managers/quantity_words.h"
#include "managers/text.h"

namespace llamahome::items {

using managers::Metric;

namespace {

constexpr int kEpochDigits = 3;
constexpr int kSpeedDigits = 3;

Metric metricOf(int column) {
    switch (column) {
    case MetricTable::EvalLoss:
        return Metric::EvalLoss;
    case MetricTable::LearningRate:
        return Metric::LearningRate;
    case MetricTable::GradientNorm:
        return Metric::GradientNorm;
    case MetricTable::TokensPerSecond:
        return Metric::TokensPerSecond;
    case MetricTable::Memory:
        return Metric::MemoryMib;
    default:
        return Metric::TrainLoss;
    }
}

QString cellText(int column, double value) {
    switch (column) {
    case MetricTable::Step:
        return QString::number(static_cast<qint64>(value));
    case MetricTable::Epoch:
        return managers::toQt(formatNumber(value, kEpochDigits));
    case MetricTable::TokensPerSecond:
        return managers::toQt(formatNumber(value, kSpeedDigits));
    case MetricTable::Memory:
        return managers::mebibytesText(value);
    default:
        return managers::toQt(formatNumber(value));
    }
}

} // namespace

MetricTable::MetricTable(managers::MetricStore& store, QObject* parent)
    : QAbstractTableModel(parent)
    , m_store(store) {
    connect(&m_store, &managers::MetricStore::replaced, this, &MetricTable::takeReplacement);
    connect(&m_store, &managers::MetricStore::changed, this, &MetricTable::takeChange);
    m_rows = static_cast<int>(m_store.columns().rows());
}

int MetricTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_rows;
}

int MetricTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : kColumns;
}

QVariant MetricTable::value(std::size_t row, int column) const {
    const managers::MetricColumns& columns = m_store.columns();
    if (row >= columns.rows()) return {};
    if (column == Step) return static_cast<double>(columns.stepAt(row));
    if (column == Epoch) return columns.epochAt(row);
    const auto known = columns.valueAt(metricOf(column), row);
    return known ? QVariant(*known) : QVariant();
}

QVariant MetricTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    if (role == Qt::TextAlignmentRole) return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != kValueRole) return {};
    const QVariant number = value(static_cast<std::size_t>(index.row()), index.column());
    if (role == kValueRole || !number.isValid()) return number;
    return cellText(index.column(), number.toDouble());
}

QVariant MetricTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation == Qt::Vertical) return {};
    if (role == Qt::TextAlignmentRole) return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case Step:
        return tr("Step");
    case Epoch:
        return tr("Epoch");
    case TrainLoss:
        return tr("Train loss");
    case EvalLoss:
        return tr("Eval loss");
    case LearningRate:
        return tr("Learning rate");
    case GradientNorm:
        return tr("Gradient norm");
    case TokensPerSecond:
        return tr("Tokens/s");
    case Memory:
        return tr("Most memory");
    default:
        return {};
    }
}

QString MetricTable::text(const QModelIndexList& rows) const {
    std::set<int> chosen;
    for (const QModelIndex& index : rows)
        chosen.insert(index.row());
    for (int row = 0; rows.isEmpty() && row < rowCount(); ++row)
        chosen.insert(row);
    const auto line = [](const auto& cell) {
        QStringList cells;
        for (int column = 0; column < kColumns; ++column)
            cells << cell(column);
        return cells.join(QLatin1Char('\t'));
    };
    QStringList lines{line([this](int column) { return headerData(column, Qt::Horizontal).toString(); })};
    for (const int row : chosen)
        lines << line([this, row](int column) { return data(index(row, column)).toString(); });
    return lines.join(QLatin1Char('\n'));
}

void MetricTable::takeReplacement() {
    beginResetModel();
    m_rows = static_cast<int>(m_store.columns().rows());
    endResetModel();
}

void MetricTable::takeChange() {
    const int rows = static_cast<int>(m_store.columns().rows());
    // An evaluation may have come to the row that was the last.
    if (m_rows > 0) Q_EMIT dataChanged(index(m_rows - 1, 0), index(m_rows - 1, kColumns - 1));
    if (rows <= m_rows) return;
    beginInsertRows({}, m_rows, rows - 1);
    m_rows = rows;
    endInsertRows();
}

} // namespace llamahome::items
