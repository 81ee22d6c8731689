// ExampleDialog: asks how an answer should have been before it becomes a training example. GUI thread.
#pragma once

#include <cstddef>

#include <QDialog>

#include "managers/example_keeper.h"

class QPlainTextEdit;
class QPushButton;

namespace llamahome::widgets {

/// Shown with open().
class ExampleDialog final : public QDialog {
    Q_OBJECT

public:
    /// About message `index` of the conversation, an answer. `keeper` outlives it.
    ExampleDialog(managers::ExampleKeeper& keeper, jobs::Conversation conversation, std::size_t index,
                  QWidget* parent);

private:
    void build();
    /// What the answer answers; empty where nothing stands before it.
    QString question() const;

    managers::ExampleKeeper& m_keeper;
    jobs::Conversation m_conversation;
    std::size_t m_index;
    QPlainTextEdit* m_answer;
    QPushButton* m_add;
};

} // namespace llamahome::widgets
