#include "jobs/verify/model_checks.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>

#include "core/digest.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "core/quantity.h"
#include "formats/file_text.h"
#include "formats/hub/hub_names.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/tensor_names.h"
#include "formats/tensor_values.h"
#include "jobs/import/import_files.h"
#include "text/template/chat_template.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

Result<std::string> hashOf(formats::TensorSource& source, const formats::TensorInfo& tensor,
                           std::vector<std::byte>& buffer) {
    buffer.resize(static_cast<std::size_t>(tensor.byteSize()));
    if (auto read = source.read(tensor, buffer); !read) return read.error();
    Digest hash(DigestKind::Sha256);
    hash.update(buffer);
    return hash.hex();
}

/// Where the tensors are not mapped, hashes are compared, so that memory for one is enough.
Result<bool> areEqual(formats::TensorSource& source, const formats::TensorInfo& one,
                      const formats::TensorInfo& other) {
    if (one.dtype != other.dtype || one.shape != other.shape) return false;
    const auto bytes = source.mapped(one);
    const auto others = source.mapped(other);
    if (!bytes.empty() && !others.empty())
        return std::equal(bytes.begin(), bytes.end(), others.begin(), others.end());
    std::vector<std::byte> buffer;
    const auto hash = hashOf(source, one, buffer);
    if (!hash) return hash.error();
    const auto otherHash = hashOf(source, other, buffer);
    if (!otherHash) return otherHash.error();
    return *hash == *otherHash;
}

} // namespace

Result<formats::ModelConfig> checkConfiguration(const fs::path& folder) {
    return formats::readModelConfig(folder / "config.json");
}

std::string configurationSummary(const formats::ModelConfig& config) {
    return formatNumber(static_cast<double>(config.parameterCount()) / 1e6) + " million parameters, " +
           std::to_string(config.num_hidden_layers) + " layers of width " +
           formatCount(static_cast<std::uint64_t>(config.hidden_size)) + ", vocabulary " +
           formatCount(static_cast<std::uint64_t>(config.vocab_size));
}

Result<std::string> checkWeights(const fs::path& folder, const formats::ModelConfig& config) {
    const std::string what = displayPath(folder);
    const auto source = formats::openModelWeights(folder);
    if (!source) return source.error();
    if (auto checked = formats::checkModelTensors(**source, config, what); !checked) return checked.error();
    std::set<std::string> types;
    for (const formats::TensorInfo& tensor : (*source)->tensors()) {
        if (!formats::isWeightType(tensor.dtype) && !formats::isIgnoredTensor(tensor.name))
            return Error{codes::kStTypeUnknown, what + ": tensor " + tensor.name + " has type " +
                                                    std::string(formats::dtypeName(tensor.dtype)) +
                                                    ", expected BF16, F16 or F32; get the unquantised model"};
        types.insert(std::string(formats::dtypeName(tensor.dtype)));
    }
    std::string summary = formatCount((*source)->tensors().size()) + " tensors";
    for (const std::string& type : types)
        summary += ", " + type;
    return summary;
}

Result<text::Tokenizer> checkTokenizer(const fs::path& folder, const formats::ModelConfig& config) {
    auto tokenizer = text::Tokenizer::load(folder);
    if (!tokenizer) return tokenizer;
    if (tokenizer->vocabSize() > static_cast<std::uint64_t>(config.vocab_size))
        return Error{codes::kVerifyTokenizer, displayPath(folder) + ": the tokenizer has " +
                                                  std::to_string(tokenizer->vocabSize()) +
                                                  " tokens, the model " + std::to_string(config.vocab_size) +
                                                  " rows; take the tokenizer that belongs to the model"};
    return tokenizer;
}

IndexCheck checkIndex(const fs::path& folder) {
    const fs::path single = folder / formats::kWeightsFile;
    const fs::path index = folder / formats::kWeightsIndex;
    const bool isSingle = isThere(single);
    if (isSingle && isThere(index))
        return {.status = CheckStatus::Warned,
                .error = Error{codes::kIndexShards,
                               displayPath(index) +
                                   ": an index of several files beside model.safetensors, which is the one "
                                   "that is used; remove the index"},
                .repair = Repair{RepairKind::RemoveFiles, {std::string(formats::kWeightsIndex)}}};
    if (isSingle)
        return {.status = CheckStatus::NotChecked, .reason = "the weights are one file, which needs none"};
    const auto source = formats::openModelWeights(folder);
    if (source) return {.reason = formatCount((*source)->tensors().size()) + " tensors, each in its file"};
    const ErrorCode code = source.error().code;
    const bool isOfIndex = code == codes::kIndexShards || code == codes::kIndexFileName ||
                           code == codes::kJsonShape || code == codes::kJsonSyntax;
    if (!isOfIndex) return {.status = CheckStatus::NotChecked, .reason = "the weights cannot be read"};
    return {.status = CheckStatus::Failed, .error = source.error(), .repair = Repair{RepairKind::GetAgain}};
}

Result<std::string> checkTiedWeights(const fs::path& folder, const formats::ModelConfig& config) {
    const auto source = formats::openModelWeights(folder);
    if (!source) return source.error();
    return checkTiedWeights(**source, config, displayPath(folder));
}

Result<std::string> checkTiedWeights(formats::TensorSource& source, const formats::ModelConfig& config,
                                     const std::string& what) {
    const formats::TensorInfo* const head = source.find("lm_head.weight");
    if (!config.tie_word_embeddings) return std::string("none: the head has weights of its own");
    if (head == nullptr) return std::string("the head is the embedding");
    const auto isSame = areEqual(source, *head, *source.find("model.embed_tokens.weight"));
    if (!isSame) return isSame.error();
    if (*isSame) return std::string("the head that lies beside the embedding is the same");
    return Error{codes::kTensorSet,
                 what + ": lm_head.weight differs from the embedding that config.json ties it "
                        "to, and is not used; if the model needs it, set tie_word_embeddings to "
                        "false"};
}

Result<std::string> checkSpecialTokens(const fs::path& folder, const text::Tokenizer& tokenizer) {
    for (const char* name : {"config.json", "generation_config.json"}) {
        const auto json = readJsonFile(folder / name);
        if (!json || !json->is_object() || !json->contains("pad_token_id")) continue;
        const Json& id = (*json)["pad_token_id"];
        const bool isToken = id.is_number_integer() && id >= 0 && id <= INT32_MAX &&
                             tokenizer.hasToken(id.get<std::int32_t>());
        if (!id.is_null() && id != -1 && !isToken)
            return Error{codes::kVerifySpecialToken, displayPath(folder / name) + ": pad_token_id is " +
                                                         formats::quotedText(writeJsonLine(id)) +
                                                         ", which is no token; other programs may fail"};
    }
    std::string ends;
    for (const std::int32_t id : tokenizer.endTokens())
        ends += (ends.empty() ? "" : ", ") + tokenizer.tokenBytes(id);
    if (!ends.empty()) return "ends at " + ends;
    return Error{codes::kVerifySpecialToken, "no token ends an answer (eos_token_id): answers stop only at "
                                             "their greatest length"};
}

Result<std::string> checkTemplate(const fs::path& folder) {
    const auto found = text::ChatTemplate::load(folder);
    if (!found) return found.error();
    return found->name();
}

Result<std::string> checkLicence(const fs::path& folder, const std::string& catalogued) {
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        const std::string name = displayPath(entry->path().filename());
        if (isLicenceFile(name)) return name;
    }
    if (!catalogued.empty()) return catalogued + " (by the catalogue)";
    return Error{codes::kVerifyLicence,
                 "no licence file; look up under which terms the model may be used where it came from"};
}

Result<void> checkModelFolder(const fs::path& folder) {
    const auto config = checkConfiguration(folder);
    if (!config) return config.error();
    if (auto weights = checkWeights(folder, *config); !weights) return weights.error();
    if (auto tokenizer = checkTokenizer(folder, *config); !tokenizer) return tokenizer.error();
    return {};
}

Result<void> checkFinite(formats::TensorSource& source, const std::string& what, const CancelToken& cancel,
                         const ProgressSink& progress) {
    Progress state{"looking at every number", 0, 0, "bytes"};
    for (const formats::TensorInfo& tensor : source.tensors())
        state.total += tensor.byteSize();
    std::vector<std::byte> buffer;
    for (const formats::TensorInfo& tensor : source.tensors()) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "the check of " + what + " was stopped"};
        // Read, not mapped: pages of the whole model would count as this program's memory.
        buffer.resize(static_cast<std::size_t>(tensor.byteSize()));
        if (auto read = source.read(tensor, buffer); !read) return read.error();
        if (formats::holdsNonFinite(buffer, tensor.dtype))
            return Error{codes::kNonFiniteWeights,
                         what + ": tensor " + tensor.name + " holds an infinity or NaN; get the model again"};
        state.done += tensor.byteSize();
        if (progress) progress(state);
    }
    return {};
}

} // namespace llamahome::jobs
