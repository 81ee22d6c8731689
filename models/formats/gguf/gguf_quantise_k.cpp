#include "formats/gguf/gguf_quantise_k.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "formats/gguf/gguf_k_blocks.h"
#include "formats/gguf/gguf_quant_steps.h"

namespace llamahome::formats {
namespace {

constexpr float kNothing = 1e-15F; ///< a sub-block of values below it is stored as zeros
constexpr float kTopScale = 63.0F; ///< six bits

/// Sums are kept in lanes, so that compilers make vectors of them and every machine adds in one order.
constexpr std::size_t kLanes = 8;
class LaneSum {
public:
    void add(std::size_t i, float term) { m_lanes[i % kLanes] += term; }
    float total() const {
        float sum = 0.0F;
        for (const float lane : m_lanes)
            sum += lane;
        return sum;
    }

private:
    float m_lanes[kLanes] = {};
};

/// What a stored form costs: squared error with and without weights. Only what is no worse in both and better
/// in the first replaces another form.
struct FormError {
    float weighted;
    float plain;

    bool isBetterThan(const FormError& other) const {
        return weighted < other.weighted && plain <= other.plain;
    }
};

// ---- Q4_K and Q5_K: x ≈ scale·q − minimum, 0 ≤ q ≤ top, minimum ≥ 0 -----------------------------------

constexpr std::size_t kAffine = 32; ///< elements of a sub-block
constexpr std::size_t kAffineCount = kSuperBlock / kAffine;

/// The inverse scales that are tried for a range r: (top + first + k·0.1)/r for k up to `steps`.
struct AffineSearch {
    float top;
    float first;
    int steps;
};

struct AffineFit {
    float scale = 0.0F;
    float minimum = 0.0F;
};

struct AffineBlock {
    std::array<float, kAffine> values;
    std::array<float, kAffine> weights;
    float weightSum = 0.0F;
    float valueSum = 0.0F; ///< weighted
};

AffineBlock weighted(const float* values) {
    AffineBlock block;
    LaneSum squares;
    for (std::size_t i = 0; i < kAffine; ++i)
        squares.add(i, values[i] * values[i]);
    const float spread = std::sqrt(squares.total() / static_cast<float>(kAffine));
    LaneSum weightSum;
    LaneSum valueSum;
    for (std::size_t i = 0; i < kAffine; ++i) {
        block.values[i] = values[i];
        block.weights[i] = spread + std::abs(values[i]);
        weightSum.add(i, block.weights[i]);
        valueSum.add(i, block.weights[i] * values[i]);
    }
    block.weightSum = weightSum.total();
    block.valueSum = valueSum.total();
    return block;
}

using AffineQuants = std::array<float, kAffine>;

AffineQuants quantsOf(const AffineBlock& block, float inverse, float minimum, float top) {
    AffineQuants quants;
    for (std::size_t i = 0; i < kAffine; ++i)
        quants[i] = nearestQuant(inverse * (block.values[i] + minimum), 0.0F, top);
    return quants;
}

FormError errorOf(const AffineBlock& block, const AffineQuants& quants, const AffineFit& fit) {
    LaneSum weighted;
    LaneSum plain;
    for (std::size_t i = 0; i < kAffine; ++i) {
        const float difference = fit.scale * quants[i] - fit.minimum - block.values[i];
        weighted.add(i, block.weights[i] * difference * difference);
        plain.add(i, difference * difference);
    }
    return {weighted.total(), plain.total()};
}

/// Scale and minimum of least weighted squared error for fixed quants; nothing where they are all equal.
bool solve(const AffineBlock& block, const AffineQuants& quants, AffineFit& fit) {
    LaneSum quantSum;
    LaneSum squareSum;
    LaneSum productSum;
    for (std::size_t i = 0; i < kAffine; ++i) {
        const float weighted = block.weights[i] * quants[i];
        quantSum.add(i, weighted);
        squareSum.add(i, weighted * quants[i]);
        productSum.add(i, weighted * block.values[i]);
    }
    const float q = quantSum.total();
    const float qq = squareSum.total();
    const float qx = productSum.total();
    const float determinant = block.weightSum * qq - q * q;
    if (!(determinant > 0.0F)) return false;
    fit.scale = (block.weightSum * qx - block.valueSum * q) / determinant;
    fit.minimum = (q * qx - qq * block.valueSum) / determinant;
    if (fit.minimum < 0.0F) fit = {qx / qq, 0.0F};
    return true;
}

AffineFit searchFit(const AffineBlock& block, const AffineSearch& search) {
    constexpr float kStep = 0.1F;
    const auto [least, most] = std::minmax_element(block.values.begin(), block.values.end());
    const float highest = *most;
    AffineFit best{0.0F, std::max(0.0F, -*least)};
    if (!(highest + best.minimum > kNothing)) return best;
    best.scale = (highest + best.minimum) / search.top;
    float bestError =
        errorOf(block, quantsOf(block, 1.0F / best.scale, best.minimum, search.top), best).weighted;
    for (int step = 0; step <= search.steps; ++step) {
        const float inverse =
            (search.top + search.first + kStep * static_cast<float>(step)) / (highest + best.minimum);
        const AffineQuants quants = quantsOf(block, inverse, best.minimum, search.top);
        AffineFit fit;
        if (!solve(block, quants, fit)) continue;
        const float error = errorOf(block, quants, fit).weighted;
        if (error < bestError) {
            bestError = error;
            best = fit;
        }
    }
    return best;
}

/// A sub-block as it is stored.
struct AffineStored {
    int scale = 0;
    int minimum = 0;
    AffineQuants quants = {};
};

/// The stored form of least weighted squared error among the rounded fit and its neighbours.
AffineStored storedForm(const AffineBlock& block, const AffineFit& fit, float scaleUnit, float minimumUnit,
                        float top) {
    const float roundedScale = nearestQuant(fit.scale * inverseOf(scaleUnit), 0.0F, kTopScale);
    const float roundedMinimum = nearestQuant(fit.minimum * inverseOf(minimumUnit), 0.0F, kTopScale);
    AffineStored best;
    std::optional<FormError> bestError;
    for (const float scaleStep : {0.0F, -1.0F, 1.0F})
        for (const float minimumStep : {0.0F, -1.0F, 1.0F}) {
            const float scale = clampedQuant(roundedScale + scaleStep, 0.0F, kTopScale);
            const float minimum = clampedQuant(roundedMinimum + minimumStep, 0.0F, kTopScale);
            const AffineFit tried{scaleUnit * scale, minimumUnit * minimum};
            const AffineQuants quants = quantsOf(block, inverseOf(tried.scale), tried.minimum, top);
            const FormError error = errorOf(block, quants, tried);
            if (bestError && !error.isBetterThan(*bestError)) continue;
            bestError = error;
            best = {static_cast<int>(scale), static_cast<int>(minimum), quants};
        }
    return best;
}

/// The inverse of scaleAndMinimumAt() for all eight.
void putScalesAndMinima(std::byte* packed, const std::array<AffineStored, kAffineCount>& stored) {
    for (std::size_t j = 0; j < kAffineCount / 2; ++j) {
        const AffineStored& low = stored[j];
        const AffineStored& high = stored[j + kAffineCount / 2];
        packed[j] = static_cast<std::byte>(low.scale | ((high.scale >> 4) << 6));
        packed[j + 4] = static_cast<std::byte>(low.minimum | ((high.minimum >> 4) << 6));
        packed[j + 8] = static_cast<std::byte>((high.scale & 0x0F) | ((high.minimum & 0x0F) << 4));
    }
}

/// Writes d, m and the packed scales to `out`; nothing where they are not finite.
bool packAffine(const float* values, const AffineSearch& search, std::byte* out,
                std::array<AffineStored, kAffineCount>& stored) {
    if (!areFinite(values, kSuperBlock)) return false;
    std::array<AffineBlock, kAffineCount> blocks;
    std::array<AffineFit, kAffineCount> fits;
    float largestScale = 0.0F;
    float largestMinimum = 0.0F;
    for (std::size_t j = 0; j < kAffineCount; ++j) {
        blocks[j] = weighted(values + j * kAffine);
        fits[j] = searchFit(blocks[j], search);
        largestScale = std::max(largestScale, fits[j].scale);
        largestMinimum = std::max(largestMinimum, fits[j].minimum);
    }
    if (!putScale(out, largestScale / kTopScale) || !putScale(out + kHalfBytes, largestMinimum / kTopScale))
        return false;
    const float scaleUnit = halfAt(out);
    const float minimumUnit = halfAt(out + kHalfBytes);
    for (std::size_t j = 0; j < kAffineCount; ++j)
        stored[j] = storedForm(blocks[j], fits[j], scaleUnit, minimumUnit, search.top);
    putScalesAndMinima(out + 2 * kHalfBytes, stored);
    return true;
}

int quantAt(const AffineStored& stored, std::size_t i) {
    return static_cast<int>(stored.quants[i]);
}

// ---- Q6_K: x ≈ scale·q, −32 ≤ q ≤ 31 ------------------------------------------------------------------

constexpr std::size_t kSigned = 16; ///< elements of a sub-block
constexpr std::size_t kSignedCount = kSuperBlock / kSigned;
constexpr float kLowest = -32.0F;
constexpr float kHighest = 31.0F;

using SignedQuants = std::array<float, kSigned>;

SignedQuants signedQuants(const float* values, float inverse) {
    SignedQuants quants;
    for (std::size_t i = 0; i < kSigned; ++i)
        quants[i] = nearestQuant(values[i] * inverse, kLowest, kHighest);
    return quants;
}

/// The scale of least squared error, weighted with x², among those of 19 roundings.
float searchScale(const float* values) {
    const float extreme = *std::max_element(values, values + kSigned,
                                            [](float a, float b) { return std::abs(a) < std::abs(b); });
    if (std::abs(extreme) < kNothing) return 0.0F;
    SignedQuants shares; // of the extreme, so that no product overflows
    for (std::size_t i = 0; i < kSigned; ++i)
        shares[i] = values[i] / extreme;
    float best = 0.0F;
    float bestGain = -1.0F;
    for (int step = -9; step <= 9; ++step) {
        const SignedQuants quants = signedQuants(shares.data(), kLowest - 0.1F * static_cast<float>(step));
        LaneSum productSum;
        LaneSum squareSum;
        for (std::size_t i = 0; i < kSigned; ++i) {
            const float weighted = shares[i] * shares[i] * quants[i];
            productSum.add(i, weighted * shares[i]);
            squareSum.add(i, weighted * quants[i]);
        }
        const float product = productSum.total();
        const float square = squareSum.total();
        if (!(square > 0.0F) || !(product * product / square > bestGain)) continue;
        bestGain = product * product / square;
        best = product / square;
    }
    return best * extreme;
}

struct SignedStored {
    int scale = 0;
    SignedQuants quants = {};
};

SignedStored storedForm(const float* values, float fit, float unit) {
    constexpr float kLeastScale = -128.0F;
    constexpr float kMostScale = 127.0F;
    const float rounded = nearestQuant(fit * inverseOf(unit), kLeastScale, kMostScale);
    SignedStored best;
    std::optional<FormError> bestError;
    for (const float step : {0.0F, -1.0F, 1.0F}) {
        const float scale = clampedQuant(rounded + step, kLeastScale, kMostScale);
        const SignedQuants quants = signedQuants(values, inverseOf(unit * scale));
        LaneSum weighted;
        LaneSum plain;
        for (std::size_t i = 0; i < kSigned; ++i) {
            const float difference = unit * scale * quants[i] - values[i];
            weighted.add(i, values[i] * values[i] * difference * difference);
            plain.add(i, difference * difference);
        }
        const FormError error{weighted.total(), plain.total()};
        if (bestError && !error.isBetterThan(*bestError)) continue;
        bestError = error;
        best = {static_cast<int>(scale), quants};
    }
    return best;
}

void putQuants(std::byte* low, std::byte* high, const std::array<SignedStored, kSignedCount>& stored) {
    std::memset(low, 0, kSuperBlock / 2 + kSuperBlock / 4);
    for (std::size_t i = 0; i < kSuperBlock; ++i) {
        const auto quant = static_cast<unsigned>(stored[i / kSigned].quants[i % kSigned] - kLowest);
        const std::size_t part = i / 128;
        low[part * 64 + i % 64] |= static_cast<std::byte>((quant & 0x0FU) << (4 * (i % 128 / 64)));
        high[part * 32 + i % 32] |= static_cast<std::byte>((quant >> 4) << (2 * (i % 128 / 32)));
    }
}

} // namespace

bool encodeQ4K(const float* values, std::size_t count, std::byte* out) {
    constexpr AffineSearch kSearch{15.0F, -1.0F, 20};
    std::array<AffineStored, kAffineCount> stored;
    for (; count > 0; --count, values += kSuperBlock, out += kQ4KBytes) {
        if (!packAffine(values, kSearch, out, stored)) return false;
        std::byte* quants = out + 2 * kHalfBytes + kPackedScaleBytes;
        for (std::size_t j = 0; j < kAffineCount; j += 2)
            for (std::size_t i = 0; i < kAffine; ++i)
                *quants++ = static_cast<std::byte>(quantAt(stored[j], i) | (quantAt(stored[j + 1], i) << 4));
    }
    return true;
}

bool encodeQ5K(const float* values, std::size_t count, std::byte* out) {
    constexpr AffineSearch kSearch{31.0F, -0.5F, 15};
    std::array<AffineStored, kAffineCount> stored;
    for (; count > 0; --count, values += kSuperBlock, out += kQ5KBytes) {
        if (!packAffine(values, kSearch, out, stored)) return false;
        std::byte* fifth = out + 2 * kHalfBytes + kPackedScaleBytes;
        std::byte* quants = fifth + kSuperBlock / 8;
        std::memset(fifth, 0, kSuperBlock / 8);
        for (std::size_t j = 0; j < kAffineCount; ++j)
            for (std::size_t i = 0; i < kAffine; ++i)
                fifth[i] |= static_cast<std::byte>((quantAt(stored[j], i) >> 4) << j);
        for (std::size_t j = 0; j < kAffineCount; j += 2)
            for (std::size_t i = 0; i < kAffine; ++i)
                *quants++ = static_cast<std::byte>((quantAt(stored[j], i) & 0x0F) |
                                                   ((quantAt(stored[j + 1], i) & 0x0F) << 4));
    }
    return true;
}

bool encodeQ6K(const float* values, std::size_t count, std::byte* out) {
    std::array<SignedStored, kSignedCount> stored;
    std::array<float, kSignedCount> fits;
    for (; count > 0; --count, values += kSuperBlock, out += kQ6KBytes) {
        if (!areFinite(values, kSuperBlock)) return false;
        for (std::size_t j = 0; j < kSignedCount; ++j)
            fits[j] = searchScale(values + j * kSigned);
        const float extreme = *std::max_element(fits.begin(), fits.end(),
                                                [](float a, float b) { return std::abs(a) < std::abs(b); });
        std::byte* high = out + kSuperBlock / 2;
        std::byte* scales = high + kSuperBlock / 4;
        if (!putScale(scales + kSignedCount, extreme / -128.0F)) return false;
        const float unit = halfAt(scales + kSignedCount);
        for (std::size_t j = 0; j < kSignedCount; ++j) {
            stored[j] = storedForm(values + j * kSigned, fits[j], unit);
            scales[j] = static_cast<std::byte>(static_cast<std::int8_t>(stored[j].scale));
        }
        putQuants(out, high, stored);
    }
    return true;
}

} // namespace llamahome::formats
