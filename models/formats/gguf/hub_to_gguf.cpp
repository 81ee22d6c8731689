#include "formats/gguf/hub_to_gguf.h"

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/gguf_tokenizer.h"
#include "formats/gguf/gguf_tokenizer_pairs.h"
#include "formats/hub/head_rows.h"
#include "formats/hub/rope_divisors.h"
#include "formats/hub/tensor_names.h"
#include "formats/tensor_values.h"
#include "formats/tokenizer/hub_tokenizer_reader.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

void addArchitecture(GgufPairs& pairs, const ModelConfig& config, const GgufExportOptions& options) {
    constexpr std::uint32_t kQuantisationVersion = 2;
    const auto whole = [&](const char* key, std::int64_t value) {
        pairs.add(key, static_cast<std::uint32_t>(value));
    };
    pairs.addText("general.architecture", "llama");
    pairs.addText("general.type", "model");
    if (!options.name.empty()) pairs.addText("general.name", options.name);
    if (!options.license.empty()) pairs.addText("general.license", options.license);
    pairs.add("general.file_type", static_cast<std::uint32_t>(options.type));
    pairs.add("general.quantization_version", kQuantisationVersion);
    whole("llama.block_count", config.num_hidden_layers);
    whole("llama.context_length", config.max_position_embeddings);
    whole("llama.embedding_length", config.hidden_size);
    whole("llama.feed_forward_length", config.intermediate_size);
    whole("llama.attention.head_count", config.num_attention_heads);
    whole("llama.attention.head_count_kv", config.num_key_value_heads);
    whole("llama.attention.key_length", config.head_dim);
    whole("llama.attention.value_length", config.head_dim);
    pairs.add("llama.attention.layer_norm_rms_epsilon", static_cast<float>(config.rms_norm_eps));
    whole("llama.rope.dimension_count", config.head_dim);
    pairs.add("llama.rope.freq_base", static_cast<float>(config.rope_theta));
    if (config.isScaledLike(RopeType::Linear)) {
        pairs.addText(kGgufRopeScalingType, kGgufLinearScaling);
        pairs.add(kGgufRopeScalingFactor, static_cast<float>(config.rope_scaling->factor));
    }
    whole("llama.vocab_size", config.vocab_size);
}

std::uint64_t packedBytes(const GgufPlanned& tensor) {
    return tensor.info().elementCount() / tensor.type->blockElements * tensor.type->blockBytes;
}

} // namespace

Result<GgufExport> GgufExport::plan(const fs::path& folder, TensorSource& weights,
                                    const GgufExportOptions& options) {
    auto config = readModelConfig(folder / "config.json");
    if (!config) return config.error();
    if (auto belongs = checkModelTensors(weights, *config, displayPath(folder)); !belongs)
        return belongs.error();
    auto tokenizer = readTokenizerParts(folder, *config);
    if (!tokenizer) return tokenizer.error();
    if (options.chatTemplate) tokenizer->chatTemplate = options.chatTemplate;
    if (!options.endTokens.empty()) tokenizer->endTokens = options.endTokens;
    for (const std::int64_t id : tokenizer->endTokens)
        if (id < 0 || id >= config->vocab_size)
            return Error{codes::kExportCheck, displayPath(folder) + ": the end token " + std::to_string(id) +
                                                  " is beyond the embedding; get the model again"};
    GgufExport result(weights, std::move(*config));
    addArchitecture(result.m_pairs, result.m_config, options);
    auto notes = addTokenizerPairs(result.m_pairs, *tokenizer, displayPath(folder));
    if (!notes) return notes.error();
    result.m_notes = std::move(*notes);
    result.m_endTokens = tokenizer->endTokens;
    result.m_chatTemplate = tokenizer->chatTemplate;
    if (result.m_config.isScaledLike(RopeType::Dynamic))
        result.m_notes.push_back("GGUF has no dynamic rope scaling: beyond " +
                                 std::to_string(result.m_config.max_position_embeddings) +
                                 " tokens the file answers as a model without it");
    result.m_plan = planGgufTensors(result.m_config, options.type);
    const auto bytes = ggufFileBytes(result.m_pairs, result.m_plan);
    if (!bytes) return bytes.error();
    result.m_fileBytes = *bytes;
    return result;
}

Result<std::vector<float>> GgufExport::valuesOf(const GgufPlanned& tensor) const {
    if (tensor.name == kGgufRopeTensor) {
        const std::vector<double> divisors = llama3Divisors(m_config, *m_config.rope_scaling);
        return std::vector<float>(divisors.begin(), divisors.end());
    }
    const std::string name = *translateName(tensor.name, NameStyle::Gguf, NameStyle::Hub);
    auto values = readAsFloats(*m_weights, *m_weights->find(name));
    if (!values) return values;
    if (const std::int64_t heads = interleavedHeads(name, m_config); heads > 0)
        interleaveHeadRows(std::as_writable_bytes(std::span(*values)), heads, m_config.head_dim);
    return values;
}

Result<void> GgufExport::write(FileLayer& files, const fs::path& target, const ParallelFor& parallel,
                               const CancelToken& cancel, const ProgressSink& progress) {
    auto writer = GgufWriter::create(files, target, m_pairs, m_plan, parallel);
    if (!writer) return writer.error();
    Progress state{"writing GGUF", 0, 0, "bytes"};
    for (const GgufPlanned& tensor : m_plan)
        state.total += packedBytes(tensor);
    for (const GgufPlanned& tensor : m_plan) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "writing GGUF was stopped"};
        const auto values = valuesOf(tensor);
        if (!values) return values.error();
        if (auto done = (*writer)->write(tensor.info(), std::as_bytes(std::span(*values))); !done)
            return done;
        state.done += packedBytes(tensor);
        if (progress) progress(state);
    }
    if (auto finished = (*writer)->finish(); !finished) return finished;
    const auto checked = readBack(target);
    if (!checked) (void)files.remove(target);
    return checked;
}

Result<void> GgufExport::readBack(const fs::path& target) const {
    const auto reader = GgufReader::open(target);
    if (!reader) return reader.error();
    const auto wrong = [&](const std::string& text) {
        return Error{codes::kExportCheck, displayPath(target) + ": read back, " + text + "; write it again"};
    };
    const std::vector<TensorInfo>& found = (*reader)->tensors();
    if (found.size() != m_plan.size())
        return wrong("found " + std::to_string(found.size()) + " tensors, expected " +
                     std::to_string(m_plan.size()));
    for (std::size_t i = 0; i < found.size(); ++i)
        if (found[i].name != m_plan[i].name || found[i].shape != m_plan[i].shape ||
            &(*reader)->packing(found[i]) != m_plan[i].type)
            return wrong("tensor " + quotedText(m_plan[i].name) + " differs");
    return readBackTokenizer(**reader);
}

Result<void> GgufExport::readBackTokenizer(const GgufReader& reader) const {
    const auto tokenizer = tokenizerFromGguf(reader, m_config.max_position_embeddings);
    if (!tokenizer) return tokenizer.error();
    const auto wrong = [&](const char* what) {
        return Error{codes::kExportCheck,
                     reader.shownPath() + ": read back, " + what + " differ; write it again"};
    };
    if (!m_endTokens.empty() && tokenizer->endTokens != m_endTokens)
        return wrong("the tokens that end an answer");
    const auto text = tokenizer->config.find("chat_template");
    const bool hasText = text != tokenizer->config.end();
    if (hasText != m_chatTemplate.has_value() || (hasText && *text != *m_chatTemplate))
        return wrong("the words of the chat template");
    return {};
}

} // namespace llamahome::formats
