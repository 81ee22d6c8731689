#include "jobs/system/step_bound.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/error_codes.h"
#include "llama/lora/lora_plan.h"
#include "llama/nn/pass_shapes.h"
#include "llama/quant/quantise.h"

namespace llamahome::jobs {
namespace {

constexpr std::int64_t kKeyBlock = 128;
/// Query rows of the attention products that are measured: their scores stay in the cache.
constexpr std::int64_t kQueryRows = 4096;
constexpr double kGiga = 1e9;

using engine::Projection;
using engine::ProjectionShape;

/// Adds up products by part and shape, in the order in which these first come.
class Products {
public:
    void add(StepPart part, std::int64_t m, std::int64_t k, std::int64_t n, double multiplyAdds) {
        if (multiplyAdds <= 0.0) return;
        for (StepProduct& product : m_products) {
            if (product.part != part || product.m != m || product.k != k || product.n != n) continue;
            product.multiplyAdds += multiplyAdds;
            return;
        }
        m_products.push_back({part, m, k, n, multiplyAdds});
    }
    std::vector<StepProduct> take() { return std::move(m_products); }

private:
    std::vector<StepProduct> m_products;
};

bool readsLayerInput(Projection projection) {
    return projection == Projection::Q || projection == Projection::K || projection == Projection::V;
}

/// Forward and backward of one linear of one layer and of its adapter.
void addLinear(Products& products, const ProjectionShape& shape, double tokens, std::int64_t rows, int r,
               bool givesGradient) {
    const auto in = static_cast<double>(shape.inFeatures);
    const auto out = static_cast<double>(shape.outFeatures);
    const double back = givesGradient ? 1.0 : 0.0;
    const auto forward = [&](StepPart part, double multiplyAdds) {
        products.add(part, rows, shape.inFeatures, shape.outFeatures, multiplyAdds);
    };
    const auto backward = [&](StepPart part, double multiplyAdds) {
        products.add(part, rows, shape.outFeatures, shape.inFeatures, multiplyAdds);
    };
    forward(StepPart::Frozen, tokens * in * out);
    backward(StepPart::Frozen, back * tokens * in * out);
    forward(StepPart::Adapters, tokens * r * (in + out));
    backward(StepPart::Adapters, tokens * r * (in + 2.0 * out + back * in));
}

/// Products that have head_dim as inner size, and those that have it as columns.
void addAttention(Products& products, const formats::ModelConfig& config, const StepShape& step,
                  int overHeadDim, int overKeys) {
    const auto heads = static_cast<double>(config.num_attention_heads * config.head_dim);
    const double layers = static_cast<double>(config.num_hidden_layers);
    const auto rows = std::clamp<std::int64_t>(
        static_cast<std::int64_t>(step.tokens) * config.num_attention_heads, 1, kQueryRows);
    const double each = layers * step.pairs * heads;
    products.add(StepPart::Attention, rows, config.head_dim, kKeyBlock, overHeadDim * each);
    products.add(StepPart::Attention, rows, kKeyBlock, config.head_dim, overKeys * each);
}

} // namespace

std::string_view partName(StepPart part) {
    switch (part) {
    case StepPart::Frozen:
        return "frozen";
    case StepPart::Head:
        return "head";
    case StepPart::Attention:
        return "attention";
    case StepPart::Adapters:
        return "adapters";
    }
    return "";
}

StepShape stepShape(const std::vector<text::TokenRow>& rows) {
    StepShape shape;
    for (const text::TokenRow& row : rows) {
        const auto length = static_cast<double>(row.tokens.size());
        shape.tokens += length;
        shape.targets += static_cast<double>(row.targetCount());
        shape.pairs += length * (length + 1.0) / 2.0;
    }
    return shape;
}

std::vector<StepProduct> trainingProducts(const formats::ModelConfig& config, int r, const StepShape& step) {
    Products products;
    const auto rows = std::max<std::int64_t>(1, static_cast<std::int64_t>(step.tokens));
    for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
        for (const Projection projection : engine::kProjections) {
            const bool isLast = layer == config.num_hidden_layers - 1;
            const double tokens = isLast && !readsLayerInput(projection) ? step.targets : step.tokens;
            addLinear(products, engine::projectionShape(config, projection), tokens, rows, r,
                      layer > 0 || !readsLayerInput(projection));
        }
    const double head =
        step.targets * static_cast<double>(config.hidden_size) * static_cast<double>(config.vocab_size);
    const auto chunk =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(step.targets), 1, engine::kHeadChunkRows);
    products.add(StepPart::Head, chunk, config.hidden_size, config.vocab_size, head);
    products.add(StepPart::Head, chunk, config.vocab_size, config.hidden_size, head);
    addAttention(products, config, step, 3, 4); // scores twice and dp; sum over v, dv, dq, dk
    return products.take();
}

std::vector<StepProduct> prefillProducts(const formats::ModelConfig& config, std::int64_t tokens) {
    Products products;
    const auto count = static_cast<double>(tokens);
    for (const Projection projection : engine::kProjections) {
        const ProjectionShape shape = engine::projectionShape(config, projection);
        products.add(StepPart::Frozen, tokens, shape.inFeatures, shape.outFeatures,
                     static_cast<double>(config.num_hidden_layers) * count *
                         static_cast<double>(shape.inFeatures) * static_cast<double>(shape.outFeatures));
    }
    products.add(StepPart::Head, 1, config.hidden_size, config.vocab_size,
                 static_cast<double>(config.hidden_size) * static_cast<double>(config.vocab_size));
    addAttention(products, config, {count, 1.0, count * (count + 1.0) / 2.0}, 1, 1);
    return products.take();
}

double StepBound::seconds() const {
    double sum = 0.0;
    for (const PartBound& part : parts)
        sum += part.seconds;
    return sum;
}

Result<StepBound> measureBound(const std::vector<StepProduct>& products, engine::Engine& engine,
                               engine::Precision precision, const CancelToken& cancel,
                               const ProgressSink& progress) {
    std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, double> rates;
    std::map<StepPart, PartBound> parts;
    std::size_t done = 0;
    for (const StepProduct& product : products) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "the benchmark was stopped"};
        double& rate = rates[{product.m, product.k, product.n}];
        if (rate <= 0.0) {
            const auto measured =
                engine.measureGemm(precision, static_cast<int>(product.m), static_cast<int>(product.n),
                                   static_cast<int>(product.k));
            if (!measured) return measured.error();
            rate = *measured;
        }
        PartBound& part = parts[product.part];
        const double gflop = 2.0 * product.multiplyAdds / kGiga;
        part.part = product.part;
        part.gflop += gflop;
        part.seconds += gflop / rate;
        if (progress) progress({"measuring products", ++done, products.size(), "products"});
    }
    StepBound bound;
    for (const auto& [name, part] : parts)
        bound.parts.push_back(part);
    return bound;
}

double decodeBytes(const formats::ModelConfig& config, std::int64_t context, double bytesPerElement,
                   std::optional<formats::Quantisation> format) {
    const auto hidden = static_cast<double>(config.hidden_size);
    const double embedding =
        config.tie_word_embeddings ? 0.0 : static_cast<double>(config.vocab_size) * hidden;
    const double weights = static_cast<double>(config.parameterCount()) - embedding;
    const double cached = 2.0 * static_cast<double>(context * config.num_hidden_layers) *
                          static_cast<double>(config.num_key_value_heads * config.head_dim);
    double bytes = (weights + cached) * bytesPerElement;
    if (!format) return bytes;
    for (const Projection projection : engine::kProjections) {
        const ProjectionShape shape = engine::projectionShape(config, projection);
        const auto quantised =
            static_cast<double>(engine::quantisedBytes(*format, static_cast<std::uint64_t>(shape.outFeatures),
                                                       static_cast<std::uint64_t>(shape.inFeatures)));
        const auto elements = static_cast<double>(shape.outFeatures * shape.inFeatures);
        bytes += static_cast<double>(config.num_hidden_layers) * (quantised - elements * bytesPerElement);
    }
    return bytes;
}

} // namespace llamahome::jobs
