// The shared library as the program opens it: one symbol, everything behind it works.
#include <filesystem>

#include <dlfcn.h>

#include <QTest>

#include "llama/engine_loader.h"
#include "support/temporary_folder.h"

using namespace llamahome::engine;

class TestEngineLibrary final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theLibraryOpensAndComputes() {
        void* library = ::dlopen(LLAMAHOME_ENGINE_FILE, RTLD_NOW | RTLD_LOCAL);
        QVERIFY2(library != nullptr, library == nullptr ? ::dlerror() : "");
        using Create = Engine* (*)();
        const auto create = reinterpret_cast<Create>(::dlsym(library, "llamahome_create_engine"));
        QVERIFY(create != nullptr);
        const std::unique_ptr<Engine> engine(create());
        QVERIFY(engine->info().libtorchVersion.starts_with("2."));
        llamahome::formats::ModelConfig config;
        config.vocab_size = 64;
        config.hidden_size = 32;
        config.intermediate_size = 48;
        config.num_hidden_layers = 2;
        config.num_attention_heads = 4;
        config.num_key_value_heads = 2;
        config.head_dim = 8;
        config.tie_word_embeddings = true;
        for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
            const auto model = engine->randomModel(config, precision, 1);
            const auto logits = model->logits({1, 2, 3});
            QVERIFY(logits);
            QCOMPARE(logits->size(), std::size_t{3 * 64});
        }
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
