// The shared library as the program opens it: one symbol, everything behind it works.
#include <filesystem>

#include <dlfcn.h>

#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "formats/hub/model_weights.h"
#include "llama/engine_entry.h"
#include "llama/engine_loader.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

using namespace llamahome::engine;

namespace {

class RememberingLog final : public llamahome::LogSink {
public:
    void write(llamahome::LogLevel, std::string_view, std::string_view message) override {
        text += std::string(message) + "\n";
    }

    std::string text;
};

} // namespace

class TestEngineLibrary final : public QObject {
    Q_OBJECT

private:
    static llamahome::formats::ModelConfig smallShape() {
        llamahome::formats::ModelConfig config;
        config.vocab_size = 64;
        config.hidden_size = 32;
        config.intermediate_size = 48;
        config.num_hidden_layers = 2;
        config.num_attention_heads = 4;
        config.num_key_value_heads = 2;
        config.head_dim = 8;
        config.tie_word_embeddings = true;
        return config;
    }

private Q_SLOTS:
    void theLibraryOpensAndComputes() {
        void* library = ::dlopen(LLAMAHOME_ENGINE_FILE, RTLD_NOW | RTLD_LOCAL);
        QVERIFY2(library != nullptr, library == nullptr ? ::dlerror() : "");
        const auto create = reinterpret_cast<CreateEngine>(::dlsym(library, kCreateEngineName));
        QVERIFY(create != nullptr);
        llamahome::Error failure{llamahome::codes::kInternal, {}};
        const std::unique_ptr<Engine> engine(create(nullptr, failure));
        QVERIFY2(engine, failure.message.c_str());
        QVERIFY(engine->info().libtorchVersion.starts_with("2."));
        const llamahome::formats::ModelConfig config = smallShape();
        for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
            const auto model = engine->randomModel(config, precision, 1);
            QVERIFY(model);
            const auto logits = (*model)->logits({1, 2, 3});
            QVERIFY(logits);
            QCOMPARE(logits->size(), std::size_t{3 * 64});
        }
    }

    void aModelThatNoMemoryHoldsIsAnError() {
        const auto engine = openEngine();
        QVERIFY(engine);
        llamahome::formats::ModelConfig config = smallShape();
        config.vocab_size = std::int64_t{1} << 40;
        QVERIFY(!(*engine)->randomModel(config, Precision::Fp32, 1));
        QVERIFY(!(*engine)->measureGemm(Precision::Fp32, -1, 2, 2));
    }

    void whatTheEngineLogsReachesTheProgramsLog() {
        const llamahome::testing::TemporaryFolder folder;
        llamahome::testing::writeTinyModel(folder.path());
        const auto weights = llamahome::formats::openModelWeights(folder.path());
        QVERIFY(weights);
        llamahome::Json index{{"metadata", {{"total_size", 1}}}};
        for (const auto& tensor : (*weights)->tensors())
            index["weight_map"][tensor.name] = "model-00001-of-00001.safetensors";
        std::filesystem::rename(folder / "model.safetensors", folder / "model-00001-of-00001.safetensors");
        QVERIFY(llamahome::writeFileAtomically(
            llamahome::systemFiles(), folder / "model.safetensors.index.json", llamahome::writeJson(index)));
        const auto engine = openEngine();
        QVERIFY(engine);
        const auto log = std::make_shared<RememberingLog>();
        llamahome::setLogSink(log);
        const auto model = (*engine)->loadModel(folder.path(), {});
        llamahome::setLogSink(nullptr);
        QVERIFY2(model, model ? "" : model.error().message.c_str());
        QVERIFY2(log->text.find("total_size is 1") != std::string::npos, log->text.c_str());
    }

    void theProgramFindsItFromTheBuildTree() {
        const auto engine = openEngine();
        QVERIFY2(engine, engine ? "" : engine.error().detail.c_str());
    }

    void aMissingLibraryIsAnErrorThatSaysWhereItWasLookedFor() {
        const llamahome::testing::TemporaryFolder folder;
        const auto engine = openEngine({folder.path()});
        QVERIFY(!engine);
        QCOMPARE(engine.error().code.text, std::string_view("ENG-01"));
        QVERIFY(engine.error().detail.find(folder.path().string()) != std::string::npos);
    }

    void aDamagedLibraryIsAnError() {
        const llamahome::testing::TemporaryFolder folder;
        QVERIFY(llamahome::writeFileAtomically(llamahome::systemFiles(), folder / "libllamahome_engine.so",
                                               "no"));
        QVERIFY(!openEngine({folder.path()}));
    }
};

QTEST_GUILESS_MAIN(TestEngineLibrary)
#include "test_engine_library.moc"
