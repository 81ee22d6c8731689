// From a model in Hub layout to one GGUF file, as llama.cpp's converter and quantiser make it. Not on the GUI
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/gguf/gguf_file_type.h"
#include "formats/gguf/gguf_writer.h"
#include "formats/hub/model_config.h"
#include "formats/tensor.h"

namespace llamahome::formats {

struct GgufExportOptions {
    GgufFileType type = GgufFileType::Q8_0;
    std::string name = {};    ///< general.name; empty: left out
    std::string license = {}; ///< general.license, an SPDX name or the Hub's; empty: left out
    std::optional<std::string> chatTemplate = {}; ///< in place of the folder's own
    std::vector<std::int64_t> endTokens = {};     ///< ids that end an answer; empty: the folder's own
};

class GgufReader;

/// All that the file will hold, known before anything is written.
class GgufExport {
public:
    /// Reads configuration and tokenizer of `folder`; the tensors are those of `weights`, under Hub names as
    /// F32, F16 or BF16: the folder's own or merged ones. ST-41 and ST-42 where they do not belong to the
    /// configuration, EXP-02 and EXP-03 from readTokenizerParts(), EXP-03 for an end token without a row.
    /// `weights` outlives this.
    static Result<GgufExport> plan(const std::filesystem::path& folder, TensorSource& weights,
                                   const GgufExportOptions& options);

    /// Size of the file to come, exact.
    std::uint64_t fileBytes() const { return m_fileBytes; }
    /// What the file will not say as the model does, for the user: end tokens that llama.cpp will not know.
    const std::vector<std::string>& notes() const { return m_notes; }
    const ModelConfig& config() const { return m_config; }

    /// Writes `target` beside its name and renames it, then reads its head back, with the ends of answers and
    /// the chat template as an import takes them (EXP-03, and the file is removed). An existing file is
    /// replaced. Memory: the largest tensor as fp32, twice while it is read. Cancel is looked at and progress
    /// told ("bytes" written) once a tensor. EXP-03 names a tensor with values that are not finite.
    Result<void> write(FileLayer& files, const std::filesystem::path& target, const ParallelFor& parallel,
                       const CancelToken& cancel, const ProgressSink& progress);

private:
    GgufExport(TensorSource& weights, ModelConfig config)
        : m_weights(&weights)
        , m_config(std::move(config)) {}
    Result<std::vector<float>> valuesOf(const GgufPlanned& tensor) const;
    Result<void> readBack(const std::filesystem::path& target) const;
    Result<void> readBackTokenizer(const GgufReader& reader) const;

    TensorSource* m_weights;
    ModelConfig m_config;
    GgufPairs m_pairs;
    std::vector<GgufPlanned> m_plan;
    std::vector<std::int64_t> m_endTokens;
    std::optional<std::string> m_chatTemplate;
    std::uint64_t m_fileBytes = 0;
    std::vector<std::string> m_notes;
};

} // namespace llamahome::formats
