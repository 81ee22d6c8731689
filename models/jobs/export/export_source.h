// The weights that an export takes: a model's own, or with an adapter merged into them. One thread at a time.
#pragma once

#include <memory>
#include <optional>

#include "formats/peft/merged_weights.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/export/export_model.h"
#include "llama/quant/quantising_weights.h"

namespace llamahome::jobs {

/// The adapter of the request, which has one, as strong as that asks for. PEFT-xx; EXP-02 where it is to be
/// scaled and holds biases, which have no scale.
Result<formats::PeftAdapter> readScaledAdapter(const ExportRequest& request);

class ExportSource {
public:
    /// ST-xx, PEFT-xx; EXP-04 where the adapter does not fit, or was trained on another model by its record.
    static Result<std::unique_ptr<ExportSource>> open(const ExportRequest& request);

    formats::TensorSource& weights() {
        if (m_quantised) return *m_quantised;
        return m_merged ? static_cast<formats::TensorSource&>(*m_merged) : *m_base;
    }
    /// What the user should know: an adapter of which nothing says that it was trained on this model.
    const std::vector<std::string>& notes() const { return m_notes; }
    /// The training record of the adapter; empty without one.
    const std::string& record() const { return m_record; }
    /// Bytes of all tensors.
    std::uint64_t weightBytes();

private:
    ExportSource() = default;
    /// The request's adapter into the weights.
    Result<void> merge(const ExportRequest& request);

    std::unique_ptr<formats::TensorSource> m_base;
    std::optional<formats::PeftAdapter> m_adapter;
    std::optional<formats::MergedWeights> m_merged;
    std::unique_ptr<engine::QuantisingWeights> m_quantised; ///< reads from one of the two
    std::vector<std::string> m_notes;
    std::string m_record;
};

} // namespace llamahome::jobs
