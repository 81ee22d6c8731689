#include "formats/meta/meta_weights.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/file_text.h"
#include "formats/hub/head_rows.h"
#include "formats/hub/tensor_names.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kShardStart = "consolidated.";
constexpr std::string_view kShardEnd = ".pth";
constexpr std::string_view kOneShard = "consolidated.pth";
constexpr std::string_view kTextPrefix = "text_model.";
constexpr std::string_view kCrossLayers = "text_model.cross_attention_layers.";
constexpr std::string_view kPicturePart = "vision_model.";
constexpr std::string_view kPictureToken = "text_model.learnable_embedding.weight";
constexpr std::string_view kEmbedding = "model.embed_tokens.weight";
constexpr std::string_view kHead = "lm_head.weight";

Error tensorsError(const TorchReader& shard, const std::string& text) {
    return Error{codes::kMetaTensors, shard.shownPath() + ": " + text + "; get the model again"};
}
Error shardsError(const TorchReader& shard, const std::string& text) {
    return Error{codes::kShardSet,
                 shard.shownPath() + ": " + text + "; get all files of one model into one folder"};
}

/// "00" of consolidated.00.pth; empty for other names.
std::string_view shardNumber(std::string_view name) {
    if (!name.starts_with(kShardStart) || !name.ends_with(kShardEnd) || name == kOneShard) return {};
    const std::string_view number =
        name.substr(kShardStart.size(), name.size() - kShardStart.size() - kShardEnd.size());
    return number.size() == 2 && number.find_first_not_of("0123456789") == std::string_view::npos
               ? number
               : std::string_view{};
}

std::string twoDigits(std::size_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

std::int64_t rowsOf(const TensorInfo& tensor) {
    return tensor.shape.empty() ? 1 : tensor.shape[0];
}

} // namespace

Result<std::vector<std::string>> metaShardNames(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator one(folder, failure), end; !failure && one != end; one.increment(failure))
        if (const std::string name = one->path().filename().string(); !shardNumber(name).empty())
            names.push_back(name);
    if (failure) return Error{codes::kFileRead, displayPath(folder) + ": " + failure.message()};
    std::sort(names.begin(), names.end());
    for (std::size_t i = 0; i < names.size(); ++i)
        if (shardNumber(names[i]) != twoDigits(i))
            return Error{codes::kShardSet, displayPath(folder) + ": found " + names[i] +
                                               ", expected consolidated." + twoDigits(i) +
                                               ".pth before it; get all files of the model"};
    if (names.empty() && fs::is_regular_file(folder / kOneShard, failure)) names.emplace_back(kOneShard);
    return names;
}

std::string MetaWeights::metaName(std::string_view hubName) const {
    return m_prefix + *translateName(hubName, NameStyle::Hub, NameStyle::Meta);
}

Result<void> MetaWeights::openShards(const fs::path& folder, const CancelToken& cancel) {
    const auto names = metaShardNames(folder);
    if (!names) return names.error();
    if (names->empty())
        return Error{codes::kFileNotFound,
                     displayPath(folder) + ": found no consolidated.00.pth; get all files of the model"};
    for (const std::string& name : *names) {
        auto shard = TorchReader::open(folder / name, cancel);
        if (!shard) return shard.error();
        m_shards.push_back(std::move(*shard));
    }
    return {};
}

Result<const TensorInfo*> MetaWeights::part(const TorchReader& shard, std::string_view hubName) const {
    const std::string name = metaName(hubName);
    const TensorInfo* const found = shard.find(name);
    if (found != nullptr) return found;
    if (m_shards.size() > 1)
        return shardsError(shard, "tensor " + name + " is missing in this of " +
                                      std::to_string(m_shards.size()) + " shards");
    return tensorsError(shard, "tensor " + name + " is missing");
}

/// What only the weights tell: vocabulary, heads of keys, tied head.
Result<void> MetaWeights::readSizes(const MetaModel& model) {
    m_config = model.config;
    std::int64_t vocabulary = 0;
    std::int64_t keyRows = 0;
    bool isTied = true;
    for (const auto& shard : m_shards) {
        const auto embedding = part(*shard, kEmbedding);
        if (!embedding) return embedding.error();
        const auto keys = part(*shard, "model.layers.0.self_attn.k_proj.weight");
        if (!keys) return keys.error();
        if ((*embedding)->shape.size() != 2 || (*keys)->shape.size() != 2)
            return tensorsError(*shard, "the embedding or the keys of layer 0 are no matrix");
        const bool isWhole = (*embedding)->shape[1] != m_config.hidden_size; // parts of columns
        vocabulary = isWhole ? rowsOf(**embedding) : vocabulary + rowsOf(**embedding);
        keyRows += rowsOf(**keys);
        isTied = isTied && shard->haveSameBytes(metaName(kEmbedding), metaName(kHead));
    }
    m_config.vocab_size = vocabulary;
    m_config.tie_word_embeddings = isTied;
    // Sixteen shards of the 405B hold each of the eight heads of keys twice.
    const std::int64_t keyHeads = keyRows / m_config.head_dim;
    if (keyHeads > m_config.num_key_value_heads && keyHeads % m_config.num_key_value_heads == 0)
        m_config.num_key_value_heads = keyHeads;
    auto checked = parseModelConfig(modelConfigJson(m_config), m_shards.front()->shownPath());
    if (!checked) return checked.error();
    m_config = std::move(*checked);
    return {};
}

/// The shards' parts lie side by side in rows or in columns, or are all the same vector.
Result<void> MetaWeights::checkParts(const TensorInfo& wanted) const {
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    const TensorInfo* first = nullptr;
    for (const auto& shard : m_shards) {
        const auto found = part(*shard, wanted.name);
        if (!found) return found.error();
        if (first == nullptr) first = *found;
        if (!isWeightType((*found)->dtype))
            return tensorsError(*shard, "tensor " + (*found)->name + " is " +
                                            std::string(dtypeName((*found)->dtype)) +
                                            ", expected BF16, F16 or F32");
        if ((*found)->dtype != first->dtype)
            return shardsError(*shard,
                               "tensor " + (*found)->name + " has another type than in the first shard");
        if ((*found)->shape.size() != wanted.shape.size())
            return tensorsError(*shard, "tensor " + (*found)->name + ": found " + shapeText((*found)->shape) +
                                            ", expected " + shapeText(wanted.shape));
        rows += (*found)->shape[0];
        columns += wanted.shape.size() == 2 ? (*found)->shape[1] : 0;
    }
    const auto& shape = first->shape;
    const bool isVector = wanted.shape.size() == 1 && shape == wanted.shape;
    const bool isByRows = wanted.shape.size() == 2 && shape[1] == wanted.shape[1] && rows == wanted.shape[0];
    const bool isByColumns =
        wanted.shape.size() == 2 && shape[0] == wanted.shape[0] && columns == wanted.shape[1];
    if (!isVector && !isByRows && !isByColumns) {
        const std::string text = "tensor " + first->name + ": found " + shapeText(shape) + " in each of " +
                                 std::to_string(m_shards.size()) + " shards, expected " +
                                 shapeText(wanted.shape) + " in all";
        return m_shards.size() > 1 ? shardsError(*m_shards.front(), text)
                                   : tensorsError(*m_shards.front(), text);
    }
    for (const auto& shard : m_shards) {
        const auto found = part(*shard, wanted.name);
        if ((*found)->shape != shape)
            return shardsError(*shard, "tensor " + first->name + ": found " + shapeText((*found)->shape) +
                                           ", the first shard has " + shapeText(shape));
    }
    return {};
}

/// Nothing is passed over in silence: what is no part of the decoder must be known.
Result<void> MetaWeights::checkUnknown(const TorchReader& shard, bool hasPictures) {
    for (const TensorInfo& found : shard.tensors()) {
        const std::string_view name = found.name;
        const bool isOfPictures =
            name.starts_with(kCrossLayers) || name.starts_with(kPicturePart) || name == kPictureToken;
        if (hasPictures && isOfPictures) continue;
        const auto hub = name.starts_with(m_prefix)
                             ? translateName(name.substr(m_prefix.size()), NameStyle::Meta, NameStyle::Hub)
                             : std::nullopt;
        const bool isHead = hub && *hub == kHead; // beside a tied embedding
        if (name.ends_with("rope.freqs") || isHead || (hub && find(*hub) != nullptr)) continue;
        return tensorsError(shard, "tensor " + quotedText(name) + " belongs to no Llama of this size");
    }
    return {};
}

void MetaWeights::tellLeftOut(const MetaModel& model) {
    const auto& found = m_shards.front()->tensors();
    const auto pictureTensors = std::count_if(found.begin(), found.end(), [](const TensorInfo& tensor) {
        return tensor.name.starts_with(kPicturePart);
    });
    m_leftOut.push_back(std::to_string(model.crossAttentionLayers) + " cross-attention layers");
    if (pictureTensors > 0)
        m_leftOut.push_back("the picture encoder (" + std::to_string(pictureTensors) + " tensors)");
    if (m_shards.front()->find(kPictureToken) != nullptr)
        m_leftOut.emplace_back("the picture tokens' embedding");
}

Result<void> MetaWeights::checkTensors(const MetaModel& model) {
    for (TensorInfo wanted : expectedTensors(m_config)) {
        if (auto checked = checkParts(wanted); !checked) return checked;
        wanted.dtype = m_shards.front()->find(metaName(wanted.name))->dtype;
        m_tensors.push_back(std::move(wanted));
    }
    for (const auto& shard : m_shards)
        if (auto checked = checkUnknown(*shard, model.crossAttentionLayers > 0); !checked) return checked;
    if (model.crossAttentionLayers > 0) tellLeftOut(model);
    return {};
}

Result<std::unique_ptr<MetaWeights>> MetaWeights::open(const fs::path& folder, const CancelToken& cancel) {
    const auto model = readMetaParams(folder / "params.json");
    if (!model) return model.error();
    std::unique_ptr<MetaWeights> weights(new MetaWeights());
    if (model->crossAttentionLayers > 0) weights->m_prefix = kTextPrefix;
    if (auto opened = weights->openShards(folder, cancel); !opened) return opened.error();
    if (auto sized = weights->readSizes(*model); !sized) return sized.error();
    if (auto checked = weights->checkTensors(*model); !checked) return checked.error();
    return weights;
}

Result<void> MetaWeights::joinColumns(const TensorInfo& tensor, std::span<std::byte> out) {
    const auto rows = static_cast<std::size_t>(tensor.shape[0]);
    const std::size_t rowBytes = out.size() / rows;
    std::vector<std::byte> buffer;
    std::size_t column = 0; // in bytes
    for (const auto& shard : m_shards) {
        const TensorInfo& found = *shard->find(metaName(tensor.name));
        buffer.resize(static_cast<std::size_t>(found.byteSize()));
        if (auto read = shard->read(found, buffer); !read) return read;
        const std::size_t partBytes = buffer.size() / rows;
        for (std::size_t row = 0; row < rows; ++row)
            std::memcpy(out.data() + row * rowBytes + column, buffer.data() + row * partBytes, partBytes);
        column += partBytes;
    }
    return {};
}

Result<void> MetaWeights::read(const TensorInfo& tensor, std::span<std::byte> out) {
    assert(out.size() == tensor.byteSize());
    const TensorInfo& first = *m_shards.front()->find(metaName(tensor.name));
    if (first.shape == tensor.shape) {
        if (auto read = m_shards.front()->read(first, out); !read) return read;
    } else if (first.shape[1] != tensor.shape[1]) {
        if (auto joined = joinColumns(tensor, out); !joined) return joined;
    } else {
        std::span<std::byte> rest = out;
        for (const auto& shard : m_shards) {
            const TensorInfo& found = *shard->find(metaName(tensor.name));
            const auto rows = rest.first(static_cast<std::size_t>(found.byteSize()));
            if (auto read = shard->read(found, rows); !read) return read;
            rest = rest.subspan(rows.size());
        }
    }
    if (const std::int64_t heads = interleavedHeads(tensor.name, m_config); heads > 0)
        deinterleaveHeadRows(out, heads, m_config.head_dim);
    return {};
}

} // namespace llamahome::formats
