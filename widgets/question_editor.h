// QuestionEditor: a table in which the user writes data to train on. GUI thread.
#pragma once

#include <vector>

#include <QDialog>
#include <QList>

#include "items/question_table.h"
#include "managers/question_desk.h"
#include "managers/training_setup.h"

class QAction;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableView;

namespace llamahome::widgets {

class MessageBar;

/// Shown with open(). Cells are copied from and to spreadsheets, rows added from files; nothing is lost
/// without a question.
class QuestionEditor final : public QDialog {
    Q_OBJECT

public:
    /// Opens the table that was written before under the usual name, if there is one. `setup` outlives it.
    explicit QuestionEditor(managers::TrainingSetup& setup, QWidget* parent = nullptr);

    /// Asks once where something is not saved.
    void reject() override;

Q_SIGNALS:
    /// The table is in that file, which shall be trained on.
    void chosen(const QString& path);

private:
    void build();
    QWidget* makeTools();
    void connectAll();
    void takeRows(const QString& from, const std::vector<jobs::QuestionAnswer>& rows);
    void paste();
    void copy() const;
    void removeRows();
    void addFromFile();
    void save();
    void showCount();
    QString path() const;
    QList<int> selectedRows() const;

    managers::TrainingSetup& m_setup;
    managers::QuestionDesk* m_desk;
    items::QuestionTable* m_table;
    QString m_opened;  ///< path of the file that may be replaced: its rows are here
    QString m_reading; ///< of the one whose rows are to come
    MessageBar* m_messages;
    QTableView* m_view;
    QLineEdit* m_name;
    QLabel* m_count;
    QAction* m_undo;
    QAction* m_redo;
    QPushButton* m_save;
};

} // namespace llamahome::widgets
