#include "llama/infer/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_set>

namespace llamahome::engine {
namespace {

constexpr float kRemoved = -std::numeric_limits<float>::infinity();
constexpr std::uint64_t kSamplingStream =
    0x73616d706c65; // "sample": keeps draws apart from other users of a seed

std::int32_t argmax(std::span<const float> scores) {
    return static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

void keepTopK(std::span<float> scores, int k) {
    if (k <= 0 || static_cast<std::size_t>(k) >= scores.size()) return;
    std::vector<float> sorted(scores.begin(), scores.end());
    std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
    const float threshold = sorted[static_cast<std::size_t>(k - 1)];
    for (float& score : scores)
        if (score < threshold) score = kRemoved;
}

void softmax(std::span<float> scores) {
    const float largest = *std::max_element(scores.begin(), scores.end());
    double sum = 0.0;
    for (float& score : scores) {
        score = std::exp(score - largest);
        sum += score;
    }
    for (float& score : scores)
        score = static_cast<float>(score / sum);
}

/// Removes the least likely tokens whose cumulated probability is at most 1 - p; the likeliest always stays.
void keepTopP(std::span<float> probabilities, double p) {
    if (p >= 1.0) return;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < probabilities.size(); ++i)
        if (probabilities[i] > 0.0F) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return probabilities[a] < probabilities[b]; });
    double cumulated = 0.0;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
        cumulated += probabilities[order[i]];
        if (cumulated > 1.0 - p) break;
        probabilities[order[i]] = 0.0F;
    }
}

void keepMinP(std::span<float> probabilities, double minP) {
    if (minP <= 0.0) return;
    const double threshold = minP * *std::max_element(probabilities.begin(), probabilities.end());
    for (float& probability : probabilities)
        if (probability < threshold) probability = 0.0F;
}

void renormalise(std::span<float> probabilities) {
    const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
    for (float& probability : probabilities)
        probability = static_cast<float>(probability / sum);
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

void Sampler::toProbabilities(std::span<float> logits) const {
    for (float& score : logits)
        score = static_cast<float>(score / m_options.temperature);
    keepTopK(logits, m_options.topK);
    softmax(logits);
    keepTopP(logits, m_options.topP);
    renormalise(logits);
    keepMinP(logits, m_options.minP);
    renormalise(logits);
}

std::int32_t Sampler::next(std::span<float> logits, std::span<const std::int32_t> history) {
    applyRepetitionPenalty(logits, history, m_options.repetitionPenalty);
    if (!m_options.doSample || m_options.temperature <= 0.0) return argmax(logits);
    toProbabilities(logits);
    const float draw = m_random.nextUniform();
    double cumulated = 0.0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (logits[i] <= 0.0F) continue;
        cumulated += logits[i];
        last = i;
        if (draw < cumulated) break;
    }
    return static_cast<std::int32_t>(last);
}

} // namespace llamahome::engine
