// Trainer: the loop of one run, from batches to metrics and states. Engine thread.
#pragma once

#include <vector>

#include "llama/engine.h"
#include "llama/nn/decoder.h"
#include "llama/nn/workspace.h"
#include "llama/train/adamw.h"
#include "llama/train/batch_plan.h"
#include "llama/train/checkpoint_schedule.h"
#include "llama/train/early_stopping.h"
#include "llama/train/lr_schedule.h"

namespace llamahome::engine {

class Trainer {
public:
    /// `lora` holds the start parameters and is trained in place. The request outlives the trainer.
    Trainer(const Decoder& decoder, LoraSet& lora, const TrainRequest& request, TrainObserver& observer);

    /// Runs to the end, early stop, cancel, or the first error. TRAIN-01: loss, gradient or eval loss not
    /// finite; ENG-04: no memory is left, or checkMemory() says so. After ENG-04, and after TRAIN-01 of a
    /// step, the state of the step before is kept.
    Result<TrainOutcome> run();

private:
    struct StepResult {
        double lossSum = 0.0;
        std::uint64_t tokens = 0;
        std::uint64_t targets = 0;
        bool cancelled = false;
    };
    Result<StepResult> accumulate(std::int64_t stepIndex);
    Result<void> applyStep(std::int64_t stepIndex, const StepResult& result, double begin);
    Result<void> trainStep(std::int64_t stepIndex, bool& cancelled);
    /// The evaluation of m_stepsDone; whether the run should stop early. Until it succeeds it stays due.
    Result<bool> evaluate();
    /// Bytes by which the process will grow in this micro-batch, planned; 0 where that is not known.
    std::uint64_t growthFor(const Batch& batch);
    /// After a failure of numbers or memory keeps the state of the last step, unless that has numbers that
    /// are none itself, and says what is kept.
    Error keepAfter(Error failure);
    Result<void> checkpoint();
    TrainState state() const;
    double secondsSinceStart() const;

    const Decoder& m_decoder;
    LoraSet& m_lora;
    const TrainRequest& m_request;
    TrainObserver& m_observer;
    BatchPlan m_plan;
    LrSchedule m_schedule;
    EarlyStopping m_stopping;
    AdamW m_optimizer;
    at::Tensor m_gradients; ///< flat, as the adapter
    Products m_products;
    Workspace m_workspace;
    std::uint64_t m_plannedBytes = 0; ///< of the workspace, for the largest micro-batch so far
    std::int64_t m_evaluationInterval;
    std::int64_t m_stepsDone = 0;
    double m_lastTrainLoss;
    std::uint64_t m_trainedTokens = 0;
    double m_earlierSeconds = 0.0; ///< trained before this session (resume)
    double m_startSeconds;
    CheckpointSchedule m_checkpoints;
    bool m_evaluationDue; ///< the evaluation of m_stepsDone is still to be done
};

/// Token-exact loss over rows, `rowsAtOnce` concatenated. RUN-00 when cancelled between batches.
Result<EvaluationResult> evaluateRows(const Decoder& decoder, const LoraSet* lora,
                                      const std::vector<text::TokenRow>& rows, int rowsAtOnce,
                                      Workspace& workspace, const CancelToken& cancel,
                                      const ProgressSink& progress);

} // namespace llamahome::engine
