// Which projections an adapter has, where they lie in the buffer, and what is refused.
#include <algorithm>
#include <cmath>

#include <QTest>

#include "core/error_codes.h"
#include "llama/lora/lora_plan.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

/// The architecture of Llama 3.1 8B, whose adapter sizes PEFT prints.
formats::ModelConfig llama8b() {
    formats::ModelConfig config;
    config.vocab_size = 128256;
    config.hidden_size = 4096;
    config.intermediate_size = 14336;
    config.num_hidden_layers = 32;
    config.num_attention_heads = 32;
    config.num_key_value_heads = 8;
    config.head_dim = 128;
    return config;
}

formats::ModelConfig tiny() {
    formats::ModelConfig config;
    config.vocab_size = 10;
    config.hidden_size = 4;
    config.intermediate_size = 6;
    config.num_hidden_layers = 2;
    config.num_attention_heads = 2;
    config.num_key_value_heads = 1;
    config.head_dim = 2;
    return config;
}

} // namespace

class TestLoraPlan final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parameterCountsArePefts() {
        const auto two = planLora(llama8b(), 8, 4.0, 0.0, {"q_proj", "v_proj"});
        QVERIFY(two);
        QCOMPARE(two->parameterCount, std::int64_t{3'407'872});
        const auto all = planLora(llama8b(), 16, 4.0, 0.0, {"all-linear"});
        QVERIFY(all);
        QCOMPARE(all->parameterCount, std::int64_t{41'943'040});
        QCOMPARE(all->slots.size(), std::size_t{7 * 32});
    }

    void theOrderOfTargetsDoesNotMatter() {
        const auto a = planLora(tiny(), 2, 1.0, 0.0, {"v_proj", "q_proj", "q_proj"});
        const auto b = planLora(tiny(), 2, 1.0, 0.0, {"q_proj", "v_proj"});
        QVERIFY(a && b);
        QCOMPARE(a->slots.size(), b->slots.size());
        for (std::size_t i = 0; i < a->slots.size(); ++i)
            QCOMPARE(a->slots[i].offsetA, b->slots[i].offsetA);
    }

    void unknownTargetsAndRanksAreNamed() {
        const auto target = planLora(tiny(), 2, 1.0, 0.0, {"q_proj", "w_proj"});
        QVERIFY(target.error().code == codes::kLoraTarget);
        QVERIFY(target.error().message.find("w_proj") != std::string::npos);
        QVERIFY(target.error().message.find("gate_proj") != std::string::npos);
        QVERIFY(planLora(tiny(), 2, 1.0, 0.0, {}).error().code == codes::kLoraTarget);
        QVERIFY(planLora(tiny(), 0, 1.0, 0.0, {"q_proj"}).error().code == codes::kLoraRank);
    }

    void aFreshAdapterChangesNothingAndIsUniform() {
        const auto plan = planLora(llama8b(), 8, 4.0, 0.0, {"q_proj"});
        QVERIFY(plan);
        const std::vector<float> flat = initialParameters(*plan, 42);
        const LoraSlot& slot = plan->slots[3];
        const float bound = 1.0F / std::sqrt(4096.0F);
        double sum = 0.0;
        double squares = 0.0;
        for (std::int64_t i = slot.offsetA; i < slot.offsetB; ++i) {
            const double value = flat[static_cast<std::size_t>(i)];
            QVERIFY(std::abs(value) <= bound);
            sum += value;
            squares += value * value;
        }
        const auto count = static_cast<double>(slot.offsetB - slot.offsetA);
        QVERIFY(std::abs(sum / count) < bound * 0.02);
        QVERIFY(std::abs(squares / count - bound * bound / 3.0) <
                bound * bound * 0.02); // variance of a uniform
        for (std::int64_t i = slot.offsetB; i < slot.offsetB + slot.outFeatures * slot.r; ++i)
            QVERIFY(flat[static_cast<std::size_t>(i)] == 0.0F);
        QVERIFY(initialParameters(*plan, 42) == flat);
        QVERIFY(initialParameters(*plan, 43) != flat);
    }

    void anAdapterGoesToTheBufferAndBack() {
        const auto plan = planLora(tiny(), 2, 1.0, 0.0, {"all-linear"});
        QVERIFY(plan);
        std::vector<float> flat(static_cast<std::size_t>(plan->parameterCount));
        for (std::size_t i = 0; i < flat.size(); ++i)
            flat[i] = static_cast<float>(i);
        formats::PeftAdapter adapter;
        adapter.r = 2;
        unflatten(*plan, flat, adapter);
        QCOMPARE(adapter.targetModules.size(),
                 std::size_t{7}); // names, not "all-linear": PEFT knows no such module
        QVERIFY(std::is_sorted(adapter.targetModules.begin(), adapter.targetModules.end()));
        std::reverse(adapter.pairs.begin(), adapter.pairs.end());
        const auto again = planOf(tiny(), adapter);
        QVERIFY(again);
        QVERIFY(flatten(*again, adapter) == flat);
    }

    void ranksAndAlphasOfModulesStayTheirs() {
        formats::PeftAdapter adapter;
        adapter.r = 2;
        adapter.alpha = 4.0;
        adapter.pairs.push_back({"model.layers.0.self_attn.q_proj", 3, 4, 4, std::vector<float>(12, 1.0F),
                                 std::vector<float>(12, 2.0F)});
        adapter.pairs.push_back({"model.layers.1.mlp.down_proj", 1, 6, 4, std::vector<float>(6, 3.0F),
                                 std::vector<float>(4, 4.0F), 5.0});
        const auto plan = planOf(tiny(), adapter);
        QVERIFY2(plan, plan ? "" : plan.error().message.c_str());
        QCOMPARE(plan->parameterCount, std::int64_t{12 + 12 + 6 + 4});
        QCOMPARE(plan->slots[0].scaling, 4.0 / 3);
        QCOMPARE(plan->slots[1].scaling, 5.0);
        formats::PeftAdapter back = adapter;
        unflatten(*plan, flatten(*plan, adapter), back);
        for (std::size_t i = 0; i < 2; ++i) {
            QCOMPARE(back.pairs[i].r, adapter.pairs[i].r);
            QVERIFY(back.pairs[i].alpha == adapter.pairs[i].alpha);
            QVERIFY(back.pairs[i].loraA == adapter.pairs[i].loraA &&
                    back.pairs[i].loraB == adapter.pairs[i].loraB);
        }
        QCOMPARE(back.targetModules, (std::vector<std::string>{"model.layers.0.self_attn.q_proj",
                                                               "model.layers.1.mlp.down_proj"}));
    }

    void aBiasThatTheBaseHasNotIsRefusedByName() {
        const auto plan = planLora(tiny(), 2, 1.0, 0.0, {"q_proj"});
        formats::PeftAdapter adapter;
        unflatten(*plan, std::vector<float>(static_cast<std::size_t>(plan->parameterCount)), adapter);
        adapter.biases.push_back({"model.layers.0.self_attn.q_proj", std::vector<float>(4)});
        const auto refused = planOf(tiny(), adapter);
        QVERIFY(refused.error().code == codes::kLoraShape);
        QVERIFY(refused.error().message.find("model.layers.0.self_attn.q_proj.bias") != std::string::npos);
        formats::ModelConfig biased = tiny();
        biased.attention_bias = true;
        QVERIFY(planOf(biased, adapter));
        adapter.biases[0].values.pop_back();
        QVERIFY(planOf(biased, adapter).error().code == codes::kLoraShape);
    }

    void anAdapterOfAnotherBaseIsRefused() {
        const auto plan = planLora(llama8b(), 2, 1.0, 0.0, {"q_proj"});
        QVERIFY(plan);
        formats::PeftAdapter adapter;
        adapter.r = 2;
        unflatten(*plan, std::vector<float>(static_cast<std::size_t>(plan->parameterCount)), adapter);
        const auto refused = planOf(tiny(), adapter);
        QVERIFY(refused.error().code == codes::kLoraShape);
        QVERIFY(refused.error().message.find("model.layers.0.self_attn.q_proj") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestLoraPlan)
#include "test_lora_plan.moc"
