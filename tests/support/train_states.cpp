#include "support/train_states.h"

#include <bit>
#include <cstdint>

namespace llamahome::testing {
namespace {

constexpr std::int64_t kRank = 2;
constexpr std::int64_t kWidth = 4;

/// Values without a short decimal form.
std::vector<float> values(std::int64_t count, std::int64_t step, float scale) {
    std::vector<float> made;
    for (std::int64_t i = 0; i < count; ++i)
        made.push_back(scale * static_cast<float>(1 + i + 7 * step) / 3.0F);
    return made;
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) return false;
    return true;
}

bool sameBits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool sameBest(const std::optional<engine::BestState>& a, const std::optional<engine::BestState>& b) {
    if (a.has_value() != b.has_value()) return false;
    return !a || (sameBits(a->evalLoss, b->evalLoss) && a->step == b->step &&
                  a->evaluationsWithoutImprovement == b->evaluationsWithoutImprovement);
}

bool sameAdapter(const formats::PeftAdapter& a, const formats::PeftAdapter& b) {
    if (a.r != b.r || a.alpha != b.alpha || a.dropout != b.dropout || a.targetModules != b.targetModules ||
        a.pairs.size() != b.pairs.size())
        return false;
    for (std::size_t i = 0; i < a.pairs.size(); ++i)
        if (a.pairs[i].module != b.pairs[i].module || !sameBits(a.pairs[i].loraA, b.pairs[i].loraA) ||
            !sameBits(a.pairs[i].loraB, b.pairs[i].loraB))
            return false;
    return true;
}

} // namespace

engine::TrainState madeUpState(std::int64_t step, std::int64_t bestStep) {
    engine::TrainState state;
    state.step = step;
    state.adapter.r = kRank;
    state.adapter.alpha = 32.0;
    state.adapter.dropout = 0.1;
    state.adapter.targetModules = {"q_proj", "v_proj"};
    for (const char* module : {"model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj"})
        state.adapter.pairs.push_back({module, kRank, kWidth, kWidth, values(kRank * kWidth, step, 0.1F),
                                       values(kRank * kWidth, step, 0.01F)});
    state.expAvg = values(4 * kRank * kWidth, step, 1e-3F);
    state.expAvgSq = values(4 * kRank * kWidth, step, 1e-7F);
    if (bestStep >= 0) state.best = engine::BestState{1.0 / 3.0, bestStep, 1};
    state.trainedTokens = static_cast<std::uint64_t>(2048 * step);
    state.trainedSeconds = static_cast<double>(step) / 7.0;
    state.lastTrainLoss = 2.0 / 3.0;
    return state;
}

bool sameState(const engine::TrainState& a, const engine::TrainState& b) {
    return a.step == b.step && sameAdapter(a.adapter, b.adapter) && sameBits(a.expAvg, b.expAvg) &&
           sameBits(a.expAvgSq, b.expAvgSq) && sameBest(a.best, b.best) &&
           a.trainedTokens == b.trainedTokens && sameBits(a.trainedSeconds, b.trainedSeconds) &&
           sameBits(a.lastTrainLoss, b.lastTrainLoss) && a.evaluationDue == b.evaluationDue;
}

} // namespace llamahome::testing
