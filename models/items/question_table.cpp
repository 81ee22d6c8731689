#include "items/question_table.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace llamahome::items {

QuestionTable::QuestionTable(QObject* parent)
    : QAbstractTableModel(parent) {}

void QuestionTable::load(const QList<Row>& rows) {
    m_undo.clear();
    m_redo.clear();
    m_saved = rows;
    replace(rows);
}

QList<QuestionTable::Row> QuestionTable::wholeRows() const {
    QList<Row> whole;
    std::copy_if(m_rows.begin(), m_rows.end(), std::back_inserter(whole),
                 [](const Row& row) { return row.isWhole(); });
    return whole;
}

int QuestionTable::unfinishedRows() const {
    return static_cast<int>(std::count_if(m_rows.begin(), m_rows.end(),
                                          [](const Row& row) { return !row.isWhole() && !row.isEmpty(); }));
}

void QuestionTable::paste(const QModelIndex& at, const QList<QStringList>& cells) {
    QList<Row> rows = m_rows;
    for (qsizetype i = 0; i < cells.size(); ++i) {
        const qsizetype row = at.row() + i;
        while (rows.size() <= row)
            rows.append(Row());
        for (qsizetype j = 0; j < cells[i].size(); ++j) {
            if (at.column() + j == Question) rows[row].question = cells[i][j];
            if (at.column() + j == Answer) rows[row].answer = cells[i][j];
        }
    }
    change(rows);
}

void QuestionTable::append(const QList<Row>& rows) {
    change(m_rows + rows);
}

void QuestionTable::remove(QList<int> numbers) {
    std::sort(numbers.begin(), numbers.end(), std::greater<>());
    QList<Row> rows = m_rows;
    for (const int number : numbers)
        if (number >= 0 && number < rows.size()) rows.removeAt(number);
    change(rows);
}

void QuestionTable::undo() {
    if (!canUndo()) return;
    m_redo.append(m_rows);
    replace(m_undo.takeLast());
}

void QuestionTable::redo() {
    if (!canRedo()) return;
    m_undo.append(m_rows);
    replace(m_redo.takeLast());
}

void QuestionTable::markSaved() {
    m_saved = m_rows;
    Q_EMIT changed();
}

void QuestionTable::change(const QList<Row>& rows) {
    if (rows == m_rows) return;
    m_undo.append(m_rows);
    if (m_undo.size() > kMostUndone) m_undo.removeFirst();
    m_redo.clear();
    replace(rows);
}

/// Rows that are the same at both ends stay where they are, with selection and focus.
void QuestionTable::replace(const QList<Row>& rows) {
    const auto ends = std::mismatch(m_rows.begin(), m_rows.end(), rows.begin(), rows.end());
    const auto first = static_cast<int>(ends.first - m_rows.begin());
    const auto lastEnds = std::mismatch(m_rows.rbegin(), std::make_reverse_iterator(ends.first),
                                        rows.rbegin(), std::make_reverse_iterator(ends.second));
    const auto before = static_cast<int>(lastEnds.first.base() - ends.first); // rows that become others
    const auto after = static_cast<int>(lastEnds.second.base() - ends.second);
    if (after < before) {
        beginRemoveRows({}, first, first + before - after - 1);
        m_rows.remove(first, before - after);
        endRemoveRows();
    } else if (after > before) {
        beginInsertRows({}, first, first + after - before - 1);
        m_rows.insert(first, after - before, Row());
        endInsertRows();
    }
    m_rows = rows;
    if (after > 0) Q_EMIT dataChanged(index(first, 0), index(first + after - 1, ColumnCount - 1));
    Q_EMIT changed();
}

int QuestionTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size()) + 1;
}

int QuestionTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant QuestionTable::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || (role != Qt::DisplayRole && role != Qt::EditRole)) return {};
    if (index.row() >= m_rows.size()) return QString();
    const Row& row = m_rows[index.row()];
    return index.column() == Question ? row.question : row.answer;
}

bool QuestionTable::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (!index.isValid() || role != Qt::EditRole) return false;
    const QString text = value.toString();
    if (index.row() >= m_rows.size() && text.isEmpty()) return false;
    paste(index, {{text}});
    return true;
}

QVariant QuestionTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (role != Qt::DisplayRole) return {};
    if (orientation == Qt::Vertical) return section + 1;
    return section == Question ? tr("Question") : tr("Answer that the model shall learn");
}

Qt::ItemFlags QuestionTable::flags(const QModelIndex& index) const {
    const Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    return index.isValid() ? flags | Qt::ItemIsEditable : flags;
}

QList<QStringList> spreadsheetCells(const QString& text) {
    QList<QStringList> rows;
    QStringList row;
    QString cell;
    bool isQuoted = false;
    const auto endCell = [&] {
        row << cell;
        cell.clear();
    };
    const auto endRow = [&] {
        endCell();
        rows << row;
        row.clear();
    };
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text[i];
        if (isQuoted) {
            const bool isDoubled = c == u'"' && i + 1 < text.size() && text[i + 1] == u'"';
            if (isDoubled) ++i;
            if (c == u'"' && !isDoubled)
                isQuoted = false;
            else
                cell += c;
        } else if (c == u'"' && cell.isEmpty()) {
            isQuoted = true;
        } else if (c == u'\t') {
            endCell();
        } else if (c == u'\n') {
            endRow();
        } else if (c != u'\r') {
            cell += c;
        }
    }
    if (!cell.isEmpty() || !row.isEmpty()) endRow();
    return rows;
}

} // namespace llamahome::items
