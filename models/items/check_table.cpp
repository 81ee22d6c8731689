#include "items/check_table.h"

#include <algorithm>
#include <utility>

#include "managers/model_words.h"
#include "managers/text.h"

namespace llamahome::items {

using managers::toQt;

CheckTable::CheckTable(QObject* parent)
    : QAbstractTableModel(parent) {}

void CheckTable::setChecks(std::vector<jobs::CheckResult> checks) {
    beginResetModel();
    m_checks = std::move(checks);
    endResetModel();
}

const std::optional<jobs::Repair>& CheckTable::repair(int row) const {
    return m_checks.at(static_cast<std::size_t>(row)).repair;
}

int CheckTable::worstRow() const {
    for (const jobs::CheckStatus status : {jobs::CheckStatus::Failed, jobs::CheckStatus::Warned}) {
        const auto found =
            std::find_if(m_checks.begin(), m_checks.end(),
                         [status](const jobs::CheckResult& check) { return check.status == status; });
        if (found != m_checks.end()) return static_cast<int>(found - m_checks.begin());
    }
    return m_checks.empty() ? -1 : 0;
}

QString CheckTable::finding(int row) const {
    if (row < 0 || row >= rowCount()) return {};
    const jobs::CheckResult& check = m_checks.at(static_cast<std::size_t>(row));
    return check.code.empty() ? tr("%1: %2").arg(toQt(check.name), toQt(check.reason))
                              : tr("%1: %2 (%3)").arg(toQt(check.name), toQt(check.reason), toQt(check.code));
}

int CheckTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_checks.size());
}

int CheckTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant CheckTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const jobs::CheckResult& check = m_checks.at(static_cast<std::size_t>(index.row()));
    if (role == StatusRole) return static_cast<int>(check.status);
    if (role == CodeRole) return toQt(check.code);
    if (role == Qt::ToolTipRole) return finding(index.row());
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
    case Check:
        return toQt(check.name);
    case Outcome:
        return managers::checkWord(check.status);
    case Found:
        return toQt(check.reason);
    default:
        return {};
    }
}

QVariant CheckTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case Check:
        return tr("Check");
    case Outcome:
        return tr("Result");
    case Found:
        return tr("Found");
    case Remedy:
        return tr("Repair");
    default:
        return {};
    }
}

} // namespace llamahome::items
