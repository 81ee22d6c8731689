// Prints where a training step of the starter model's shape spends its time: 4 rows of 512 tokens, LoRA of
// rank 8 on all seven linears, bfloat16 or fp32, with the kernels of this machine or of a lesser one. By
// hand:
//   build/dev/tests/bench_step_parts [--dropout] [--fp32] [--level portable|AVX2|AVX-512]
// Parts are measured one by one, warm; "whole step" is the step as training makes it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string_view>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>

#include "jobs/system/bench_shapes.h"
#include "llama/fast/fast_attention.h"
#include "llama/fast/fast_head.h"
#include "llama/fast/product_work.h"
#include "llama/fast/projection_group.h"
#include "llama/fast/row_work.h"
#include "llama/load/load_decoder.h"
#include "llama/train/micro_batch_pass.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

constexpr std::int64_t kRows = 4;
constexpr std::int64_t kLength = 512;
constexpr std::int64_t kTokens = kRows * kLength;

double bestSeconds(const std::function<void()>& work, int repeats) {
    double best = 1e9;
    for (int i = 0; i < repeats; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        best =
            std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

class Parts {
public:
    Parts(double dropout, at::ScalarType type)
        : m_type(type)
        , m_decoder(randomDecoder(jobs::smolLm2Shape(), type, 1))
        , m_plan(*planLora(m_decoder->config(), 8, 2.0, dropout, {"all-linear"}))
        , m_lora(m_plan, initialParameters(m_plan, 1), m_decoder->layerCount())
        , m_gradients(at::zeros_like(m_lora.flat))
        , m_views(layerViews(m_plan, m_gradients, m_decoder->layerCount()))
        , m_dropout{dropout, 1, 1} {
        for (std::int64_t i = 0; i < kRows; ++i) {
            m_rows.emplace_back();
            for (std::int64_t t = 0; t < kLength; ++t)
                m_rows.back().tokens.push_back(static_cast<std::int32_t>((t * 7919 + i) % 49152));
            m_rows.back().supervised.assign(kLength, 1);
        }
        for (const text::TokenRow& row : m_rows)
            m_picked.push_back(&row);
        m_batch = makeBatch(m_picked, 0);
    }

    void run() {
        const c10::AutoGradMode silent(false);
        row("rmsNorm, 4 a layer", 4 * 30, [&] { rmsNormInto(m_x, m_weight, 1e-5, m_y, m_inverse); });
        row("rmsNorm backward, 2 a layer", 2 * 30,
            [&] { rmsNormBackwardInto(m_dy, m_x, m_weight, m_inverse, m_y); });
        row("swiglu, 2 a layer", 2 * 30, [&] { swigluInto(m_gate, m_up, m_activated); });
        row("swiglu backward", 30, [&] { swigluBackwardInPlace(m_activated, m_gate, m_up); });
        if (m_dropout.probability > 0.0) dropoutRows();
        attention();
        projections();
        head();
        std::printf("%-40s %34.1f ms\n", "sum of the parts", 1e3 * m_sum);
        std::fflush(stdout);
        const TrainPass pass{m_products, m_workspace, m_dropout, 1.0 / kTokens, 0};
        const double step =
            bestSeconds([&] { (void)forwardBackward(*m_decoder, m_batch, m_lora, pass, m_gradients); }, 6);
        std::printf("%-40s %34.1f ms = %.1f tokens/s\n", "whole step", 1e3 * step,
                    static_cast<double>(kTokens) / step);
    }

private:
    void row(const char* name, int timesAStep, const std::function<void()>& work) {
        work();
        const double seconds = bestSeconds(work, 12);
        m_sum += seconds * timesAStep;
        std::printf("%-40s %8.3f ms, %4d a step: %8.1f ms\n", name, 1e3 * seconds, timesAStep,
                    1e3 * seconds * timesAStep);
        std::fflush(stdout);
    }

    void dropoutRows() {
        const DropoutMask mask = dropoutMask(m_dropout, 3, LayerInput::Mlp);
        const auto measure = [&](const char* name, std::int64_t width, int timesALayer) {
            const at::Tensor bits = m_workspace.take({kTokens, keepBytes(width)}, at::kByte);
            row(name, timesALayer * 30, [&] { drawKeepBitsInto(m_batch.places, mask, width, bits); });
        };
        measure("bits of dropout [tokens, hidden], 3 a layer", 576, 3);
        measure("bits of dropout [tokens, inner], 1 a layer", 1536, 1);
    }

    void attention() {
        const AttentionShape shape{kTokens, kTokens, 3, 3, 64};
        const auto heads = [&](std::int64_t rows) { return at::randn({3, rows, 64}).to(m_type); };
        const AttentionInput input{heads(3 * kTokens), heads(kTokens), heads(kTokens)};
        const AttentionInput gradient{heads(3 * kTokens), heads(kTokens), heads(kTokens)};
        const at::Tensor out = heads(3 * kTokens);
        const at::Tensor dout = heads(3 * kTokens);
        const at::Tensor kept = takeSoftmaxRows(shape, m_workspace);
        row("attention", 30,
            [&] { attentionInto(shape, input, m_batch.cu_seqlens, 0, out, kept, m_products, m_workspace); });
        row("attention backward", 30, [&] {
            attentionBackwardInto(shape, input, m_batch.cu_seqlens, out, kept, dout, gradient, m_products,
                                  m_workspace);
        });
    }

    void projections() {
        PassContext context = m_decoder->context(m_batch, m_products, &m_lora, &m_workspace);
        context.dropout = &m_dropout;
        LayerWeights weights;
        weights.input_layernorm = m_weight;
        const auto linear = [&](std::int64_t out, std::int64_t in) {
            return FrozenLinear(at::randn({out, in}).to(m_type));
        };
        weights.projections = {linear(576, 576),  linear(192, 576),  linear(192, 576), linear(576, 576),
                               linear(1536, 576), linear(1536, 576), linear(576, 1536)};
        const LayerLora& lora = m_lora.layers[1];
        const auto measure = [&](const char* name, LayerInput input, std::initializer_list<Projection> which,
                                 const at::Tensor& x, const std::vector<at::Tensor>& outs) {
            const ProjectionGroup group(weights, lora, context, m_batch.places, 1, input, which);
            const GroupKept kept = group.takeKept(x.size(0), x.size(1));
            const at::Tensor dx = at::zeros_like(x);
            row((std::string(name) + " forward").c_str(), 30, [&] { group.forward(x, outs, kept); });
            row((std::string(name) + " backward").c_str(), 30,
                [&] { group.backward(x, outs, kept, m_views[1], dx); });
        };
        const at::Tensor narrow = at::randn({kTokens, 192}).to(m_type);
        measure("q, k, v with adapters", LayerInput::Attention, {Projection::Q, Projection::K, Projection::V},
                m_x, {m_y, narrow, narrow.clone()});
        measure("o with adapter", LayerInput::Output, {Projection::O}, m_x, {m_y});
        measure("gate, up with adapters", LayerInput::Mlp, {Projection::Gate, Projection::Up}, m_x,
                {m_gate, m_up});
        measure("down with adapter", LayerInput::Down, {Projection::Down}, m_gate, {m_y});
        const TensorTerm gate{m_x, weights.of(Projection::Gate).weight(), /*rightIsTransposed=*/true};
        const double seconds = bestSeconds(
            [&] {
                productInto({&gate, 1}, m_gate, {m_products, context.productRoom});
            },
            12);
        std::printf("%-40s %34.0f GFLOP/s\n", "gate's product alone",
                    2.0 * kTokens * 576 * 1536 / seconds / 1e9);
        at::Tensor out = m_gate;
        const at::Tensor turned = gate.right.t();
        const double aten = bestSeconds([&] { at::mm_out(out, m_x, turned); }, 12);
        std::printf("%-40s %34.0f GFLOP/s\n", "the same by ATen", 2.0 * kTokens * 576 * 1536 / aten / 1e9);
    }

    void head() {
        const PassContext context = m_decoder->context(m_batch, m_products, &m_lora, &m_workspace);
        const at::Tensor hidden = m_x.narrow(0, 0, m_batch.targetCount());
        const at::Tensor gradient = at::zeros_like(hidden);
        row("head with loss and gradient", 1,
            [&] { (void)fastHeadLoss(*m_decoder, hidden, context, 1.0, gradient); });
    }

    at::Tensor drawn(std::int64_t width) const { return at::randn({kTokens, width}).to(m_type); }

    at::ScalarType m_type;
    std::unique_ptr<Decoder> m_decoder;
    LoraPlan m_plan;
    LoraSet m_lora;
    at::Tensor m_gradients;
    std::vector<LayerLora> m_views;
    DropoutKey m_dropout;
    std::vector<text::TokenRow> m_rows;
    std::vector<const text::TokenRow*> m_picked;
    Batch m_batch;
    Products m_products;
    Workspace m_workspace;
    at::Tensor m_x = drawn(576), m_y = drawn(576), m_dy = drawn(576);
    at::Tensor m_gate = drawn(1536), m_up = drawn(1536), m_activated = drawn(1536);
    at::Tensor m_weight = at::randn({576}).to(m_type);
    at::Tensor m_inverse = at::randn({kTokens});
    double m_sum = 0.0;
};

} // namespace

int main(int argc, char** argv) {
    double dropout = 0.0;
    at::ScalarType type = at::kBFloat16;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--dropout") dropout = 0.1;
        if (option == "--fp32") type = at::kFloat;
        if (option != "--level" || i + 1 == argc) continue;
        ++i;
        for (const CpuLevel level : cpuLevels())
            if (cpuLevelName(level) == argv[i]) setCpuLevel(level);
    }
    std::printf("%s, %s kernels\n", at::toString(type), std::string(cpuLevelName(cpuLevel())).c_str());
    Parts(dropout, type).run();
}
