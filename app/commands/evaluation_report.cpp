#include "app/commands/evaluation_report.h"

#include <algorithm>

#include "core/quantity.h"
#include "core/shown_text.h"

namespace llamahome::app {
namespace {

constexpr std::size_t kShownAnswers = 10;

std::string figuresText(const jobs::LossFigures& figures) {
    return formatNumber(figures.loss) + " (perplexity " + formatNumber(figures.perplexity) + ")";
}

void showRows(Output& output, const std::string& title, const std::vector<jobs::EvaluatedRow>& rows) {
    if (rows.empty()) return;
    const bool hasBase = rows.front().baseLoss.has_value();
    Table table{{"loss", "line", title}, {}, {0, 1}};
    if (hasBase) table = Table{{"loss", "base", "line", title}, {}, {0, 1, 2}};
    for (const jobs::EvaluatedRow& row : rows) {
        std::vector<std::string> cells{formatNumber(row.loss)};
        if (hasBase) cells.push_back(formatNumber(row.baseLoss.value_or(0.0)));
        cells.push_back(std::to_string(row.line));
        cells.push_back(quotedText(row.text));
        table.rows.push_back(std::move(cells));
    }
    output.line("");
    output.table(table);
}

std::string verdict(const std::optional<bool>& isRight) {
    return !isRight ? "" : *isRight ? "right: " : "wrong: ";
}

void showAnswers(Output& output, const jobs::EvaluationReport& report) {
    const std::size_t count = std::min(report.answers.size(), kShownAnswers);
    for (std::size_t i = 0; i < count; ++i) {
        const jobs::EvaluatedAnswer& answer = report.answers[i];
        output.line("");
        output.line("Question of line " + std::to_string(answer.line) + ": " + quotedText(answer.question));
        output.line("  in the data: " + quotedText(answer.reference));
        if (answer.baseAnswer)
            output.line("  base alone:  " + verdict(answer.isBaseRight) + quotedText(*answer.baseAnswer));
        output.line("  answer:      " + verdict(answer.isRight) + quotedText(answer.answer));
    }
    if (count < report.answers.size())
        output.line("\n" + std::to_string(report.answers.size() - count) +
                    " more answers: --json has all, and the report of a run");
}

void showMatches(Output& output, const jobs::EvaluationReport& report) {
    if (report.compared > 0) {
        output.line("Right answers (" + std::string(jobs::answerMatchName(report.match)) +
                    "): " + std::to_string(report.matched) + " of " + std::to_string(report.compared));
        if (report.baseMatched)
            output.line("Right answers of the base: " + std::to_string(*report.baseMatched) + " of " +
                        std::to_string(report.compared));
    } else if (!report.answers.empty()) {
        output.line("The data has no answers that can be checked so; they are shown only.");
    }
}

} // namespace

void showEvaluation(Output& output, const jobs::EvaluationReport& report) {
    output.line("Loss: " + figuresText(report.figures));
    if (report.base) output.line("Base alone: " + figuresText(*report.base));
    output.line("Rows: " + std::to_string(report.rows) + ", tokens: " + std::to_string(report.tokens) +
                ", of them supervised: " + std::to_string(report.supervisedTokens));
    if (report.cutRows > 0) output.line("Cut rows: " + std::to_string(report.cutRows));
    if (report.badRows > 0) output.line("Skipped bad rows: " + std::to_string(report.badRows));
    showMatches(output, report);
    showRows(output, "worst rows", report.worst);
    showRows(output, "best rows", report.best);
    showAnswers(output, report);
}

} // namespace llamahome::app
