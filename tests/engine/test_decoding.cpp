// Decoding by vector kernels against the plain layers: instruction sets, several contexts at once, adapters,
// and what a token allocates.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include <QTest>

#include "core/philox.h"
#include "engine/drawn_pass.h"
#include "llama/infer/decode_step.h"
#include "llama/infer/generator.h"
#include "llama/kernels/cpu_level.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;

namespace {

std::atomic<std::uint64_t> allocations{0};

constexpr double kTolerance = 1e-5;       // of the largest logit, fp32
constexpr double kBf16Tolerance = 4.0e-2; // the same in bfloat16: a few steps of its mantissa

std::vector<std::int32_t> tokensOf(std::size_t count, std::uint64_t seed) {
    PhiloxStream stream(seed, 4);
    std::vector<std::int32_t> tokens(count);
    for (std::int32_t& token : tokens)
        token = static_cast<std::int32_t>(stream.nextBelow(kTinyVocabulary));
    return tokens;
}

LoraSet adapterOf(const Decoder& decoder, const std::vector<std::string>& targets) {
    LoraSet lora = testing::adapterOf(decoder, targets, 0.0, 5);
    lora.userScale = 0.75;
    return lora;
}

/// A context that the plain layers have read the first token of.
std::unique_ptr<KvCache> begunCache(const Decoder& decoder, std::int32_t token, const LoraSet* lora) {
    auto cache = std::make_unique<KvCache>(decoder.config(), decoder.dtype());
    Products products;
    decoder.hidden(makeInferenceBatch(std::array{token}, 0), lora, cache.get(), products);
    return cache;
}

/// Logits after all tokens but the first, by decoding.
std::vector<float> decoded(const Decoder& decoder, const std::vector<std::int32_t>& tokens,
                           const LoraSet* lora, std::int64_t threads = 0) {
    const auto cache = begunCache(decoder, tokens.front(), lora);
    KvCache* const caches[] = {cache.get()};
    const auto step = DecodeStep::create(decoder, lora, 1, threads);
    std::vector<float> all;
    for (std::size_t i = 1; i < tokens.size(); ++i) {
        const auto logits = step->run(std::span(tokens).subspan(i, 1), caches);
        all.insert(all.end(), logits.begin(), logits.end());
    }
    return all;
}

/// Keys and values of a context in fp32, one head after another.
std::vector<float> contents(const KvCache& cache, const formats::ModelConfig& config) {
    std::vector<float> all;
    const std::int64_t count = cache.length() * config.head_dim;
    for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
        for (std::int64_t head = 0; head < config.num_key_value_heads; ++head)
            for (const std::byte* const first : {cache.keys(layer, head), cache.values(layer, head)}) {
                const auto* const numbers = reinterpret_cast<const float*>(first);
                all.insert(all.end(), numbers, numbers + count);
            }
    return all;
}

/// The same by one pass of the plain layers.
std::vector<float> plain(const Decoder& decoder, const std::vector<std::int32_t>& tokens,
                         const LoraSet* lora) {
    Products products;
    const at::Tensor hidden = decoder.hidden(makeInferenceBatch(tokens, 0), lora, nullptr, products);
    const auto all = toVector(decoder.logits(hidden, products).flatten());
    return {all.begin() + decoder.config().vocab_size, all.end()};
}

} // namespace

void* operator new(std::size_t bytes) {
    ++allocations;
    if (void* const memory = std::malloc(bytes)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

class TestDecoding final : public QObject {
    Q_OBJECT

    TemporaryFolder m_folder;
    TemporaryFolder m_biased;

    static std::unique_ptr<Decoder> decoder(const TemporaryFolder& folder, at::ScalarType type = at::kFloat) {
        return checked(loadDecoder(folder.path(), type, {}, {}, LayerPath::Plain));
    }

private Q_SLOTS:
    void initTestCase() {
        formats::ModelConfig config = tinyConfig();
        config.max_position_embeddings = 1000; // fewer than whole pages hold
        writeTinyModel(m_folder.path(), config, 1, formats::DType::F32);
        config.attention_bias = true;
        config.mlp_bias = true;
        config.num_attention_heads = 5; // in three key heads' place one, and widths that 16 does not divide
        config.num_key_value_heads = 1;
        config.head_dim = 10;
        config.hidden_size = 52;
        config.intermediate_size = 75;
        config.tie_word_embeddings = false;
        writeTinyModel(m_biased.path(), config, 2, formats::DType::F32);
    }

    void everyInstructionSetDecodesAsThePlainLayers_data() {
        QTest::addColumn<int>("level");
        for (const CpuLevel level : cpuLevels())
            QTest::newRow(std::string(cpuLevelName(level)).c_str()) << static_cast<int>(level);
    }
    void everyInstructionSetDecodesAsThePlainLayers() {
        QFETCH(int, level);
        const std::vector<std::int32_t> tokens = tokensOf(70, 1);
        for (const TemporaryFolder* folder : {&m_folder, &m_biased})
            for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
                const auto model = decoder(*folder, type);
                const LoraSet lora = adapterOf(*model, {"all-linear"});
                for (const LoraSet* adapter : {static_cast<const LoraSet*>(nullptr), &lora}) {
                    setCpuLevel(static_cast<CpuLevel>(level));
                    const auto found = decoded(*model, tokens, adapter);
                    setCpuLevel(bestCpuLevel());
                    const double difference = relativeDifference(found, plain(*model, tokens, adapter));
                    QVERIFY2(difference <= (type == at::kFloat ? kTolerance : kBf16Tolerance),
                             QByteArray::number(difference));
                }
            }
    }

    void anAdapterOfSomeModulesWithBiasesOfItsOwn() {
        const auto model = decoder(m_biased);
        LoraSet lora = adapterOf(*model, {"k_proj", "up_proj", "down_proj"});
        formats::PeftAdapter adapter;
        for (const Projection projection : {Projection::Q, Projection::Up, Projection::O}) {
            const auto out =
                static_cast<std::size_t>(projectionShape(model->config(), projection).outFeatures);
            adapter.biases.push_back({moduleName(1, projection), std::vector<float>(out, 0.3F)});
        }
        setBiases(lora, adapter);
        const std::vector<std::int32_t> tokens = tokensOf(20, 2);
        const auto expected = plain(*model, tokens, &lora);
        QVERIFY(relativeDifference(decoded(*model, tokens, &lora), expected) <= kTolerance);
        QVERIFY(relativeDifference(plain(*model, tokens, nullptr), expected) > 100 * kTolerance);
        lora.userScale = 0.0; // the base exactly
        QVERIFY(decoded(*model, tokens, &lora) == decoded(*model, tokens, nullptr));
    }

    void contextsTogetherAreContextsAlone() {
        const auto model = decoder(m_folder);
        const LoraSet lora = adapterOf(*model, {"all-linear"});
        std::vector<std::unique_ptr<KvCache>> owned;
        std::vector<KvCache*> caches;
        std::vector<std::vector<std::int32_t>> rows;
        Products products;
        const auto step = DecodeStep::create(*model, &lora, kMaxVectorRows, 2);
        for (std::size_t i = 0; i < kMaxVectorRows; ++i) { // each begins with another length
            rows.push_back(tokensOf(1 + 40 * i + 3, 10 + i));
            owned.push_back(std::make_unique<KvCache>(model->config(), at::kFloat));
            caches.push_back(owned.back().get());
            const std::span<const std::int32_t> before(rows[i].data(), rows[i].size() - 3);
            model->hidden(makeInferenceBatch(before, 0), &lora, caches.back(), products);
        }
        for (std::size_t left = 3; left > 0; --left) {
            std::vector<std::int32_t> next;
            for (const auto& row : rows)
                next.push_back(row[row.size() - left]);
            const auto together = step->run(next, caches);
            const auto vocab = static_cast<std::size_t>(kTinyVocabulary);
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const std::span<const std::int32_t> seen(rows[i].data(), rows[i].size() - left + 1);
                const at::Tensor hidden =
                    model->hidden(makeInferenceBatch(seen, 0), &lora, nullptr, products);
                const at::Tensor last = hidden.narrow(0, hidden.size(0) - 1, 1);
                const std::vector<float> found(together.begin() + static_cast<std::ptrdiff_t>(i * vocab),
                                               together.begin() +
                                                   static_cast<std::ptrdiff_t>((i + 1) * vocab));
                QVERIFY(relativeDifference(found, toVector(model->logits(last, products).flatten())) <=
                        kTolerance);
            }
        }
    }

    // In two pieces, of which the second attends to what the first left in the cache, then with a longer
    // prompt that goes on from there.
    void aPromptReadByTheFastLayersIsThePlainOnes() {
        for (const TemporaryFolder* folder : {&m_folder, &m_biased}) {
            const auto fast = checked(loadDecoder(folder->path(), at::kFloat, {}, {}, LayerPath::Fast));
            const auto slow = decoder(*folder);
            const LoraSet lora = adapterOf(*slow, {"all-linear"});
            GenerationOptions options;
            options.maxNewTokens = 3;
            std::vector<std::int32_t> prompt = tokensOf(700, 5);
            KeptContext found, expected;
            for (const std::size_t more : {std::size_t{0}, std::size_t{77}}) {
                const auto added = tokensOf(more, 6);
                prompt.insert(prompt.end(), added.begin(), added.end());
                const auto quick = checked(generateTokens(*fast, &lora, prompt, options, {}, {}, found));
                const auto plain = checked(generateTokens(*slow, &lora, prompt, options, {}, {}, expected));
                QVERIFY(quick.tokens == plain.tokens);
                QVERIFY(more == 0 || quick.reusedTokens >= 700);
                QVERIFY(found.tokens == expected.tokens);
                const double difference = relativeDifference(contents(*found.cache, fast->config()),
                                                             contents(*expected.cache, slow->config()));
                QVERIFY2(difference <= kTolerance, QByteArray::number(difference));
            }
        }
    }

    void theNumberOfThreadsChangesNothing() {
        const auto model = decoder(m_folder);
        const std::vector<std::int32_t> tokens = tokensOf(9, 3);
        const auto expected = plain(*model, tokens, nullptr);
        for (const std::int64_t threads : {1, 2, 3, 5}) // five are more than the first context has tokens
            QVERIFY(relativeDifference(decoded(*model, tokens, nullptr, threads), expected) <= kTolerance);
    }

    void aTokenAllocatesNothing() {
        const auto model = decoder(m_folder);
        const LoraSet lora = adapterOf(*model, {"all-linear"});
        const auto cache = begunCache(*model, 7, &lora);
        KvCache* const caches[] = {cache.get()};
        const auto step = DecodeStep::create(*model, &lora, 1, 2);
        step->run(std::array{8}, caches); // the first one makes the team of threads
        const std::uint64_t before = allocations;
        for (std::int32_t token = 0; token < 100; ++token)
            step->run(std::span(&token, 1), caches);
        QCOMPARE(allocations.load(), before);
        QCOMPARE(cache->length(), std::int64_t{102});
    }

    void aCacheGrowsWithoutCopyingAndForgetsItsEnd() {
        const auto model = decoder(m_folder);
        const std::vector<std::int32_t> tokens = tokensOf(400, 4);
        KvCache cache(model->config(), at::kFloat);
        KvCache* const caches[] = {&cache};
        QCOMPARE(cache.bytes(), std::uint64_t{0});
        Products products;
        model->hidden(makeInferenceBatch(std::span(tokens).first(200), 0), nullptr, &cache, products);
        const std::byte* const place = cache.keys(1, 0);
        const std::uint64_t oneBlock = cache.bytes();
        model->hidden(makeInferenceBatch(std::span(tokens).subspan(200, 190), 200), nullptr, &cache,
                      products);
        QCOMPARE(cache.bytes(), 2 * oneBlock);
        QVERIFY(cache.keys(1, 0) == place);
        // Rolled back and filled anew, the context is as one that was never longer.
        cache.truncate(150);
        QCOMPARE(cache.length(), std::int64_t{150});
        const auto step = DecodeStep::create(*model, nullptr, 1);
        std::vector<std::int32_t> other(tokens.begin(), tokens.begin() + 150);
        other.push_back(9);
        const auto logits = step->run(std::array{9}, caches);
        const auto expected = plain(*model, other, nullptr);
        const std::vector<float> last(expected.end() - kTinyVocabulary, expected.end());
        QVERIFY(relativeDifference({logits.begin(), logits.end()}, last) <= kTolerance);
        QVERIFY_THROWS_EXCEPTION(std::bad_alloc, cache.reserve(model->config().max_position_embeddings + 1));
    }
};

QTEST_GUILESS_MAIN(TestDecoding)
#include "test_decoding.moc"
