// QuestionTable: questions and answers as an editable table with undo. GUI thread.
#pragma once

#include <QAbstractTableModel>
#include <QList>
#include <QString>
#include <QStringList>

namespace llamahome::items {

/// Behind the rows stands an empty one, in which the next is begun. Every change can be undone.
class QuestionTable final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Question, Answer, ColumnCount };
    struct Row {
        QString question;
        QString answer;
        bool isWhole() const { return !question.trimmed().isEmpty() && !answer.trimmed().isEmpty(); }
        bool isEmpty() const { return question.trimmed().isEmpty() && answer.trimmed().isEmpty(); }
        friend bool operator==(const Row&, const Row&) = default;
    };

    explicit QuestionTable(QObject* parent = nullptr);

    /// Other rows from elsewhere; nothing is left to undo, and isChanged() is false.
    void load(const QList<Row>& rows);
    const QList<Row>& rows() const { return m_rows; }
    /// Those with a question and an answer.
    QList<Row> wholeRows() const;
    /// Those that have one of the two only.
    int unfinishedRows() const;

    /// Puts cells over what is there, from a cell on; rows are added where they are needed. As one change.
    void paste(const QModelIndex& at, const QList<QStringList>& cells);
    /// Behind the others, as one change.
    void append(const QList<Row>& rows);
    /// The rows of these numbers, as one change; the empty last one stays.
    void remove(QList<int> rows);

    bool canUndo() const { return !m_undo.isEmpty(); }
    bool canRedo() const { return !m_redo.isEmpty(); }
    void undo();
    void redo();
    /// Whether the rows are others than those that were loaded or markSaved().
    bool isChanged() const { return m_rows != m_saved; }
    void markSaved();

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

Q_SIGNALS:
    /// Rows, what can be undone, or isChanged().
    void changed();

private:
    static constexpr qsizetype kMostUndone = 200;

    /// Makes `rows` what is shown; what was is to be undone.
    void change(const QList<Row>& rows);
    void replace(const QList<Row>& rows);

    QList<Row> m_rows;
    QList<Row> m_saved;
    QList<QList<Row>> m_undo; ///< the rows as they were; they share what is the same
    QList<QList<Row>> m_redo;
};

/// The cells of text from a spreadsheet: columns apart by tabs, rows by line ends, quoted where a cell holds
/// either.
QList<QStringList> spreadsheetCells(const QString& text);

} // namespace llamahome::items
