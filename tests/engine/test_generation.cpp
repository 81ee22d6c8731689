// Cache against full forward, what is remembered between prompts, several at once, limits of the context,
// cancel, and dropout masks.
#include <ATen/ops/ones.h>

#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/peft/peft_adapter.h"
#include "llama/load/load_decoder.h"
#include "llama/runtime/engine_impl.h"
#include "parity/fixture.h"
#include "support/checked.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;

class TestGeneration final : public QObject {
    Q_OBJECT

    const Fixture m_fixture{"llama3_rope"};

private Q_SLOTS:
    void aCacheFilledInPiecesGivesTheFullForward() {
        auto decoder = loadDecoder(m_fixture.folder(), at::kFloat, {}, {});
        QVERIFY(decoder);
        const std::vector<std::int32_t> tokens = m_fixture.longRow();
        KvCache cache((*decoder)->config(), at::kFloat);
        Products products;
        std::vector<float> logits;
        std::size_t begin = 0;
        for (const std::size_t piece :
             {std::size_t{1}, std::size_t{40}, std::size_t{1}, tokens.size() - 42}) {
            const std::span<const std::int32_t> part(tokens.data() + begin, piece);
            const at::Tensor hidden =
                (*decoder)->hidden(makeInferenceBatch(part, cache.length()), nullptr, &cache, products);
            const auto rows = toVector((*decoder)->logits(hidden, products).flatten());
            logits.insert(logits.end(), rows.begin(), rows.end());
            begin += piece;
        }
        QVERIFY(relativeDifference(logits, m_fixture.tensor("base.logits")) <= 1e-5);
    }

    void rowsOfABatchDoNotSeeEachOther() {
        auto decoder = loadDecoder(m_fixture.folder(), at::kFloat, {}, {});
        QVERIFY(decoder);
        const auto rows = m_fixture.rows();
        Products products;
        std::vector<const text::TokenRow*> all;
        std::vector<float> separate;
        for (const auto& row : rows) {
            all.push_back(&row);
            const text::TokenRow* one[] = {&row};
            const auto hidden =
                toVector((*decoder)->hidden(makeBatch(one, 0), nullptr, nullptr, products).flatten());
            separate.insert(separate.end(), hidden.begin(), hidden.end());
        }
        const auto together =
            toVector((*decoder)->hidden(makeBatch(all, 0), nullptr, nullptr, products).flatten());
        QVERIFY(relativeDifference(together, separate) <= 1e-5);
    }

    void generationStopsWhereItIsToldTo() {
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
        QVERIFY(model);
        const auto greedy = m_fixture.expected()["greedy"].get<std::vector<std::int32_t>>();
        const std::vector<std::int32_t> prompt = m_fixture.rows().front().tokens;
        GenerationOptions options;
        options.stopTokens = {greedy[prompt.size() + 3]};
        const auto stopped = (*model)->generate(prompt, options, {}, {});
        QVERIFY(stopped);
        QCOMPARE(stopped->finish, FinishReason::StopToken);
        QVERIFY(stopped->tokens.size() <= 3);
        const CancelToken cancel;
        int told = 0;
        const auto cancelled = (*model)->generate(
            prompt, {},
            [&](std::int32_t) {
                if (++told == 2) cancel.cancel();
                return true;
            },
            cancel);
        QVERIFY(cancelled);
        QCOMPARE(cancelled->finish, FinishReason::Cancelled);
        QCOMPARE(cancelled->tokens.size(), std::size_t{2});
    }

    void scoresThatAreNoNumbersAreAnError() {
        const TemporaryFolder folder;
        writeTinyModel(folder.path());
        std::string bytes = *readFile(folder / "model.safetensors");
        bytes[bytes.size() - 1] = '\x7F'; // the last weight is NaN
        bytes[bytes.size() - 2] = '\xFF';
        QVERIFY(writeFileAtomically(systemFiles(), folder / "model.safetensors", bytes));
        const auto model =
            checked(checked(createEngine())->loadModel(folder.path(), {Precision::Fp32, {}, {}}));
        for (const bool doSample : {false, true}) {
            GenerationOptions options;
            options.doSample = doSample;
            int told = 0;
            const auto one = model->generate({5, 6}, options, [&](std::int32_t) { return ++told > 0; }, {});
            QVERIFY(!one && one.error().code == codes::kNonFiniteScores);
            QVERIFY(one.error().message.find("token 1 of the answer") != std::string::npos);
            QCOMPARE(told, 0);
            const auto several = model->generateBatch({{5, 6}, {7}}, options, {}, {});
            QVERIFY(!several && several.error().code == codes::kNonFiniteScores);
        }
    }

    void theContextIsALimit() {
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
        QVERIFY(model);
        const auto context = static_cast<std::size_t>((*model)->config().max_position_embeddings);
        GenerationOptions options;
        options.maxNewTokens = 1000;
        const auto full = (*model)->generate(std::vector<std::int32_t>(context - 5, 7), options, {}, {});
        QVERIFY(full);
        QCOMPARE(full->finish, FinishReason::ContextFull);
        const auto refused = (*model)->generate(std::vector<std::int32_t>(context, 7), options, {}, {});
        QVERIFY(refused.error().code == codes::kContextFull);
        QVERIFY((*model)->generate({}, options, {}, {}).error().code == codes::kBadToken);
    }

    void sampledGenerationRepeatsWithItsSeed() {
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
        QVERIFY(model);
        GenerationOptions options;
        options.doSample = true;
        options.temperature = 1.5;
        options.maxNewTokens = 20;
        options.seed = 1;
        const auto first = (*model)->generate({5, 6}, options, {}, {});
        const auto again = (*model)->generate({5, 6}, options, {}, {});
        options.seed = 2;
        const auto other = (*model)->generate({5, 6}, options, {}, {});
        QVERIFY(first->tokens == again->tokens);
        QVERIFY(first->tokens != other->tokens);
    }

    void aPromptThatGoesOnFromTheLastContextIsAnsweredAsAFreshOne() {
        const auto open = [this] {
            return checked(checked(createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}}));
        };
        const auto model = open();
        const auto answer = [](LanguageModel& to, const std::vector<std::int32_t>& prompt) {
            GenerationOptions options;
            options.maxNewTokens = 12;
            return checked(to.generate(prompt, options, {}, {}));
        };
        const auto isFresh = [&](const std::vector<std::int32_t>& prompt, const GenerationResult& found) {
            return answer(*open(), prompt).tokens == found.tokens;
        };
        const std::vector<std::int32_t> first = m_fixture.rows().front().tokens;
        const GenerationResult begun = answer(*model, first);
        QCOMPARE(begun.reusedTokens, std::size_t{0});
        QVERIFY(begun.contextBytes > 0);

        std::vector<std::int32_t> next = first; // the next turn of a conversation
        next.insert(next.end(), begun.tokens.begin(), begun.tokens.end());
        next.insert(next.end(), {5, 6, 7});
        const GenerationResult gone = answer(*model, next);
        QCOMPARE(gone.reusedTokens, first.size() + begun.tokens.size() - 1); // the last one was drawn only
        QVERIFY(isFresh(next, gone));

        const GenerationResult again = answer(*model, next); // regenerated
        QCOMPARE(again.reusedTokens, next.size() - 1);
        QVERIFY(again.tokens == gone.tokens);

        std::vector<std::int32_t> edited(first.begin(), first.begin() + 3);
        edited.insert(edited.end(), {9, 8, 9, 8});
        QVERIFY(first[3] != 9);
        const GenerationResult other = answer(*model, edited);
        QCOMPARE(other.reusedTokens, std::size_t{3});
        QVERIFY(isFresh(edited, other));

        model->forgetContext();
        QCOMPARE(answer(*model, edited).reusedTokens, std::size_t{0});
    }

    void anotherAdapterReadsThePromptAnew() {
        const auto model =
            checked(checked(createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}}));
        const auto adapter = checked(formats::readPeftAdapter(m_fixture.adapterFolder()));
        const std::vector<std::int32_t> prompt = m_fixture.rows().front().tokens;
        const auto reused = [&] {
            GenerationOptions options;
            options.maxNewTokens = 2;
            return checked(model->generate(prompt, options, {}, {})).reusedTokens;
        };
        const std::function<void()> changes[] = {
            [&] { checked(model->setAdapter(adapter)); },
            [&] { model->setAdapterScale(0.5); },
            [&] { model->clearAdapter(); },
        };
        (void)reused();
        for (const auto& change : changes) {
            QCOMPARE(reused(), prompt.size() - 1);
            change();
            QCOMPARE(reused(), std::size_t{0});
        }
    }

    void promptsTogetherAreAnsweredAsOneAfterAnother_data() {
        QTest::addColumn<bool>("samples");
        QTest::newRow("greedy") << false;
        QTest::newRow("drawn") << true;
    }
    void promptsTogetherAreAnsweredAsOneAfterAnother() {
        QFETCH(bool, samples);
        const auto model =
            checked(checked(createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}}));
        const std::vector<std::int32_t> row = m_fixture.longRow();
        std::vector<std::vector<std::int32_t>> prompts;
        for (std::size_t i = 0; i < 11; ++i) // more than go together, each of another length
            prompts.emplace_back(row.begin() + static_cast<std::ptrdiff_t>(i),
                                 row.begin() + static_cast<std::ptrdiff_t>(3 * i + 2));
        GenerationOptions options;
        options.doSample = samples;
        options.temperature = 2.0;
        options.maxNewTokens = 15;
        options.seed = 4;
        std::vector<GenerationResult> alone;
        const auto upToStop = [](std::int32_t token) { return token % 7 != 0; }; // ends rows at odd places
        for (const auto& prompt : prompts)
            alone.push_back(checked(model->generate(prompt, options, upToStop, {})));
        std::vector<std::vector<std::int32_t>> heard(prompts.size());
        const auto together = checked(model->generateBatch(prompts, options,
                                                           [&](std::size_t number, std::int32_t token) {
                                                               heard[number].push_back(token);
                                                               return upToStop(token);
                                                           },
                                                           {}));
        QCOMPARE(together.size(), prompts.size());
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            QVERIFY(together[i].tokens == alone[i].tokens);
            QVERIFY(together[i].tokens == heard[i]);
            QCOMPARE(together[i].finish, alone[i].finish);
        }
    }

    void aBatchIsRefusedOrStoppedAsAWhole() {
        const auto model =
            checked(checked(createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}}));
        QVERIFY(checked(model->generateBatch({}, {}, {}, {})).empty());
        QVERIFY(model->generateBatch({{1, 2}, {}}, {}, {}, {}).error().code == codes::kBadToken);
        const CancelToken cancel;
        const auto stopped = checked(model->generateBatch(
            {{1, 2}, {3, 4}}, {},
            [&](std::size_t, std::int32_t) {
                cancel.cancel();
                return true;
            },
            cancel));
        QCOMPARE(stopped[0].finish, FinishReason::Cancelled);
        QCOMPARE(stopped[0].tokens.size(), std::size_t{1});
        QCOMPARE(stopped[1].finish, FinishReason::Cancelled);
        QVERIFY(stopped[1].tokens.empty());
    }

    void dropoutMasksBelongToRowsAndHaveTheRightMean() {
        const std::vector<text::TokenRow> rows(
            4, text::TokenRow{std::vector<std::int32_t>(50, 1), std::vector<std::uint8_t>(50, 1)});
        const text::TokenRow* all[] = {&rows[0], &rows[1], &rows[2], &rows[3]};
        const DropoutKey key{0.25, 42, 3};
        const at::Tensor whole =
            applyDropout(at::ones({200, 129}, at::kFloat), makeBatch(all, 0), key, 5, LayerInput::Mlp);
        const at::Tensor last =
            applyDropout(at::ones({50, 129}, at::kFloat), makeBatch(std::span(all).subspan(3), 3), key, 5,
                         LayerInput::Mlp);
        QVERIFY(whole.narrow(0, 150, 50).equal(last));
        QVERIFY(!whole.narrow(0, 100, 50).equal(last));
        QVERIFY(std::abs(whole.mean().item().toDouble() - 1.0) < 0.02);
        QVERIFY(std::abs(whole.max().item().toDouble() - 1.0 / 0.75) < 1e-6);
    }
};

QTEST_GUILESS_MAIN(TestGeneration)
#include "test_generation.moc"
