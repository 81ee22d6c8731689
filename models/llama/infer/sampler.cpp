#include "llama/infer/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace llamahome::engine {
namespace {

using Candidate = SampledToken;

constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr std::uint64_t kSamplingStream =
    0x73616d706c65; // "sample": keeps draws apart from other users of a seed

std::int32_t argmax(std::span<const float> scores) {
    return static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

/// Of the k largest, the least; that and all larger ones stay. `sorted` is scratch.
float leastKept(std::span<const float> scores, int k, std::vector<float>& sorted) {
    if (k <= 0 || static_cast<std::size_t>(k) >= scores.size()) return kLowest;
    sorted.assign(scores.begin(), scores.end());
    std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
    return sorted[static_cast<std::size_t>(k - 1)];
}

float largest(std::span<const Candidate> candidates) {
    return std::max_element(candidates.begin(), candidates.end(),
                            [](const Candidate& a, const Candidate& b) { return a.weight < b.weight; })
        ->weight;
}

void renormalise(std::span<Candidate> candidates) {
    double sum = 0.0;
    for (const Candidate& candidate : candidates)
        sum += candidate.weight;
    for (Candidate& candidate : candidates)
        candidate.weight = static_cast<float>(candidate.weight / sum);
}

void softmax(std::span<Candidate> candidates) {
    const float most = largest(candidates);
    for (Candidate& candidate : candidates)
        candidate.weight = std::exp(candidate.weight - most);
    renormalise(candidates);
}

/// Removes the least likely tokens whose cumulated probability is at most 1 - p; the likeliest always stays.
void keepTopP(std::span<Candidate> candidates, double p) {
    if (p >= 1.0) return;
    std::vector<Candidate*> order;
    for (Candidate& candidate : candidates)
        if (candidate.weight > 0.0F) order.push_back(&candidate);
    std::stable_sort(order.begin(), order.end(),
                     [](const Candidate* a, const Candidate* b) { return a->weight < b->weight; });
    double cumulated = 0.0;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
        cumulated += order[i]->weight;
        if (cumulated > 1.0 - p) break;
        order[i]->weight = 0.0F;
    }
}

void keepMinP(std::span<Candidate> candidates, double minP) {
    if (minP <= 0.0) return;
    const double threshold = minP * largest(candidates);
    for (Candidate& candidate : candidates)
        if (candidate.weight < threshold) candidate.weight = 0.0F;
}

} // namespace

Sampler::Sampler(const GenerationOptions& options)
    : m_options(options)
    , m_random(options.seed, kSamplingStream) {}

void applyRepetitionPenalty(std::span<float> logits, std::span<const std::int32_t> history, double penalty) {
    if (penalty == 1.0) return;
    const std::unordered_set<std::int32_t> distinct(history.begin(), history.end());
    for (const std::int32_t token : distinct) {
        float& score = logits[static_cast<std::size_t>(token)];
        score = static_cast<float>(score < 0.0F ? score * penalty : score / penalty);
    }
}

/// Most of a vocabulary is removed by top-k: what follows works on the few that are left.
std::span<Candidate> Sampler::candidates(std::span<float> logits) {
    for (float& score : logits)
        score = static_cast<float>(score / m_options.temperature);
    const float threshold = leastKept(logits, m_options.topK, m_sorted);
    m_candidates.clear();
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (logits[i] >= threshold) m_candidates.push_back({static_cast<std::int32_t>(i), logits[i]});
    softmax(m_candidates);
    keepTopP(m_candidates, m_options.topP);
    renormalise(m_candidates);
    keepMinP(m_candidates, m_options.minP);
    renormalise(m_candidates);
    return m_candidates;
}

void Sampler::toProbabilities(std::span<float> logits) {
    const auto kept = candidates(logits);
    std::fill(logits.begin(), logits.end(), 0.0F);
    for (const Candidate& candidate : kept)
        logits[static_cast<std::size_t>(candidate.token)] = candidate.weight;
}

std::int32_t Sampler::next(std::span<float> logits, std::span<const std::int32_t> history) {
    applyRepetitionPenalty(logits, history, m_options.repetitionPenalty);
    if (!m_options.doSample || m_options.temperature <= 0.0) return argmax(logits);
    const float draw = m_random.nextUniform();
    double cumulated = 0.0;
    std::int32_t last = 0;
    for (const Candidate& candidate : candidates(logits)) {
        if (candidate.weight <= 0.0F) continue;
        cumulated += candidate.weight;
        last = candidate.token;
        if (draw < cumulated) break;
    }
    return last;
}

} // namespace llamahome::engine
