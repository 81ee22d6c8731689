#include "widgets/answers_view.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "managers/text.h"
#include "widgets/answer_card.h"
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

} // namespace

AnswersView::AnswersView(QString emptyNote, QWidget* parent)
    : QScrollArea(parent)
    , m_emptyNote(std::move(emptyNote)) {
    setObjectName(QStringLiteral("answersView"));
    setAccessibleName(tr("Answers before, while and after it trains"));
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setAnswers({});
}

std::vector<AnswersView::Thread> AnswersView::threadsOf(const std::vector<jobs::SampleAnswer>& answers) {
    std::vector<Thread> threads;
    for (const jobs::SampleAnswer& answer : answers) {
        auto thread = std::find_if(threads.begin(), threads.end(),
                                   [&](const Thread& one) { return one.prompt == answer.prompt; });
        if (thread == threads.end())
            thread = threads.insert(threads.end(), {answer.prompt, answer.reference, {}, {}, {}});
        if (answer.when == "before")
            thread->before = answer.answer;
        else if (answer.when == "during")
            thread->during[answer.step] = answer.answer;
        else
            thread->after = answer.answer;
    }
    return threads;
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
    if (answers.empty()) {
        QLabel* note = look::makeNote(m_emptyNote, content);
        note->setWordWrap(true);
        column->addWidget(note);
    }
    for (const Thread& thread : threadsOf(answers))
        column->addWidget(makeThread(thread));
    column->addStretch(1);
    setWidget(content);
}

QWidget* AnswersView::makeAnswer(const QString& title, const std::optional<std::string>& answer) {
    return makeAnswerCard(title, answer ? toQt(*answer) : tr("not yet"));
}

QWidget* AnswersView::makeThread(const Thread& thread) {
    auto* widget = new QWidget;
    auto* column = new QVBoxLayout(widget);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    column->addWidget(makeQuestion(toQt(thread.prompt), widget));
    auto* line = new QVBoxLayout; // of time
    line->setSpacing(look::kGrid);
    for (const auto& [step, answer] : thread.during)
        line->addWidget(makeAnswer(tr("After step %1").arg(step), answer));
    if (thread.after || thread.during.empty())
        line->addWidget(makeAnswer(tr("After training"), thread.after), 1);
    auto* base = new QVBoxLayout;
    base->addWidget(makeAnswer(tr("Before training"), thread.before));
    base->addStretch(1);
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    row->addLayout(base, 1);
    row->addLayout(line, 1);
    column->addLayout(row);
    if (!thread.reference.empty()) {
        auto* reference = look::makeNote(tr("In the data: %1").arg(toQt(thread.reference)), widget);
        reference->setWordWrap(true);
        column->addWidget(reference);
    }
    return widget;
}

} // namespace llamahome::widgets
