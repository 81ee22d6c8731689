#include "jobs/train/evaluate_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/utf8.h"
#include "formats/hub/model_config.h"
#include "jobs/chat/chat_session.h"
#include "jobs/chat_template_choice.h"
#include "jobs/train/train_data.h"

namespace llamahome::jobs {
namespace {

constexpr int kAnswerTokens = 400; // the longest worked answers of GSM8K take fewer

text::RowOptions rowOptions(const EvaluateRequest& request, const formats::ModelConfig& model) {
    text::RowOptions options = rowOptionsOf(request.settings);
    if (request.asTrained) return options;
    options.maxLength = static_cast<std::size_t>(model.max_position_embeddings);
    options.endPlainText = false;
    return options;
}

std::string filesText(const HeldOutSource& source) {
    std::string text;
    for (const auto& file : source.files)
        text += (text.empty() ? "" : ", ") + displayPath(file);
    return text;
}

/// Text of a row as a person reads it.
std::string shownText(const text::Example& example) {
    std::string text = example.text;
    for (const text::Message& message : example.messages) {
        if (!text.empty()) text += "\n";
        text += message.role + ": " +
                (message.toolCall ? message.toolCall->name + " " + writeJsonLine(message.toolCall->arguments)
                                  : message.content);
    }
    text = replaceInvalidUtf8(text);
    if (text.size() <= kRowTextBytes) return text;
    text.resize(kRowTextBytes);
    text.resize(text.size() - unfinishedUtf8Bytes(text));
    return text + " …";
}

/// What one side, the base or the adapter, came to.
struct Measured {
    LossFigures figures;
    std::vector<double> rowLosses; ///< means
};

/// One evaluation on its way.
class Evaluation {
public:
    Evaluation(const EvaluateRequest& request, const HeldOutRows& held, OpenModel& open,
               const CancelToken& cancel, const ProgressSink& progress)
        : m_request(request)
        , m_held(held)
        , m_open(open)
        , m_cancel(cancel)
        , m_progress(progress) {}

    Result<EvaluationReport> run() {
        m_hasBase = m_request.alsoBase && m_request.adapter.has_value();
        count();
        if (auto read = readQuestions(); !read) return read.error();
        const auto measured = measure(m_hasBase ? "adapter: " : "");
        if (!measured) return measured.error();
        m_report.figures = measured->figures;
        auto answers = answerAll(m_hasBase ? "adapter: " : "");
        if (!answers) return answers.error();
        takeAnswers(*answers);
        std::vector<double> baseLosses;
        if (m_hasBase) {
            m_open.model->clearAdapter();
            auto base = measure("base: ");
            if (!base) return base.error();
            m_report.base = base->figures;
            baseLosses = std::move(base->rowLosses);
            auto baseAnswers = answerAll("base: ");
            if (!baseAnswers) return baseAnswers.error();
            takeBaseAnswers(*baseAnswers);
        }
        if (auto shown = showRows(measured->rowLosses, baseLosses); !shown) return shown.error();
        return std::move(m_report);
    }

private:
    void count() {
        m_report.files = m_request.source.files;
        m_report.rows = m_held.rows.size();
        m_report.cutRows = m_held.cutRows;
        m_report.badRows = m_held.badRows;
        for (const text::TokenRow& row : m_held.rows) {
            m_report.tokens += row.tokens.size();
            m_report.supervisedTokens += row.targetCount();
        }
    }

    ProgressSink sinkOf(const std::string& side) const {
        if (!m_progress || side.empty()) return m_progress;
        return [this, side](Progress state) {
            state.phase = side + state.phase;
            m_progress(state);
        };
    }

    Result<Measured> measure(const std::string& side) {
        const int atOnce = std::max(1, m_request.settings.training.batch_size);
        const auto result = m_open.model->evaluate(m_held.rows, atOnce, m_cancel, sinkOf(side));
        if (!result) return result.error();
        const double loss = result->meanLoss();
        if (!std::isfinite(loss)) return noNumber();
        Measured measured{{loss, std::exp(loss)}, {}};
        for (std::size_t i = 0; i < m_held.rows.size(); ++i) {
            const auto targets = static_cast<double>(m_held.rows[i].targetCount());
            measured.rowLosses.push_back(result->rowLossSums[i] / targets);
        }
        return measured;
    }

    Error noNumber() const {
        return Error{codes::kNonFiniteScores,
                     displayPath(m_request.modelFolder) + ": found a loss that is no number on " +
                         filesText(m_request.source) +
                         ", expected one; the weights or the adapter are damaged, "
                         "or too large for this precision: look with `llamahome verify MODEL --deep`, or "
                         "try --precision fp32"};
    }

    /// The questions of the first rows, as tokens, and how their answers are compared.
    Result<void> readQuestions() {
        if (m_request.answerRows <= 0) return {};
        const auto count = std::min(m_held.places.size(), static_cast<std::size_t>(m_request.answerRows));
        const std::vector<RowPlace> places(m_held.places.begin(),
                                           m_held.places.begin() + static_cast<std::ptrdiff_t>(count));
        const auto examples = readExamplesAt(m_request.source, m_request.settings, places);
        if (!examples) return examples.error();
        std::vector<DataExample> questions;
        std::vector<std::string> references;
        for (std::size_t i = 0; i < examples->size(); ++i) {
            auto question = questionOf((*examples)[i], m_request.settings.data.system);
            if (!question) continue;
            EvaluatedAnswer answer;
            answer.file = m_request.source.files[places[i].file];
            answer.line = places[i].line;
            answer.question = question->messages.back().content;
            answer.reference = question->reference;
            m_report.answers.push_back(std::move(answer));
            references.push_back(question->reference);
            questions.push_back(std::move(*question));
        }
        m_report.match = settledMatch(m_request.match, references);
        return renderQuestions(questions);
    }

    Result<void> renderQuestions(const std::vector<DataExample>& questions) {
        for (const DataExample& question : questions) {
            auto ids = conversationTokens(m_open.tokenizer, m_open.chatTemplate, question.messages,
                                          m_request.settings.data.date);
            if (!ids) return ids.error();
            m_prompts.push_back(std::move(*ids));
        }
        return {};
    }

    /// Answers every question greedily, several at once.
    Result<std::vector<std::string>> answerAll(const std::string& side) {
        const ProgressSink progress = sinkOf(side);
        AnswerOptions options;
        options.sampling.maxNewTokens = kAnswerTokens;
        std::vector<std::string> texts;
        const auto tell = [&] {
            if (progress) progress({"answering", texts.size(), m_prompts.size(), "rows"});
        };
        while (texts.size() < m_prompts.size()) {
            tell();
            const std::size_t end = std::min(texts.size() + kAnsweredTogether, m_prompts.size());
            const std::vector<std::vector<std::int32_t>> together(
                m_prompts.begin() + static_cast<std::ptrdiff_t>(texts.size()),
                m_prompts.begin() + static_cast<std::ptrdiff_t>(end));
            auto answers = generateTexts(*m_open.model, m_open.tokenizer, together, options, m_cancel);
            if (m_cancel.isCancelled()) return Error{codes::kCancelled, "the evaluation was stopped"};
            for (auto& answer : answers) {
                if (!answer) return answer.error();
                texts.push_back(std::move(answer->text));
            }
        }
        if (!m_prompts.empty()) tell();
        return texts;
    }

    std::optional<bool> verdict(const std::string& answer, const std::string& reference) const {
        if (!isCheckable(m_report.match, reference)) return std::nullopt;
        return isRight(m_report.match, answer, reference);
    }

    void takeAnswers(std::vector<std::string>& texts) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
            EvaluatedAnswer& answer = m_report.answers[i];
            answer.answer = std::move(texts[i]);
            answer.isRight = verdict(answer.answer, answer.reference);
            m_report.compared += answer.isRight ? 1 : 0;
            m_report.matched += answer.isRight.value_or(false) ? 1 : 0;
        }
    }

    void takeBaseAnswers(std::vector<std::string>& texts) {
        int matched = 0;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            EvaluatedAnswer& answer = m_report.answers[i];
            answer.isBaseRight = verdict(texts[i], answer.reference);
            matched += answer.isBaseRight.value_or(false) ? 1 : 0;
            answer.baseAnswer = std::move(texts[i]);
        }
        if (m_report.compared > 0) m_report.baseMatched = matched;
    }

    /// The rows of greatest and least loss, with their texts.
    Result<void> showRows(const std::vector<double>& losses, const std::vector<double>& baseLosses) {
        const auto count =
            std::min(losses.size(), static_cast<std::size_t>(std::max(0, m_request.shownRows)));
        std::vector<std::size_t> order(losses.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&losses](std::size_t a, std::size_t b) { return losses[a] < losses[b]; });
        const auto shown = static_cast<std::ptrdiff_t>(count);
        const std::vector<std::size_t> best(order.begin(), order.begin() + shown);
        const std::vector<std::size_t> worst(order.rbegin(), order.rbegin() + shown);
        for (const auto& [indices, rows] :
             {std::pair{&best, &m_report.best}, std::pair{&worst, &m_report.worst}}) {
            auto found = rowsAt(*indices, losses, baseLosses);
            if (!found) return found.error();
            *rows = std::move(*found);
        }
        return {};
    }

    Result<std::vector<EvaluatedRow>> rowsAt(const std::vector<std::size_t>& indices,
                                             const std::vector<double>& losses,
                                             const std::vector<double>& baseLosses) const {
        std::vector<std::size_t> rising(indices);
        std::sort(rising.begin(), rising.end());
        std::vector<RowPlace> places;
        for (const std::size_t index : rising)
            places.push_back(m_held.places[index]);
        const auto examples = readExamplesAt(m_request.source, m_request.settings, places);
        if (!examples) return examples.error();
        std::vector<EvaluatedRow> rows;
        for (const std::size_t index : indices) {
            const auto at = std::lower_bound(rising.begin(), rising.end(), index) - rising.begin();
            const RowPlace& place = m_held.places[index];
            EvaluatedRow row{m_request.source.files[place.file],
                             place.line,
                             losses[index],
                             {},
                             m_held.rows[index].targetCount(),
                             shownText((*examples)[static_cast<std::size_t>(at)])};
            if (!baseLosses.empty()) row.baseLoss = baseLosses[index];
            rows.push_back(std::move(row));
        }
        return rows;
    }

    const EvaluateRequest& m_request;
    const HeldOutRows& m_held;
    OpenModel& m_open;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    bool m_hasBase = false;
    std::vector<std::vector<std::int32_t>> m_prompts; ///< of the answers, in their order
    EvaluationReport m_report;
};

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
    const text::RowBuilder builder(*tokenizer, *chatTemplate, rowOptions(request, *config));
    const auto held = readHeldOutRows(request.source, request.settings, builder, cancel, progress);
    if (!held) return held.error();
    if (held->rows.empty())
        return Error{codes::kNoTrainingRows, filesText(request.source) +
                                                 ": found no row to evaluate, expected at least one; look at "
                                                 "it with `llamahome data`"};
    const config::ModelSettings& use = request.settings.model;
    auto open = openModel(engine, files, request.modelFolder, request.adapter,
                          {use.precision, use.quant, request.settings.data.template_name}, cancel, progress);
    if (!open) return open.error();
    return Evaluation(request, *held, *open, cancel, progress).run();
}

} // namespace llamahome::jobs
