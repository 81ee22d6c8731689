#include "widgets/answer_card.h"

#include <QCoreApplication>
#include <QLabel>
#include <QVBoxLayout>

#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(AnswerCard)
};

} // namespace

QLabel* makeSelectableText(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

QLabel* makeQuestion(const QString& text, QWidget* parent) {
    QLabel* question = makeSelectableText(text, parent);
    QFont font = question->font();
    font.setWeight(QFont::DemiBold);
    question->setFont(font);
    return question;
}

QFrame* makeAnswerCard(const QString& caption, const QString& answer, QWidget* parent) {
    auto* frame = new QFrame(parent);
    frame->setFrameShape(QFrame::StyledPanel);
    auto* column = new QVBoxLayout(frame);
    column->setSpacing(look::kGrid / 2);
    column->addWidget(look::makeNote(caption, frame));
    const QString words = answer.isEmpty() ? Words::tr("(nothing)") : answer.trimmed();
    column->addWidget(makeSelectableText(words, frame), 1);
    return frame;
}

} // namespace llamahome::widgets
