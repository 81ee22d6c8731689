// CheckTable: the checks of a verification as rows. GUI thread.
#pragma once

#include <optional>
#include <vector>

#include <QAbstractTableModel>

#include "managers/model_manager.h"

namespace llamahome::items {

class CheckTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Check, Outcome, Found, Remedy, ColumnCount };
    enum Role {
        StatusRole = Qt::UserRole, ///< int: jobs::CheckStatus
        CodeRole,                  ///< QString: the error's code; empty where it passed
    };

    explicit CheckTable(QObject* parent = nullptr);
    void setChecks(std::vector<jobs::CheckResult> checks);
    /// What puts the row right; nothing where it needs that not.
    const std::optional<jobs::Repair>& repair(int row) const;
    /// The first row that failed, else that warned, else the first; -1 without any.
    int worstRow() const;
    /// A row in one sentence, with its code; empty where there is no such row.
    QString finding(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<jobs::CheckResult> m_checks;
};

} // namespace llamahome::items
