// The checks that say whether a folder holds a model that this program can run. Any thread but GUI.
//
// Import asks all of them that matter before it makes a model visible; verify reports each.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "formats/tensor.h"
#include "jobs/verify/verify_model.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {

/// config.json describes a Llama that can be run. Its text is a summary for people.
Result<formats::ModelConfig> checkConfiguration(const std::filesystem::path& folder);
std::string configurationSummary(const formats::ModelConfig& config);

/// Index complete, every expected tensor there with its shape and a floating type; none too many. Gives
/// "272 tensors, BF16". ST-xx; ST-17 for another type.
Result<std::string> checkWeights(const std::filesystem::path& folder, const formats::ModelConfig& config);

/// tokenizer.json loads and fits into the rows of the embedding: VER-03.
Result<text::Tokenizer> checkTokenizer(const std::filesystem::path& folder,
                                       const formats::ModelConfig& config);

/// Whether the index leads to every tensor of the files and to none besides. Not checked for one file.
struct IndexCheck {
    CheckStatus status = CheckStatus::Passed;
    std::string reason = {};         ///< where it passed or was not checked
    std::optional<Error> error = {}; ///< where it failed (ST-37, ST-38, JSON-xx) or warned (ST-38)
    std::optional<Repair> repair = {};
};
IndexCheck checkIndex(const std::filesystem::path& folder);

/// A head that lies beside a tied embedding is the embedding: else ST-42, for it is not used. The weights
/// have passed checkWeights(). They are compared where they are mapped; memory for one where they are not.
Result<std::string> checkTiedWeights(const std::filesystem::path& folder, const formats::ModelConfig& config);
Result<std::string> checkTiedWeights(formats::TensorSource& source, const formats::ModelConfig& config,
                                     const std::string& what);

/// There is a token that ends generation, and one with the id that config.json and generation_config.json
/// give for padding: VER-04.
Result<std::string> checkSpecialTokens(const std::filesystem::path& folder, const text::Tokenizer& tokenizer);

/// The chat template is one that is known: TPL-01. Gives its name.
Result<std::string> checkTemplate(const std::filesystem::path& folder);

/// A licence file, or one named by the catalogue: VER-06.
Result<std::string> checkLicence(const std::filesystem::path& folder, const std::string& catalogued);

/// What an import must pass: configuration, weights, tokenizer.
Result<void> checkModelFolder(const std::filesystem::path& folder);

/// Every number of the safetensors file is finite: ST-44 names the first tensor with one that is not.
/// Progress in bytes.
Result<void> checkFinite(formats::TensorSource& source, const std::string& what, const CancelToken& cancel,
                         const ProgressSink& progress);

} // namespace llamahome::jobs
