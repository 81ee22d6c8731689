// Models measured on held-out rows: figures, best and worst rows, answers; runs on their own split.
#include <algorithm>
#include <cmath>

#include <QTest>

#include "core/error_codes.h"
#include "jobs/chat_template_choice.h"
#include "jobs/train/evaluate_model.h"
#include "jobs/train/evaluation_record.h"
#include "jobs/train/train_data.h"
#include "support/training_ground.h"
#include "text/data/split.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

EvaluateRequest evaluationOf(const TrainingGround& ground) {
    EvaluateRequest request;
    request.modelFolder = ground.model;
    request.source.files = {ground.data};
    return request;
}

/// More loss a token, by the sum of the row's ids.
double lossOfRow(const text::TokenRow& row) {
    std::int64_t sum = 0;
    for (const std::int32_t token : row.tokens)
        sum += token;
    return static_cast<double>(sum % 97) / 8.0;
}

/// The run `name` of a finished training, as it is listed.
RunInfo runOf(const TrainingGround& ground, const char* name) {
    auto run = findRun(ground.root, name);
    if (!run) throw std::runtime_error(run.error().message);
    return std::move(*run);
}

std::string codeOf(const Result<EvaluateRequest>& request) {
    return request ? std::string() : std::string(request.error().code.text);
}

} // namespace

class TestEvaluation final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void evaluationCountsEveryTokenAndTarget() {
        TrainingGround ground;
        const auto report = evaluateModel(evaluationOf(ground), ground.engine, systemFiles(), {}, {});
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        QCOMPARE(report->rows, std::uint64_t{12});
        QCOMPARE(report->figures.loss, 2.0);
        QCOMPARE(report->figures.perplexity, std::exp(2.0));
        std::uint64_t tokens = 0;
        std::uint64_t targets = 0;
        for (const text::TokenRow& row : ground.engine.history().evaluatedRows) {
            tokens += row.tokens.size();
            targets += row.targetCount();
        }
        QCOMPARE(report->tokens, tokens);
        QCOMPARE(report->supervisedTokens, targets);
        QVERIFY(!report->base);
        QCOMPARE(report->compared, 0);
    }

    void aLossThatIsNoNumberIsAnError() {
        TrainingGround ground;
        for (const double loss : {std::nan(""), HUGE_VAL}) {
            ground.engine.script().baseLoss = loss;
            const auto report = evaluateModel(evaluationOf(ground), ground.engine, systemFiles(), {}, {});
            QVERIFY(!report && report.error().code == codes::kNonFiniteScores);
            for (const auto& word :
                 {ground.model.string(), ground.data.string(), std::string("verify MODEL --deep")})
                QVERIFY2(report.error().message.find(word) != std::string::npos,
                         report.error().message.c_str());
        }
    }

    void plainTextCountsEveryTokenButTheFirst() {
        TrainingGround ground;
        QVERIFY(writeFileAtomically(systemFiles(), ground.data, "{\"text\":\"abcde\"}\n"));
        const auto report = evaluateModel(evaluationOf(ground), ground.engine, systemFiles(), {}, {});
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        QCOMPARE(report->tokens, std::uint64_t{5});
        QCOMPARE(report->supervisedTokens, std::uint64_t{4});
    }

    void rowsLongerThanTrainingTakesAreEvaluatedWhole() {
        TrainingGround ground;
        EvaluateRequest request = evaluationOf(ground);
        const auto whole = evaluateModel(request, ground.engine, systemFiles(), {}, {});
        request.settings.training.max_length = 10;
        const auto same = evaluateModel(request, ground.engine, systemFiles(), {}, {});
        QVERIFY(same);
        QCOMPARE(same->tokens, whole->tokens);
        QCOMPARE(same->cutRows, std::uint64_t{0});
    }

    void theAdapterIsMeasuredBesideItsBase() {
        TrainingGround ground;
        const auto trained = ground.train(ground.plan());
        EvaluateRequest request = evaluationOf(ground);
        request.adapter = AdapterChoice{trained->adapterFolder, 0.5};
        request.alsoBase = true;
        const auto report = evaluateModel(request, ground.engine, systemFiles(), {}, {});
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        QCOMPARE(report->figures.loss, 1.75);
        QCOMPARE(report->base->loss, 2.0);
    }

    void badDataIsRefusedBeforeTheModelIsLoaded() {
        TrainingGround ground;
        QVERIFY(writeFileAtomically(systemFiles(), ground.data, "{\"question\":\n"));
        const auto report = evaluateModel(evaluationOf(ground), ground.engine, systemFiles(), {}, {});
        QVERIFY(!report);
        QVERIFY2(report.error().code.text.starts_with("DATA-"), report.error().message.c_str());
        QCOMPARE(ground.engine.history().loads, 0);
    }

    void finalNumbersAreCompared() {
        TrainingGround ground; // the data's answers are 2 … 13, the model's always 7
        EvaluateRequest request = evaluationOf(ground);
        request.answerRows = 8;
        const auto report = evaluateModel(request, ground.engine, systemFiles(), {}, {});
        QVERIFY(report->match == AnswerMatch::Number);
        QCOMPARE(report->compared, 8);
        QCOMPARE(report->matched, 1);
        QVERIFY(!report->baseMatched);
    }

    void anEvaluationThatIsStoppedInItsLastAnswerIsStopped() {
        TrainingGround ground;
        EvaluateRequest request = evaluationOf(ground);
        request.answerRows = 1;
        const CancelToken cancel;
        const auto report =
            evaluateModel(request, ground.engine, systemFiles(), cancel, [&cancel](const Progress& progress) {
                if (progress.phase == "answering") cancel.cancel();
            });
        QVERIFY(!report && report.error().code == codes::kCancelled);
    }

    void finalNumbersAreFound() {
        QCOMPARE(*finalNumber("so #### 3\nthen #### $1,234."), std::string("1234"));
        QCOMPARE(*finalNumber("####-5 apples and 3 pears"), std::string("-5"));
        QCOMPARE(*finalNumber("#### 2.50 each"), std::string("2.50"));
        QVERIFY(!finalNumber("42"));
        QVERIFY(!finalNumber("#### none"));
    }

    void anEvaluationOfNothingIsRefused() {
        TrainingGround ground;
        EvaluateRequest request = evaluationOf(ground);
        request.source.files = {ground.folder / "absent.jsonl"};
        QVERIFY(evaluateModel(request, ground.engine, systemFiles(), {}, {}).error().code ==
                codes::kFileNotFound);
        QVERIFY(
            writeFileAtomically(systemFiles(), ground.data, "{\"text\":\"a\"}\n")); // one token, no target
        const auto report = evaluateModel(evaluationOf(ground), ground.engine, systemFiles(), {}, {});
        QVERIFY(report.error().code == codes::kNoTrainingRows);
        QVERIFY(contains(report.error().message, "data.jsonl"));
    }

    void bestAndWorstRowsAreInOrderWithTheirTexts() {
        TrainingGround ground;
        ground.engine.script().rowLoss = lossOfRow;
        EvaluateRequest request = evaluationOf(ground);
        request.shownRows = 4;
        const auto report = evaluateModel(request, ground.engine, systemFiles(), {}, {});
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        std::vector<std::pair<double, std::size_t>> expected; // loss and line, by the engine's own rows
        const auto& rows = ground.engine.history().evaluatedRows;
        double sum = 0.0;
        double targets = 0.0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            expected.emplace_back(2.0 + lossOfRow(rows[i]), i + 1);
            sum += expected.back().first * static_cast<double>(rows[i].targetCount());
            targets += static_cast<double>(rows[i].targetCount());
        }
        QVERIFY(std::abs(report->figures.loss - sum / targets) < 1e-12);
        QVERIFY(std::abs(report->figures.perplexity - std::exp(sum / targets)) < 1e-9);
        std::stable_sort(expected.begin(), expected.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        QCOMPARE(report->best.size(), std::size_t{4});
        QCOMPARE(report->worst.size(), std::size_t{4});
        for (std::size_t i = 0; i < 4; ++i) {
            QVERIFY(std::abs(report->best[i].loss - expected[i].first) < 1e-12);
            QCOMPARE(report->best[i].line, expected[i].second);
            const auto& worst = expected[expected.size() - 1 - i];
            QVERIFY(std::abs(report->worst[i].loss - worst.first) < 1e-12);
            QCOMPARE(report->worst[i].line, worst.second);
            QCOMPARE(report->worst[i].file, ground.data);
            const std::string question = "What is " + std::to_string(worst.second) + " ";
            QVERIFY2(contains(report->worst[i].text, question), report->worst[i].text.c_str());
            QVERIFY(contains(report->worst[i].text, "assistant: "));
        }
    }

    void askedForMoreRowsThanThereAreAllAreShown() {
        TrainingGround ground;
        EvaluateRequest request = evaluationOf(ground);
        request.shownRows = 1000;
        const auto report = evaluateModel(request, ground.engine, systemFiles(), {}, {});
        QCOMPARE(report->best.size(), std::size_t{12});
        request.shownRows = 0;
        QVERIFY(evaluateModel(request, ground.engine, systemFiles(), {}, {})->worst.empty());
    }

    void bothSidesAnswer() {
        TrainingGround ground;
        const auto trained = ground.train(ground.plan());
        EvaluateRequest request = evaluationOf(ground);
        request.adapter = AdapterChoice{trained->adapterFolder, 1.0};
        request.alsoBase = true;
        request.answerRows = 12;
        request.match = AnswerMatch::Number;
        const std::size_t before = ground.engine.history().prompts.size();
        const auto report = evaluateModel(request, ground.engine, systemFiles(), {}, {});
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        QCOMPARE(ground.engine.history().prompts.size(), before + 24);
        QCOMPARE(ground.engine.history().scales[before], 1.0);
        QCOMPARE(ground.engine.history().scales.back(), 0.0);
        QCOMPARE(report->answers.size(), std::size_t{12});
        QCOMPARE(report->matched, 1);
        QCOMPARE(report->baseMatched, std::optional(1));
        for (const EvaluatedAnswer& answer : report->answers) {
            QCOMPARE(answer.answer, std::string("the answer #### 7"));
            QCOMPARE(answer.baseAnswer, std::optional(answer.answer));
            QCOMPARE(answer.isRight, std::optional(finalNumber(answer.reference) == "7"));
            QVERIFY(contains(answer.question, "What is " + std::to_string(answer.line) + " "));
        }
        for (const EvaluatedRow& row : report->worst)
            QCOMPARE(row.baseLoss, std::optional(2.0));
    }

    void answersAreComparedAsItIsAsked_data() {
        QTest::addColumn<QString>("match");
        QTest::addColumn<QString>("answer");
        QTest::addColumn<QString>("reference");
        QTest::addColumn<bool>("isRight");
        const auto add = [](const char* match, const char* answer, const char* reference, bool isRight) {
            QTest::addRow("%s '%s' '%s'", match, answer, reference)
                << QString::fromLatin1(match) << QString::fromLatin1(answer) << QString::fromLatin1(reference)
                << isRight;
        };
        add("number", "so #### 1,200", "it is\n#### 1200", true);
        add("number", "1200", "#### 1200", false);
        add("number", "#### 12", "#### 1200", false);
        add("number", "no number", "none either", false);
        add("exact", "  the  cat\nsat ", "the cat sat", true);
        add("exact", "The cat sat", "the cat sat", false);
        add("exact", "", " ", false);
        add("contains", "I think: PARIS, of course", "Paris", true);
        add("contains", "Lyon", "Paris", false);
        add("contains", "anything", "", false);
        add("none", "same", "same", false);
    }

    void answersAreComparedAsItIsAsked() {
        QFETCH(QString, match);
        QFETCH(QString, answer);
        QFETCH(QString, reference);
        const auto how = answerMatchOf(match.toStdString());
        QVERIFY(how);
        QCOMPARE(std::string(answerMatchName(*how)), match.toStdString());
        QTEST(isRight(*how, answer.toStdString(), reference.toStdString()), "isRight");
    }

    void howAnswersAreComparedIsSettledByTheData() {
        const std::string isLong(kShortAnswerBytes + 1, 'x');
        QVERIFY(settledMatch(AnswerMatch::Auto, {"#### 1", isLong}) == AnswerMatch::Number);
        QVERIFY(settledMatch(AnswerMatch::Auto, {"Paris", "Rome", isLong}) == AnswerMatch::Contains);
        QVERIFY(settledMatch(AnswerMatch::Auto, {isLong, isLong, "Rome"}) == AnswerMatch::None);
        QVERIFY(settledMatch(AnswerMatch::Auto, {}) == AnswerMatch::None);
        QVERIFY(settledMatch(AnswerMatch::Exact, {"#### 1"}) == AnswerMatch::Exact);
        QVERIFY(!answerMatchOf("nearly"));
    }

    void aRunIsMeasuredOnTheRowsThatItKeptFromTraining() {
        TrainingGround ground;
        const TrainPlan plan = ground.plan();
        const auto trained = ground.train(plan);
        QVERIFY(trained);
        const RunInfo run = runOf(ground, ground.sink.started.filename().c_str());
        const auto request = evaluationOfRun(run, {}, {}, {});
        QVERIFY2(request, request ? "" : request.error().message.c_str());
        QVERIFY(request->alsoBase && request->asTrained);
        const auto report = evaluateModel(*request, ground.engine, systemFiles(), {}, {});
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        const auto tokenizer = text::Tokenizer::load(ground.model);
        const auto chatTemplate = chosenTemplate(ground.model, {});
        const config::Settings settings = *readRunSettings(run);
        const text::RowBuilder builder(*tokenizer, *chatTemplate, rowOptionsOf(settings));
        const auto all = readRows({ground.data}, settings, builder, {}, {});
        QVERIFY(all);
        const auto kept = text::splitRows(all->rows.size(), settings.training.validation_split,
                                          static_cast<std::uint64_t>(settings.training.seed))
                              .validation;
        const auto& evaluated = ground.engine.history().evaluatedRows;
        QCOMPARE(evaluated.size(), kept.size());
        QCOMPARE(report->worst.size(), kept.size());
        for (std::size_t i = 0; i < kept.size(); ++i) {
            QVERIFY(evaluated[i].tokens == all->rows[kept[i]].tokens);
            QVERIFY(evaluated[i].supervised == all->rows[kept[i]].supervised);
            const auto isOfLine = [line = kept[i] + 1](const EvaluatedRow& row) { return row.line == line; };
            QVERIFY(std::any_of(report->worst.begin(), report->worst.end(), isOfLine));
        }
        QCOMPARE(report->figures.loss, 1.5);
        QCOMPARE(report->base->loss, 2.0);
    }

    void aRunIsMeasuredOnAFileOfTheUser() {
        TrainingGround ground;
        QVERIFY(ground.train(ground.plan()));
        const std::filesystem::path other = ground.folder / "other.jsonl";
        QVERIFY(writeFileAtomically(systemFiles(), other, "{\"question\":\"Who?\",\"answer\":\"Me\"}\n"));
        auto request = evaluationOfRun(runOf(ground, ground.sink.started.filename().c_str()), other, {}, {});
        QVERIFY(request);
        request->answerRows = 5;
        const auto report = evaluateModel(*request, ground.engine, systemFiles(), {}, {});
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        QCOMPARE(report->rows, std::uint64_t{1});
        QVERIFY(report->match == AnswerMatch::Contains);
        QCOMPARE(report->compared, 1);
        QCOMPARE(report->matched, 0);
    }

    void aRunWhoseDataIsAnotherIsNotMeasuredOnIt() {
        TrainingGround ground;
        QVERIFY(ground.train(ground.plan()));
        const RunInfo run = runOf(ground, ground.sink.started.filename().c_str());
        QVERIFY(writeFileAtomically(systemFiles(), ground.data, "{\"text\":\"another\"}\n"));
        const auto request = evaluationOfRun(run, {}, {}, {});
        QCOMPARE(codeOf(request), std::string("RUN-08"));
        QVERIFY(contains(request.error().message, ground.data.string()));
    }

    void aRunWithoutAnAdapterOrRowsOfItsOwnSaysSo() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.validation_split = 0.0;
        QVERIFY(ground.train(plan));
        RunInfo run = runOf(ground, ground.sink.started.filename().c_str());
        QCOMPARE(codeOf(evaluationOfRun(run, {}, {}, {})), std::string("TRAIN-02"));
        run.record.adapterFolder.clear();
        QCOMPARE(codeOf(evaluationOfRun(run, {}, {}, {})), std::string("RUN-04"));
        run.record.state = RunState::Running;
        QCOMPARE(codeOf(evaluationOfRun(run, {}, {}, {})), std::string("RUN-06"));
    }

    void whatIsKeptOfAnEvaluationIsReadAgain() {
        TrainingGround ground;
        const auto trained = ground.train(ground.plan());
        EvaluateRequest request = evaluationOf(ground);
        request.adapter = AdapterChoice{trained->adapterFolder, 1.0};
        request.alsoBase = true;
        request.answerRows = 3;
        const auto report = evaluateModel(request, ground.engine, systemFiles(), {}, {});
        QVERIFY(report);
        const std::filesystem::path run = ground.sink.started;
        QVERIFY(!readEvaluation(run)->has_value());
        QVERIFY(keepEvaluation(systemFiles(), run, *report, ground.clock));
        const auto kept = readEvaluation(run);
        QVERIFY2(kept && kept->has_value(), kept ? "" : kept.error().message.c_str());
        QCOMPARE((*kept)->evaluatedAt, formatUtc(ground.clock.now()));
        EvaluationReport timeless = **kept;
        timeless.evaluatedAt.clear();
        QCOMPARE(writeJson(evaluationJson(timeless)), writeJson(evaluationJson(*report)));
        QVERIFY(writeFileAtomically(systemFiles(), run / kEvaluationName, "{\"schema\":1,\"loss\":\"x\"}"));
        QVERIFY(readEvaluation(run).error().code == codes::kRunDamaged);
        QVERIFY(writeFileAtomically(systemFiles(), run / kEvaluationName, "{\"schema\":2}"));
        QVERIFY(readEvaluation(run).error().code == codes::kRunSchema);
    }
};

QTEST_GUILESS_MAIN(TestEvaluation)
#include "test_evaluation.moc"
