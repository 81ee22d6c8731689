// Cache against full forward, limits of the context, cancel, and dropout masks.
#include <ATen/ops/ones.h>

#include <QTest>

#include "core/error_codes.h"
#include "llama/load/load_decoder.h"
#include "llama/runtime/engine_impl.h"
#include "parity/fixture.h"

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
