// Early stopping and best evaluation, as transformers' EarlyStoppingCallback counts. Any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "llama/train_state.h"

namespace llamahome::engine {

/// The best loss is updated by any improvement; the patience counter is reset only by an improvement of more
/// than minDelta over that best. A non-finite loss is never an improvement, not even the first.
class EarlyStopping {
public:
    /// Counts on from `best` where a run is resumed.
    EarlyStopping(bool enabled, int patience, double minDelta, std::optional<BestState> best);

    /// Whether patience is used up.
    bool update(double evalLoss, std::int64_t step);
    /// The state for a checkpoint; nothing before the first finite evaluation.
    const std::optional<BestState>& best() const { return m_best; }

private:
    bool m_enabled;
    int m_patience;
    double m_minDelta;
    std::optional<BestState> m_best;
};

} // namespace llamahome::engine
