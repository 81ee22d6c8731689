// LogTable and LogFilter: the log as rows, and those of them that are looked for. GUI thread.
#pragma once

#include <deque>

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

#include "managers/log_store.h"

namespace llamahome::items {

/// One row a line, oldest first.
class LogTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Time, Level, Module, Text, ColumnCount };
    enum Role {
        LevelRole = Qt::UserRole, ///< int of LogLevel
        LineRole,                 ///< QString: the whole line as the log file has it
    };

    /// `store` outlives it.
    explicit LogTable(const managers::LogStore& store, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void follow(int dropped, int added);

    const managers::LogStore& m_store;
    std::deque<managers::LogLine> m_lines; ///< what the views know of the store
};

/// Rows from a level on that have a text in them, in any case of letters.
class LogFilter final : public QSortFilterProxyModel {
    Q_OBJECT

public:
    explicit LogFilter(QObject* parent = nullptr);

    void setLeastLevel(LogLevel level);
    void setText(const QString& text);
    /// The lines of `rows`, or all that are shown where it is empty, one a line of text.
    QString linesText(const QModelIndexList& rows) const;

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    LogLevel m_leastLevel = LogLevel::Info;
    QString m_text;
};

} // namespace llamahome::items
