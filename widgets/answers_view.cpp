#include "widgets/answers_view.h"

#include <algorithm>
#include <tuple>

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "managers/text.h"
#include "widgets/look.h"

namespace llamahome::widgets {

using managers::toQt;

namespace {

bool areSame(const jobs::SampleAnswer& a, const jobs::SampleAnswer& b) {
    const auto fields = [](const jobs::SampleAnswer& one) {
        return std::tie(one.when, one.step, one.prompt, one.reference, one.answer);
    };
    return fields(a) == fields(b);
}

QLabel* makeText(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

} // namespace

AnswersView::AnswersView(QWidget* parent)
    : QScrollArea(parent) {
    setObjectName(QStringLiteral("answersView"));
    setAccessibleName(tr("Answers before and after training"));
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setAnswers({});
}

std::vector<AnswersView::Pair> AnswersView::pairsOf(const std::vector<jobs::SampleAnswer>& answers) {
    std::vector<Pair> pairs;
    for (const jobs::SampleAnswer& answer : answers) {
        auto pair = std::find_if(pairs.begin(), pairs.end(),
                                 [&](const Pair& one) { return one.prompt == answer.prompt; });
        if (pair == pairs.end()) pair = pairs.insert(pairs.end(), {answer.prompt, answer.reference, {}, {}});
        (answer.when == "before" ? pair->before : pair->after) = answer.answer;
    }
    return pairs;
}

void AnswersView::setAnswers(const std::vector<jobs::SampleAnswer>& answers) {
    if (widget() != nullptr &&
        std::equal(answers.begin(), answers.end(), m_shown.begin(), m_shown.end(), areSame))
        return;
    m_shown = answers;
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(look::kGrid, look::kGrid, look::kGrid, look::kGrid);
    column->setSpacing(3 * look::kGrid);
    if (answers.empty())
        column->addWidget(
            look::makeNote(tr("The sample prompts are answered before the first step and after the last one. "
                              "They are set under All settings, or taken from the data."),
                           content));
    for (const Pair& pair : pairsOf(answers))
        column->addWidget(makePair(pair));
    column->addStretch(1);
    setWidget(content);
}

QWidget* AnswersView::makeAnswer(const QString& title, const std::optional<std::string>& answer) {
    auto* frame = new QFrame;
    frame->setFrameShape(QFrame::StyledPanel);
    auto* column = new QVBoxLayout(frame);
    column->setSpacing(look::kGrid / 2);
    column->addWidget(look::makeNote(title, frame));
    const QString words = !answer           ? tr("not yet")
                          : answer->empty() ? tr("(nothing)")
                                            : toQt(*answer).trimmed();
    column->addWidget(makeText(words, frame), 1);
    return frame;
}

QWidget* AnswersView::makePair(const Pair& pair) {
    auto* widget = new QWidget;
    auto* column = new QVBoxLayout(widget);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    QLabel* prompt = makeText(toQt(pair.prompt), widget);
    QFont font = prompt->font();
    font.setWeight(QFont::DemiBold);
    prompt->setFont(font);
    column->addWidget(prompt);
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    row->addWidget(makeAnswer(tr("Before"), pair.before), 1);
    row->addWidget(makeAnswer(tr("After"), pair.after), 1);
    column->addLayout(row);
    if (!pair.reference.empty()) {
        auto* reference = look::makeNote(tr("In the data: %1").arg(toQt(pair.reference)), widget);
        reference->setWordWrap(true);
        column->addWidget(reference);
    }
    return widget;
}

} // namespace llamahome::widgets
