// Folders in Meta's layout give the same tensors as the Hub's files of the same models, whole or in shards;
// shards that do not belong together and wrong params.json are refused in words.
#include <QtTest>

#include "core/error_codes.h"
#include "formats/meta/meta_weights.h"
#include "formats/safetensors/safetensors_reader.h"
#include "pickle_bytes_maker.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kParams =
    R"({"dim": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "vocab_size": 96, )"
    R"("ffn_dim_multiplier": 0.5, "multiple_of": 16, "norm_eps": 1e-06, "rope_theta": 10000.0})";

/// The text with `from` replaced by `to`.
std::string changed(std::string_view text, const std::string& from, const std::string& to) {
    std::string result(text);
    return result.replace(result.find(from), from.size(), to);
}

void copyFolder(const fs::path& from, const fs::path& to) {
    fs::create_directories(to);
    for (const auto& file : fs::directory_iterator(from))
        fs::copy_file(file.path(), to / file.path().filename());
}

Result<MetaModel> paramsOf(std::string_view text) {
    const TemporaryFolder folder;
    writeBytes(folder / "params.json", text);
    return readMetaParams(folder / "params.json");
}

} // namespace

class TestMetaWeights : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void givesTheTensorsOfTheHubsFiles_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("model");
        QTest::newRow("one shard, tied") << "meta_gqa_tied_1"
                                         << "gqa_tied";
        QTest::newRow("two shards, tied") << "meta_gqa_tied_2"
                                          << "gqa_tied";
        QTest::newRow("two shards, own head") << "meta_mha_untied_2"
                                              << "mha_untied";
        QTest::newRow("text part of a model with pictures") << "meta_pictures"
                                                            << "gqa_tied";
    }
    void givesTheTensorsOfTheHubsFiles() {
        QFETCH(const QString, folder);
        QFETCH(const QString, model);
        const fs::path hub = fs::path(LLAMAHOME_TEST_DATA) / "parity" / model.toStdString();
        auto weights = MetaWeights::open(fixture(folder.toStdString()));
        QVERIFY2(weights, weights ? "" : weights.error().message.c_str());
        auto expected = SafetensorsReader::open(hub / "model.safetensors");
        QVERIFY(expected);
        QCOMPARE((*weights)->tensors().size(), (*expected)->tensors().size());
        for (const TensorInfo& wanted : (*expected)->tensors()) {
            const TensorInfo* const found = (*weights)->find(wanted.name);
            QVERIFY2(found != nullptr, wanted.name.c_str());
            QVERIFY2(found->shape == wanted.shape && found->dtype == wanted.dtype, wanted.name.c_str());
            QVERIFY2(tensorBytes(**weights, *found) == tensorBytes(**expected, wanted), wanted.name.c_str());
        }
        const auto config = readModelConfig(hub / "config.json");
        QVERIFY(config);
        const ModelConfig& found = (*weights)->config();
        QCOMPARE(found.vocab_size, config->vocab_size);
        QCOMPARE(found.intermediate_size, config->intermediate_size);
        QCOMPARE(found.num_key_value_heads, config->num_key_value_heads);
        QCOMPARE(found.head_dim, config->head_dim);
        QCOMPARE(found.rms_norm_eps, config->rms_norm_eps);
        QCOMPARE(found.rope_theta, config->rope_theta);
        QCOMPARE(found.tie_word_embeddings, config->tie_word_embeddings);
    }

    void whatAPictureModelLeavesOutIsNamed() {
        const auto weights = MetaWeights::open(fixture("meta_pictures"));
        QVERIFY(weights);
        const std::vector<std::string> expected{"1 cross-attention layers", "the picture encoder (1 tensors)",
                                                "the picture tokens' embedding"};
        QVERIFY((*weights)->leftOut() == expected);
        const auto plain = MetaWeights::open(fixture("meta_gqa_tied_1"));
        QVERIFY(plain && (*plain)->leftOut().empty());
    }

    void shardsThatDoNotBelongTogetherAreRefused() {
        const TemporaryFolder folder;
        const fs::path mixed = folder / "mixed";
        copyFolder(fixture("meta_gqa_tied_2"), mixed);
        fs::remove(mixed / "consolidated.00.pth");
        const auto missing = MetaWeights::open(mixed);
        QVERIFY(!missing && missing.error().code == codes::kShardSet);
        QVERIFY(contains(missing.error().message, "expected consolidated.00.pth before it"));

        fs::copy_file(fixture("meta_mha_untied_2/consolidated.00.pth"), mixed / "consolidated.00.pth");
        const auto foreign = MetaWeights::open(mixed);
        QVERIFY(!foreign && foreign.error().code == codes::kShardSet);

        const fs::path half = folder / "half";
        copyFolder(fixture("meta_gqa_tied_2"), half);
        fs::remove(half / "consolidated.01.pth");
        const auto one = MetaWeights::open(half);
        QVERIFY(!one && one.error().code == codes::kMetaTensors);
        QVERIFY2(contains(one.error().message, "in each of 1 shards"), one.error().message.c_str());

        fs::remove(half / "consolidated.00.pth");
        const auto none = MetaWeights::open(half);
        QVERIFY(!none && none.error().code == codes::kFileNotFound);
    }

    void tensorsOfAnotherModelAreRefused() {
        const TemporaryFolder folder;
        const fs::path other = folder / "other";
        copyFolder(fixture("meta_gqa_tied_1"), other);
        writeBytes(other / "params.json", changed(kParams, "\"n_layers\": 2", "\"n_layers\": 3"));
        const auto deeper = MetaWeights::open(other);
        QVERIFY(!deeper && deeper.error().code == codes::kMetaTensors);
        QVERIFY2(contains(deeper.error().message, "layers.2.attention.wq.weight is missing"),
                 deeper.error().message.c_str());
        writeBytes(other / "params.json", changed(kParams, "\"n_layers\": 2", "\"n_layers\": 1"));
        const auto flatter = MetaWeights::open(other);
        QVERIFY(!flatter && flatter.error().code == codes::kMetaTensors);
        QVERIFY2(contains(flatter.error().message, "belongs to no Llama"), flatter.error().message.c_str());
        writeBytes(other / "params.json", changed(kParams, "0.5", "1.5"));
        const auto wider = MetaWeights::open(other);
        QVERIFY(!wider && wider.error().code == codes::kMetaTensors);
        QVERIFY2(contains(wider.error().message, "found [48, 32]"), wider.error().message.c_str());
    }

    void knowsTheModelsOfMeta_data() {
        QTest::addColumn<QByteArray>("params");
        QTest::addColumn<qint64>("inner");
        QTest::addColumn<double>("factor");
        const auto add = [](const char* name, int dim, int layers, int heads, double multiplier, int multiple,
                            qint64 inner, double factor) {
            QTest::newRow(name) << QStringLiteral(
                                       R"({"dim": %1, "n_layers": %2, "n_heads": %3, "n_kv_heads": 8, )"
                                       R"("vocab_size": 128256, "ffn_dim_multiplier": %4, )"
                                       R"("multiple_of": %5, "norm_eps": 1e-05, )"
                                       R"("rope_theta": 500000.0, "use_scaled_rope": true})")
                                       .arg(dim)
                                       .arg(layers)
                                       .arg(heads)
                                       .arg(multiplier)
                                       .arg(multiple)
                                       .toUtf8()
                                << inner << factor;
        };
        add("3.2-1B", 2048, 16, 32, 1.5, 256, 8192, 32.0);
        add("3.2-3B", 3072, 28, 24, 1.0, 256, 8192, 32.0);
        add("3.1-8B", 4096, 32, 32, 1.3, 1024, 14336, 8.0);
        add("3.1-70B", 8192, 80, 64, 1.3, 4096, 28672, 8.0);
        add("3.1-405B", 16384, 126, 128, 1.2, 4096, 53248, 8.0);
    }
    void knowsTheModelsOfMeta() {
        QFETCH(const QByteArray, params);
        QFETCH(const qint64, inner);
        QFETCH(const double, factor);
        const auto model = paramsOf(params.toStdString());
        QVERIFY2(model, model ? "" : model.error().message.c_str());
        QCOMPARE(model->config.intermediate_size, inner);
        QVERIFY(model->config.rope_scaling);
        QCOMPARE(model->config.rope_scaling->factor, factor);
        QCOMPARE(model->config.max_position_embeddings, std::int64_t{131072});
        QCOMPARE(model->config.vocab_size, std::int64_t{128256});
    }

    void theGenerationIsToldByTheTokenizerElseByTheVocabulary() {
        struct Case {
            const char* name;
            const char* params;
            const char* tokenizer; // its beginning; null: there is none
            MetaGeneration generation;
            double theta;
            std::int64_t context;
        };
        const std::vector<Case> cases{
            {"Llama 2", R"("vocab_size": -1)", "\n\x0E", MetaGeneration::Llama2, 1e4, 4096},
            {"Llama 2 alone", R"("vocab_size": -1)", nullptr, MetaGeneration::Llama2, 1e4, 4096},
            {"32000 rows", R"("vocab_size": 32000)", nullptr, MetaGeneration::Llama2, 1e4, 4096},
            {"Code Llama", R"("rope_theta": 1e6)", "\n\x0E", MetaGeneration::Llama2, 1e6, 16384},
            {"Llama 3", R"("vocab_size": 128256)", "IQ== 0", MetaGeneration::Llama3, 5e5, 8192},
            {"ranks", R"("vocab_size": -1)", "IQ== 0", MetaGeneration::Llama3, 5e5, 8192},
            {"empty", R"("vocab_size": -1)", "", MetaGeneration::Llama3, 5e5, 8192},
            {"Llama 3 alone", R"("vocab_size": 128256)", nullptr, MetaGeneration::Llama3, 5e5, 8192},
            {"scaled", R"("use_scaled_rope": true)", nullptr, MetaGeneration::Llama31, 5e5, 131072}};
        for (const Case& c : cases) {
            const TemporaryFolder folder;
            writeBytes(folder / "params.json",
                       R"({"dim": 32, "n_layers": 2, "n_heads": 4, "norm_eps": 1e-05, )" +
                           std::string(c.params) + "}");
            if (c.tokenizer != nullptr) writeBytes(folder / "tokenizer.model", c.tokenizer);
            const auto model = readMetaParams(folder / "params.json");
            QVERIFY2(model, c.name);
            QVERIFY2(model->generation == c.generation, c.name);
            QCOMPARE(model->config.rope_theta, c.theta);
            QCOMPARE(model->config.max_position_embeddings, c.context);
        }
    }

    void wrongParamsAreRefused_data() {
        QTest::addColumn<QByteArray>("params");
        QTest::addColumn<QString>("words");
        const auto add = [](const char* name, const std::string& params, const char* words) {
            QTest::newRow(name) << QByteArray::fromStdString(params) << words;
        };
        add("no object", "[1]", "no JSON object");
        add("no dim", changed(kParams, "\"dim\": 32, ", ""), "no dim");
        add("dim a text", changed(kParams, "32,", "\"32\","), "dim");
        add("dim negative", changed(kParams, "32,", "-32,"), "dim");
        add("dim huge", changed(kParams, "32,", "99999999999,"), "dim");
        add("heads that do not divide", changed(kParams, "\"n_heads\": 4", "\"n_heads\": 5"),
            "divide each other");
        add("key heads that do not divide", changed(kParams, "\"n_kv_heads\": 2", "\"n_kv_heads\": 3"),
            "divide each other");
        add("more heads than dim", changed(kParams, "\"n_heads\": 4", "\"n_heads\": 64"),
            "divide each other");
        add("multiplier", changed(kParams, "0.5", "1e9"), "ffn_dim_multiplier");
        add("norm_eps", changed(kParams, "1e-06", "0"), "norm_eps");
        add("rope_theta", changed(kParams, "10000.0", "\"many\""), "rope_theta");
        add("vocab_size", changed(kParams, "96", "-2"), "vocab_size");
        add("quantised", changed(kParams, "{", "{\"quantization_args\": {\"scheme\": \"int8\"}, "),
            "quantised");
    }
    void wrongParamsAreRefused() {
        QFETCH(const QByteArray, params);
        QFETCH(const QString, words);
        const auto model = paramsOf(params.toStdString());
        QVERIFY(!model);
        QVERIFY2(model.error().code == codes::kMetaParams, model.error().message.c_str());
        QVERIFY2(QString::fromStdString(model.error().message).contains(words),
                 model.error().message.c_str());
    }
};

QTEST_GUILESS_MAIN(TestMetaWeights)
#include "test_meta_weights.moc"
