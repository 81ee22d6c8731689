#include "llama/infer/decode_step.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include <ATen/Parallel.h>

#include "llama/infer/decode_weights.h"
#include "llama/infer/plain_decode_step.h"
#include "llama/infer/thread_team.h"
#include "llama/kernels/row_kernels.h"

namespace llamahome::engine {
namespace {

constexpr std::int64_t kGrain = 16; // outputs; a cache line of fp32

struct alignas(kGrain * sizeof(float)) CacheLine {
    float values[kGrain];
};

std::int64_t linesFor(std::int64_t floats) {
    return (floats + kGrain - 1) / kGrain;
}

/// As many threads as find enough to read in a layer between two meetings.
std::int64_t threadsFor(const Decoder& decoder) {
    constexpr std::int64_t kWorthAThread = 128 << 10; // bytes of a layer
    std::int64_t bytes = 0;
    for (const Projection projection : kProjections) {
        const ProjectionShape shape = projectionShape(decoder.config(), projection);
        bytes += shape.inFeatures * shape.outFeatures *
                 static_cast<std::int64_t>(at::elementSize(decoder.dtype()));
    }
    return std::clamp<std::int64_t>(bytes / kWorthAThread, 1, at::get_num_threads());
}

/// A key head of one row's context, and the parts that the threads make of it.
struct ContextHead {
    std::int64_t row;
    std::int64_t head;
    std::int64_t start; ///< of its tokens in the list of all heads' tokens
    std::int64_t tokens;
    std::int64_t firstPart;
    std::int64_t parts;
};

template <typename T>
class TypedDecodeStep final : public DecodeStep {
public:
    TypedDecodeStep(const Decoder& decoder, const LoraSet* lora, std::int64_t rows, std::int64_t threads);

    std::span<float> run(std::span<const std::int32_t> tokens, std::span<KvCache* const> caches) override;

private:
    std::int64_t queryWidth() const { return m_config.num_attention_heads * m_config.head_dim; }
    std::int64_t keyWidth() const { return m_config.num_key_value_heads * m_config.head_dim; }
    std::int64_t perKeyHead() const { return m_config.num_attention_heads / m_config.num_key_value_heads; }
    std::int64_t widest() const { return std::max(m_config.hidden_size, queryWidth()); }

    void begin(std::span<const std::int32_t> tokens);
    void planAttention();
    void passLayer(std::int64_t index, const TeamMember& member);
    void norm(const T* x, const T* weight, T* out, const TeamMember& member);
    /// outs[i] [rows, members[i].out] of x [rows, in], for the thread's share of the outputs.
    void project(const DecodeGroup<T>& group, const T* x, std::initializer_list<T*> outs, const T* residual,
                 const TeamMember& member);
    void lowProducts(const DecodeGroup<T>& group, const VectorRows<T>& x, const TeamMember& member);
    void attend(std::int64_t layer, const TeamMember& member);
    void attendShare(std::int64_t layer, std::int64_t share, T* rotated);
    void storeToken(std::int64_t layer, const ContextHead& context) const;
    void joinAttended(T* attended) const;
    VectorAttention<T> attentionOf(std::int64_t layer, const ContextHead& context, const T* queries) const;
    void head(const TeamMember& member);

    T* ownMemory(const TeamMember& member) { return m_own.data() + member.number * m_ownSize; }
    float* arranged(const TeamMember& member) {
        return m_arranged.data()[member.number * m_arrangedSize].values;
    }

    const Decoder& m_decoder;
    const formats::ModelConfig& m_config;
    DecodeWeights<T> m_weights;
    std::int64_t m_threads;
    std::int64_t m_rows = 0; ///< of the current call
    std::span<KvCache* const> m_caches;
    std::vector<ContextHead> m_contexts;
    std::int64_t m_contextTokens = 0; ///< of all of them
    std::int64_t m_shares = 0;        ///< that the attention is cut into
    std::int64_t m_ownSize;
    std::vector<T> m_x, m_middle;    ///< [rows, hidden]
    std::vector<T> m_q;              ///< [rows, heads · head_dim]
    std::vector<T> m_k, m_v;         ///< [rows, kv heads · head_dim]
    std::vector<T> m_gate, m_up;     ///< [rows, intermediate]
    std::vector<T> m_low;            ///< [rows, rank]
    std::vector<T> m_own;            ///< of each thread: an input of all rows, and the queries of a key head
    std::int64_t m_arrangedSize = 0; ///< of a thread: the widest input of a quantised matrix, of all rows
    std::vector<CacheLine> m_arranged;
    std::vector<float> m_inverseRms;
    std::vector<float> m_sums;       ///< [rows, outputs of a group]
    std::vector<float> m_parts;      ///< of the attended
    std::vector<float> m_cos, m_sin; ///< [rows, head_dim / 2]
    std::vector<float> m_logits;     ///< [rows, vocab]
};

template <typename T>
TypedDecodeStep<T>::TypedDecodeStep(const Decoder& decoder, const LoraSet* lora, std::int64_t rows,
                                    std::int64_t threads)
    : m_decoder(decoder)
    , m_config(decoder.config())
    , m_weights(decoder, lora)
    , m_threads(threads)
    , m_ownSize(rows * widest() + perKeyHead() * m_config.head_dim) {
    assert(rows >= 1 && rows <= kMaxVectorRows);
    const auto sized = [](auto& buffer, std::int64_t count) {
        buffer.resize(static_cast<std::size_t>(count));
    };
    for (auto* buffer : {&m_x, &m_middle})
        sized(*buffer, rows * m_config.hidden_size);
    sized(m_q, rows * queryWidth());
    for (auto* buffer : {&m_k, &m_v})
        sized(*buffer, rows * keyWidth());
    for (auto* buffer : {&m_gate, &m_up})
        sized(*buffer, rows * m_config.intermediate_size);
    sized(m_low, rows * m_weights.largestRank());
    sized(m_own, m_threads * m_ownSize);
    sized(m_inverseRms, m_threads * rows);
    std::int64_t outputs = m_weights.largestRank();
    for (const DecodeLayer<T>& layer : m_weights.layers())
        for (const DecodeGroup<T>* group : {&layer.attention, &layer.output, &layer.mlp, &layer.down}) {
            outputs = std::max(outputs, group->out);
            for (const DecodeProjection<T>& projection : group->members)
                if (projection.quantised != nullptr)
                    m_arrangedSize = std::max(m_arrangedSize, linesFor(rows * projection.quantised->columns));
        }
    sized(m_sums, rows * outputs);
    sized(m_arranged, m_threads * m_arrangedSize);
    const std::int64_t contexts = rows * m_config.num_key_value_heads;
    m_contexts.reserve(static_cast<std::size_t>(contexts));
    sized(m_parts, (contexts + m_threads) * perKeyHead() * (m_config.head_dim + 2));
    for (auto* buffer : {&m_cos, &m_sin})
        sized(*buffer, rows * m_config.head_dim / 2);
    sized(m_logits, rows * m_config.vocab_size);
}

/// The tokens of all heads of all rows, one after another, are cut into equal shares; a head that is cut has
/// a part in each. Numbers of parts grow with head and share, so that no two have the same.
template <typename T>
void TypedDecodeStep<T>::planAttention() {
    m_contexts.clear();
    m_contextTokens = 0;
    for (std::int64_t row = 0; row < m_rows; ++row)
        for (std::int64_t head = 0; head < m_config.num_key_value_heads; ++head) {
            const std::int64_t tokens = m_caches[static_cast<std::size_t>(row)]->length() + 1;
            m_contexts.push_back({row, head, m_contextTokens, tokens, 0, 0});
            m_contextTokens += tokens;
        }
    m_shares = std::min(m_threads, m_contextTokens);
    const auto shareAt = [&](std::int64_t token) {
        return ((token + 1) * m_shares - 1) / m_contextTokens; // whose end, rounded down, lies behind it
    };
    for (std::size_t i = 0; i < m_contexts.size(); ++i) {
        ContextHead& context = m_contexts[i];
        const std::int64_t first = shareAt(context.start);
        context.firstPart = static_cast<std::int64_t>(i) + first;
        context.parts = shareAt(context.start + context.tokens - 1) - first + 1;
    }
}

template <typename T>
void TypedDecodeStep<T>::begin(std::span<const std::int32_t> tokens) {
    const std::int64_t hidden = m_config.hidden_size;
    const std::int64_t half = m_config.head_dim / 2;
    for (KvCache* const cache : m_caches)
        cache->reserve(cache->length() + 1);
    for (std::int64_t row = 0; row < m_rows; ++row) {
        const auto place = static_cast<std::size_t>(row);
        std::memcpy(m_x.data() + row * hidden, m_weights.embedding() + tokens[place] * hidden,
                    static_cast<std::size_t>(hidden) * sizeof(T));
        m_decoder.rope().lastAngles(m_caches[place]->length() + 1, m_cos.data() + row * half,
                                    m_sin.data() + row * half);
    }
    planAttention();
}

template <typename T>
std::span<float> TypedDecodeStep<T>::run(std::span<const std::int32_t> tokens,
                                         std::span<KvCache* const> caches) {
    m_rows = static_cast<std::int64_t>(tokens.size());
    m_caches = caches;
    begin(tokens);
    onTeam(m_threads, [this](const TeamMember& member) {
        for (std::int64_t i = 0; i < m_config.num_hidden_layers; ++i)
            passLayer(i, member);
        head(member);
    });
    for (KvCache* const cache : caches)
        cache->advance(1);
    return {m_logits.data(), static_cast<std::size_t>(m_rows * m_config.vocab_size)};
}

template <typename T>
void TypedDecodeStep<T>::norm(const T* x, const T* weight, T* out, const TeamMember& member) {
    rowKernels<T>().rmsNorm(0, m_rows, m_config.hidden_size, x, weight,
                            static_cast<float>(m_config.rms_norm_eps), out,
                            m_inverseRms.data() + member.number * m_rows);
}

template <typename T>
void TypedDecodeStep<T>::lowProducts(const DecodeGroup<T>& group, const VectorRows<T>& x,
                                     const TeamMember& member) {
    const VectorKernels<T>& kernels = vectorKernels<T>();
    const Share share = member.shareOf(group.rank, 1);
    kernels.multiply(share.begin, share.end, group.lowA, x, m_sums.data(), group.rank);
    for (std::int64_t row = 0; row < m_rows; ++row)
        kernels.finish(share.begin, share.end, group.rank, m_sums.data() + row * group.rank, {},
                       m_low.data() + row * group.rank);
    member.meet();
}

template <typename T>
void TypedDecodeStep<T>::project(const DecodeGroup<T>& group, const T* x, std::initializer_list<T*> outs,
                                 const T* residual, const TeamMember& member) {
    const VectorKernels<T>& kernels = vectorKernels<T>();
    const VectorRows<T> rows{x, m_rows, group.members.front().weight.in};
    if (group.rank > 0) lowProducts(group, rows, member);
    float* sums = m_sums.data();
    for (std::size_t i = 0; i < outs.size(); ++i) {
        const DecodeProjection<T>& projection = group.members[i];
        const Share share = member.shareOf(projection.out, kGrain);
        if (projection.quantised != nullptr)
            kernels.multiplyQuantised(share.begin, share.end, *projection.quantised, rows, arranged(member),
                                      sums, group.out);
        else
            kernels.multiply(share.begin, share.end, projection.weight, rows, sums, group.out);
        for (std::int64_t row = 0; row < m_rows; ++row) {
            VectorAddends<T> addends = projection.addends;
            addends.low = m_low.data() + row * group.rank + projection.lowOffset;
            if (residual != nullptr) addends.residual = residual + row * projection.out;
            kernels.finish(share.begin, share.end, projection.out, sums + row * group.out, addends,
                           outs.begin()[i] + row * projection.out);
        }
        sums += projection.out;
    }
}

template <typename T>
VectorAttention<T> TypedDecodeStep<T>::attentionOf(std::int64_t layer, const ContextHead& context,
                                                   const T* queries) const {
    const KvCache& cache = *m_caches[static_cast<std::size_t>(context.row)];
    return {queries,
            reinterpret_cast<const T*>(cache.keys(layer, context.head)),
            reinterpret_cast<const T*>(cache.values(layer, context.head)),
            perKeyHead(),
            m_config.head_dim,
            1.0F / std::sqrt(static_cast<float>(m_config.head_dim))};
}

/// Key and value of the new token into the cache; the key is rotated on the way.
template <typename T>
void TypedDecodeStep<T>::storeToken(std::int64_t layer, const ContextHead& context) const {
    const KvCache& cache = *m_caches[static_cast<std::size_t>(context.row)];
    const std::int64_t size = m_config.head_dim;
    const std::int64_t from = context.row * keyWidth() + context.head * size;
    const std::int64_t to = cache.length() * size;
    const float* const cos = m_cos.data() + context.row * size / 2;
    const float* const sin = m_sin.data() + context.row * size / 2;
    const HeadShape one{1, 1, 1, size};
    rowKernels<T>().scatterHeads(0, 1, one, m_k.data() + from, size, cos, sin,
                                 reinterpret_cast<T*>(cache.keys(layer, context.head)) + to);
    rowKernels<T>().scatterHeads(0, 1, one, m_v.data() + from, size, nullptr, nullptr,
                                 reinterpret_cast<T*>(cache.values(layer, context.head)) + to);
}

template <typename T>
void TypedDecodeStep<T>::attendShare(std::int64_t layer, std::int64_t share, T* rotated) {
    const std::int64_t begin = m_contextTokens * share / m_shares;
    const std::int64_t end = m_contextTokens * (share + 1) / m_shares;
    const std::int64_t width = perKeyHead() * m_config.head_dim;
    const std::int64_t partFloats = perKeyHead() * (m_config.head_dim + 2);
    for (std::size_t i = 0; i < m_contexts.size(); ++i) {
        const ContextHead& context = m_contexts[i];
        const std::int64_t first = std::max(begin - context.start, std::int64_t{0});
        const std::int64_t last = std::min(end - context.start, context.tokens);
        if (first >= last) continue;
        if (last == context.tokens) storeToken(layer, context);
        rowKernels<T>().scatterHeads(0, 1, {1, 1, perKeyHead(), m_config.head_dim},
                                     m_q.data() + context.row * queryWidth() + context.head * width, width,
                                     m_cos.data() + context.row * m_config.head_dim / 2,
                                     m_sin.data() + context.row * m_config.head_dim / 2, rotated);
        vectorKernels<T>().attend(first, last, attentionOf(layer, context, rotated),
                                  m_parts.data() + (static_cast<std::int64_t>(i) + share) * partFloats);
    }
}

template <typename T>
void TypedDecodeStep<T>::attend(std::int64_t layer, const TeamMember& member) {
    T* const rotated = ownMemory(member) + m_ownSize - perKeyHead() * m_config.head_dim;
    for (std::int64_t share = member.number; share < m_shares; share += member.threads)
        attendShare(layer, share, rotated);
}

template <typename T>
void TypedDecodeStep<T>::joinAttended(T* attended) const {
    const std::int64_t width = perKeyHead() * m_config.head_dim;
    const std::int64_t partFloats = perKeyHead() * (m_config.head_dim + 2);
    for (const ContextHead& context : m_contexts)
        vectorKernels<T>().joinParts(context.parts, attentionOf(0, context, nullptr),
                                     m_parts.data() + context.firstPart * partFloats,
                                     attended + context.row * queryWidth() + context.head * width);
}

template <typename T>
void TypedDecodeStep<T>::passLayer(std::int64_t index, const TeamMember& member) {
    const DecodeLayer<T>& layer = m_weights.layers()[static_cast<std::size_t>(index)];
    const std::int64_t inner = m_config.intermediate_size;
    T* const own = ownMemory(member); // norms are made by each thread for itself: less than a meeting costs
    norm(m_x.data(), layer.inputNorm, own, member);
    project(layer.attention, own, {m_q.data(), m_k.data(), m_v.data()}, nullptr, member);
    member.meet();
    attend(index, member);
    member.meet();
    joinAttended(own);
    project(layer.output, own, {m_middle.data()}, m_x.data(), member);
    member.meet();
    norm(m_middle.data(), layer.postAttentionNorm, own, member);
    project(layer.mlp, own, {m_gate.data(), m_up.data()}, nullptr, member);
    const Share share = member.shareOf(inner, kGrain);
    for (std::int64_t row = 0; row < m_rows; ++row)
        rowKernels<T>().swiglu(row * inner + share.begin, row * inner + share.end, m_gate.data(), m_up.data(),
                               m_gate.data());
    member.meet();
    project(layer.down, m_gate.data(), {m_x.data()}, m_middle.data(), member);
    member.meet();
}

template <typename T>
void TypedDecodeStep<T>::head(const TeamMember& member) {
    const std::int64_t vocab = m_config.vocab_size;
    T* const own = ownMemory(member);
    norm(m_x.data(), m_weights.finalNorm(), own, member);
    const Share share = member.shareOf(vocab, kGrain);
    vectorKernels<T>().multiply(share.begin, share.end, m_weights.head(), {own, m_rows, m_config.hidden_size},
                                m_logits.data(), vocab);
    for (std::int64_t row = 0; row < m_rows; ++row)
        vectorKernels<T>().round(row * vocab + share.begin, row * vocab + share.end, m_logits.data());
}

} // namespace

std::unique_ptr<DecodeStep> DecodeStep::create(const Decoder& decoder, const LoraSet* lora, std::int64_t rows,
                                               std::int64_t threads) {
    if (!decoder.isOnCpu()) return plainDecodeStep(decoder, lora, rows);
    if (threads <= 0) threads = threadsFor(decoder);
    if (decoder.dtype() == at::kBFloat16)
        return std::make_unique<TypedDecodeStep<Bfloat16>>(decoder, lora, rows, threads);
    return std::make_unique<TypedDecodeStep<float>>(decoder, lora, rows, threads);
}

} // namespace llamahome::engine
