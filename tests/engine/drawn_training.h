// Trainings of rows and adapters drawn by chance: their loss curves, and the memory that was planned for
// their passes.
#pragma once

#include <algorithm>
#include <cmath>

#include <ATen/Parallel.h>

#include <QTest>

#include "engine/drawn_pass.h"
#include "llama/kernels/row_kernels.h"
#include "llama/train/trainer.h"
#include "llama/train/workspace_plan.h"

namespace llamahome::testing {

inline engine::WorkspaceShape shapeOf(const std::vector<text::TokenRow>& rows, bool drops) {
    engine::WorkspaceShape shape{0, 0, 0, sizeof(engine::Bfloat16), drops, 0, at::get_num_threads()};
    for (const text::TokenRow& row : rows) {
        const auto length = static_cast<std::int64_t>(row.tokens.size());
        shape.tokens += length;
        shape.targets += static_cast<std::int64_t>(row.targetCount());
        shape.longestRow = std::max(shape.longestRow, length);
    }
    return shape;
}

/// A pass in bfloat16 takes what was planned, within 5 %.
inline Passed verifyPlanned(const engine::Decoder& decoder, const engine::LoraSet& lora,
                            const std::vector<text::TokenRow>& rows, std::int64_t recomputedLayers) {
    engine::WorkspaceShape shape = shapeOf(rows, lora.plan.dropout > 0.0);
    shape.recomputedLayers = recomputedLayers;
    shape.int8Products = decoder.multipliesInInt8();
    engine::Workspace workspace;
    Passed found = pass(decoder, rows, lora, recomputedLayers, workspace);
    const auto planned = static_cast<double>(engine::workspaceBytes(decoder.config(), lora.plan, shape));
    const auto taken = static_cast<double>(workspace.peakBytes());
    const QByteArray said = QByteArray::number(planned) + " planned, taken " + QByteArray::number(taken);
    [&] { QVERIFY2(std::abs(planned - taken) <= 0.05 * taken, said); }();
    return found;
}

struct LossObserver final : engine::TrainObserver {
    std::vector<double> losses;
    Result<void> onMetric(const engine::MetricPoint& point) override {
        if (!point.isEvaluation) losses.push_back(point.trainLoss);
        return {};
    }
    Result<void> onCheckpoint(const engine::TrainState&) override { return {}; }
    void onProgress(const Progress&) override {}
};

/// The loss of each step.
inline std::vector<double> lossCurve(const engine::Decoder& decoder, const engine::TrainRequest& request) {
    engine::LoraSet lora = adapterOf(decoder, {"all-linear"}, 0.1);
    LossObserver observer;
    engine::Trainer trainer(decoder, lora, request, observer);
    checked(trainer.run());
    return observer.losses;
}

} // namespace llamahome::testing
