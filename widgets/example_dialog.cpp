#include "widgets/example_dialog.h"

#include <utility>

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/look.h"

namespace llamahome::widgets {

using managers::toQt;

namespace {

constexpr int kWidth = 72 * look::kGrid;
constexpr int kHeight = 56 * look::kGrid;

} // namespace

ExampleDialog::ExampleDialog(managers::ExampleKeeper& keeper, jobs::Conversation conversation,
                             std::size_t index, QWidget* parent)
    : QDialog(parent)
    , m_keeper(keeper)
    , m_conversation(std::move(conversation))
    , m_index(index)
    , m_answer(new QPlainTextEdit(this))
    , m_add(makeDialogButton(tr("&Add example"), QStringLiteral("addExampleButton"), this)) {
    setObjectName(QStringLiteral("exampleDialog"));
    setWindowTitle(tr("Use as training example"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kWidth, kHeight);
    build();
}

void ExampleDialog::build() {
    auto* asked = new QPlainTextEdit(question(), this);
    asked->setObjectName(QStringLiteral("exampleQuestion"));
    asked->setReadOnly(true);
    asked->setTabChangesFocus(true);
    auto* askedLabel = new QLabel(tr("&Message"), this);
    askedLabel->setBuddy(asked);
    m_answer->setObjectName(QStringLiteral("exampleAnswer"));
    m_answer->setPlainText(toQt(m_conversation.messages[m_index].content));
    m_answer->setTabChangesFocus(true);
    auto* answerLabel = new QLabel(tr("A&nswer that the model shall learn"), this);
    answerLabel->setBuddy(m_answer);
    const std::size_t before = m_index > 1 ? m_index - 1 : 0;
    auto* note = look::makeNote(
        (before > 0 ? tr("What was said before goes into the example too. ") : QString()) +
            tr("Correct the answer as you would have liked it. Fifty examples are enough to see a change."),
        this);
    note->setWordWrap(true);
    auto* cancel = makeDialogButton(tr("Cancel"), QStringLiteral("cancelButton"), this);
    m_add->setDefault(true);
    look::makePrimary(*m_add);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(look::kGrid);
    buttons->addStretch();
    buttons->addWidget(cancel);
    buttons->addWidget(m_add);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    column->setSpacing(look::kGrid);
    column->addWidget(askedLabel);
    column->addWidget(asked, 1);
    column->addWidget(answerLabel);
    column->addWidget(m_answer, 2);
    column->addWidget(note);
    column->addLayout(buttons);
    connect(m_answer, &QPlainTextEdit::textChanged, this,
            [this] { m_add->setEnabled(!m_answer->toPlainText().trimmed().isEmpty()); });
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_add, &QPushButton::clicked, this, [this] {
        m_keeper.add(m_conversation, m_index, m_answer->toPlainText());
        accept();
    });
    m_add->setEnabled(!m_answer->toPlainText().trimmed().isEmpty());
    m_answer->setFocus();
}

QString ExampleDialog::question() const {
    return m_index > 0 ? toQt(m_conversation.messages[m_index - 1].content) : QString();
}

} // namespace llamahome::widgets
