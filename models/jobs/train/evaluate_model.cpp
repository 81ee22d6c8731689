#include "jobs/train/evaluate_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/hub/model_config.h"
#include "jobs/chat/chat_session.h"
#include "jobs/chat_template_choice.h"
#include "jobs/train/train_data.h"

namespace llamahome::jobs {
namespace {

constexpr int kAnswerTokens = 400; // the longest worked answers of GSM8K take fewer

text::RowOptions wholeRows(const EvaluateRequest& request, const formats::ModelConfig& model) {
    text::RowOptions options = rowOptionsOf(request.settings);
    options.maxLength = static_cast<std::size_t>(model.max_position_embeddings);
    options.endPlainText = false;
    return options;
}

Result<LossFigures> measure(const EvaluateRequest& request, const FileRows& rows,
                            engine::LanguageModel& model, const CancelToken& cancel,
                            const ProgressSink& progress) {
    const int atOnce = std::max(1, request.settings.training.batch_size);
    const auto result = model.evaluate(rows.rows, atOnce, cancel, progress);
    if (!result) return result.error();
    const double loss = result->meanLoss();
    if (std::isfinite(loss)) return LossFigures{loss, std::exp(loss)};
    return Error{codes::kNonFiniteScores,
                 displayPath(request.modelFolder) + ": found a loss that is no number on " +
                     displayPath(request.dataFile) +
                     ", expected one; the weights or the adapter are damaged, "
                     "or too large for this precision: look with `llamahome verify MODEL --deep`, or try "
                     "--precision fp32"};
}

/// Answers the first rows' questions greedily and compares final numbers.
Result<void> compareAnswers(const EvaluateRequest& request, OpenModel& open, const text::RowBuilder& builder,
                            std::size_t rowCount, const CancelToken& cancel, const ProgressSink& progress,
                            EvaluationReport& report) {
    std::vector<std::size_t> wanted(std::min(rowCount, static_cast<std::size_t>(request.exactMatchRows)));
    std::iota(wanted.begin(), wanted.end(), std::size_t{0});
    const auto examples = readExamples({request.dataFile}, request.settings, builder, wanted);
    if (!examples) return examples.error();
    AnswerOptions options;
    options.sampling.maxNewTokens = kAnswerTokens;
    std::vector<std::vector<std::int32_t>> prompts;
    std::vector<std::string> expected;
    for (const DataExample& example : *examples) {
        const auto number = finalNumber(example.reference);
        if (!number) continue;
        const auto ids = conversationTokens(open.tokenizer, open.chatTemplate, example.messages,
                                            request.settings.data.date);
        if (!ids) return ids.error();
        prompts.push_back(*ids);
        expected.push_back(*number);
    }
    for (std::size_t done = 0; done < prompts.size(); done += kAnsweredTogether) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "the evaluation was stopped"};
        if (progress) progress({"answering", done, prompts.size(), "rows"});
        const std::size_t end = std::min(done + kAnsweredTogether, prompts.size());
        const auto first = prompts.begin() + static_cast<std::ptrdiff_t>(done);
        const auto last = prompts.begin() + static_cast<std::ptrdiff_t>(end);
        const auto answers = generateTexts(*open.model, open.tokenizer, {first, last}, options, cancel);
        if (cancel.isCancelled()) return Error{codes::kCancelled, "the evaluation was stopped"};
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i]) return answers[i].error();
            ++report.compared;
            if (finalNumber(answers[i]->text) == expected[done + i]) ++report.matched;
        }
    }
    if (progress) progress({"answering", prompts.size(), prompts.size(), "rows"});
    return {};
}

} // namespace

Result<EvaluationReport> evaluateModel(const EvaluateRequest& request, engine::Engine& engine,
                                       FileLayer& files, const CancelToken& cancel,
                                       const ProgressSink& progress) {
    const auto config = formats::readModelConfig(request.modelFolder / "config.json");
    if (!config) return config.error();
    const auto tokenizer = text::Tokenizer::load(request.modelFolder);
    if (!tokenizer) return tokenizer.error();
    const auto chatTemplate = chosenTemplate(request.modelFolder, request.settings.data.template_name);
    if (!chatTemplate) return chatTemplate.error();
    const text::RowBuilder builder(*tokenizer, *chatTemplate, wholeRows(request, *config));
    const auto rows = readRows({request.dataFile}, request.settings, builder, cancel, progress);
    if (!rows) return rows.error();
    if (rows->rows.empty())
        return Error{codes::kNoTrainingRows, displayPath(request.dataFile) +
                                                 ": found no row to evaluate, expected at least one; look at "
                                                 "it with `llamahome data`"};
    const config::ModelSettings& use = request.settings.model;
    auto open = openModel(engine, files, request.modelFolder, request.adapter,
                          {use.precision, use.quant, request.settings.data.template_name}, cancel, progress);
    if (!open) return open.error();
    EvaluationReport report;
    report.rows = rows->rows.size();
    report.cutRows = rows->cutRows;
    report.badRows = rows->badRows;
    for (const text::TokenRow& row : rows->rows) {
        report.tokens += row.tokens.size();
        report.supervisedTokens += row.targetCount();
    }
    const auto figures = measure(request, *rows, *open->model, cancel, progress);
    if (!figures) return figures.error();
    report.figures = *figures;
    if (request.exactMatchRows > 0) {
        auto compared = compareAnswers(request, *open, builder, rows->rows.size(), cancel, progress, report);
        if (!compared) return compared.error();
    }
    if (request.alsoBase && request.adapter) {
        open->model->clearAdapter();
        const auto base = measure(request, *rows, *open->model, cancel, progress);
        if (!base) return base.error();
        report.base = *base;
    }
    return report;
}

std::optional<std::string> finalNumber(std::string_view text) {
    constexpr std::string_view kMark = "####";
    const std::size_t mark = text.rfind(kMark);
    if (mark == std::string_view::npos) return std::nullopt;
    text.remove_prefix(mark + kMark.size());
    text.remove_prefix(std::min(text.find_first_not_of(" \t$"), text.size()));
    std::string number;
    for (const char c : text) {
        if (c == ',') continue;
        if (c != '-' && c != '.' && (c < '0' || c > '9')) break;
        number += c;
    }
    if (!number.empty() && number.back() == '.') number.pop_back();
    if (number.empty()) return std::nullopt;
    return number;
}

} // namespace llamahome::jobs
