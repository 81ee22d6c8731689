// What an adapter's training_record.yaml tells of its training. A value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace llamahome::jobs {

struct AdapterRecord {
    std::string run;
    std::string baseDigest; ///< of the model's files, see manifestDigest()
    std::string end;        ///< "finished", "stopped early", "interrupted"
    std::int64_t step = 0;  ///< whose state the adapter is
    std::int64_t totalSteps = 0;
    std::optional<double> trainLoss;
    std::optional<double> evalLoss;
};

/// Takes what is there; the rest stays empty. A person may have written the file.
AdapterRecord parseAdapterRecord(const std::string& trainingRecord);

} // namespace llamahome::jobs
