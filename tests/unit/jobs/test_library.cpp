#include <QTest>

#include "core/error_codes.h"
#include "jobs/library/card_licence.h"
#include "jobs/library/damage_mark.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/model_spec.h"
#include "jobs/library/remove_model.h"
#include "jobs/memory_estimate.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

const ModelEntry& entryOf(const std::vector<ModelEntry>& entries, const std::string& name) {
    for (const ModelEntry& entry : entries)
        if (entry.name == name) return entry;
    throw std::runtime_error("no entry " + name);
}

ModelRequest requestFor(std::vector<std::string> words, ModelUse use = ModelUse::Files,
                        std::uint64_t memoryBytes = 0) {
    return {std::move(words), {}, use, memoryBytes};
}

constexpr std::uint64_t kGiB = 1ULL << 30;

} // namespace

class TestLibrary final : public QObject {
    Q_OBJECT

private:
    const LibraryFixture m_fixture; ///< with smollm2/135m-instruct installed
    ModelEntry m_model = m_fixture.importedModel();

private Q_SLOTS:
    void everyKnownModelIsListedAndTheInstalledOneIsVerified() {
        const auto entries = m_fixture.library().list();
        QCOMPARE(entries.size(), std::size_t{5});
        QCOMPARE(entries.front().name, std::string("llama/3.3-70b"));
        QVERIFY(entries.front().state == ModelState::Absent);
        QVERIFY(entries.front().memoryToChatBytes > 140'000'000'000ULL);
        const ModelEntry& model = entryOf(entries, "smollm2/135m-instruct");
        QCOMPARE(stateName(model.state), std::string_view("verified"));
        QCOMPARE(model.hubId, std::string("HuggingFaceTB/SmolLM2-135M-Instruct"));
        QCOMPARE(model.licence, std::string("Apache-2.0"));
        QVERIFY(model.sizeBytes > 159'000 && model.sizeBytes < 180'000);
        QVERIFY(model.catalog.has_value());
        QVERIFY(model.memoryToChatBytes > kProgramBytes && model.memoryToTrainBytes > kProgramBytes);
    }

    void oneFamilyIsListedAndAnUnknownOneNamesTheNearest() {
        QCOMPARE(m_fixture.library().listFamily("SmolLM2")->size(), std::size_t{2});
        QVERIFY(m_fixture.library().listFamily("local")->empty());
        const auto wrong = m_fixture.library().listFamily("smolm2");
        QVERIFY(wrong.error().code == codes::kFamilyUnknown);
        QVERIFY(names(wrong.error(), {"smolm2", "smollm2"}));
    }

    void aFolderThatWasCopiedByHandIsNamedWithTheImportThatTakesItOver() {
        const LibraryFixture fixture;
        const fs::path mine = modelFolder(fixture.root(), "local", "my model");
        writeTinyModel(fixture.installed());
        writeTinyModel(mine);
        writeTinyModel(fixture.root().models() / "stray");
        fs::create_directories(fixture.root().models() / "local" / "empty");
        const auto entries = fixture.library().list();
        QCOMPARE(entries.size(), std::size_t{7});
        for (const char* name : {"smollm2/135m-instruct", "local/my model", "stray"})
            QVERIFY2(entryOf(entries, name).state == ModelState::Foreign, name);
        QVERIFY(!fixture.library().find("local", "empty"));
        const auto use = resolveModel(fixture.library(), requestFor({"local/my model"}));
        QVERIFY(!use && use.error().code == codes::kModelNotInstalled);
        QVERIFY2(names(use.error(), {"local/my model", "not in the library",
                                     "`llamahome import '" + mine.string() + "'`"}),
                 use.error().message.c_str());
        const auto removal = planRemoval(fixture.root(), entryOf(entries, "local/my model"));
        QVERIFY(!removal && removal.error().code == codes::kRemoveRefused);
    }

    void aFolderByItsPathThatMustBeConvertedLeadsToItsImport() {
        const LibraryFixture fixture;
        const fs::path data = fs::path(LLAMAHOME_TEST_DATA) / "formats";
        const fs::path gguf = fixture.folder() / "a gguf";
        fs::create_directories(gguf);
        fs::copy_file(data / "tiny.gguf", gguf / "tiny.gguf");
        const fs::path pickled = fixture.folder() / "pickled";
        fs::create_directories(pickled);
        for (const char* name : {"config.json", "pytorch_model.bin"})
            fs::copy_file(data / "pickled_one" / name, pickled / name);
        for (const fs::path& folder : {gguf, pickled, data / "meta_whole"}) {
            const auto use = resolveModel(fixture.library(), requestFor({folder.string() + "/"}));
            QVERIFY2(!use && use.error().code == codes::kImportSource, folder.c_str());
            QVERIFY2(names(use.error(), {"`llamahome import ", folder.string()}),
                     use.error().message.c_str());
        }
    }

    void anAdapterThatWasCopiedByHandIsNamedToo() {
        const LibraryFixture fixture;
        const fs::path folder = fixture.root().finetuned() / "mine";
        fs::create_directories(folder);
        for (const auto& file : fs::directory_iterator(fs::path(LLAMAHOME_TEST_DATA) / "formats/adapter"))
            fs::copy(file.path(), folder / file.path().filename());
        QVERIFY(fixture.library().installedAdapters().front().state == ModelState::Foreign);
        const auto use = resolveAdapter(fixture.library(), "mine");
        QVERIFY(!use &&
                names(use.error(), {"mine", "not in the library", "llamahome import", folder.string()}));
    }

    void theLicenceOfAModelOutsideTheCatalogueIsThatOfItsCard() {
        const LibraryFixture fixture;
        QVERIFY(writeFileAtomically(systemFiles(), fixture.source() / "README.md",
                                    "---\nlanguage: en\nlicense: cc-by-4.0\n---\n# A model\n"));
        QCOMPARE(fixture.import({fixture.source(), "local", "mine", false})->entry.licence,
                 std::string("cc-by-4.0"));
        QCOMPARE(fixture.importedModel().licence, std::string("Apache-2.0")); // the catalogue knows it
    }

    void aCardNamesItsLicenceInItsHead_data() {
        QTest::addColumn<QString>("card");
        QTest::addColumn<QString>("licence");
        QTest::newRow("plain") << "---\nlicense: mit\n---\n"
                               << "mit";
        QTest::newRow("quoted, other line ends") << "---\r\nlicense: 'llama3.2'\r\n---\r\n"
                                                 << "llama3.2";
        QTest::newRow("another by name") << "---\nlicense: other\nlicense_name: my-terms\n---\n"
                                         << "my-terms";
        QTest::newRow("another without a name") << "---\nlicense: other\n---\n"
                                                << "other";
        QTest::newRow("a list") << "---\nlicense: [mit, apache-2.0]\n---\n"
                                << "";
        QTest::newRow("no head") << "# A model\nlicense: mit\n"
                                 << "";
        QTest::newRow("a head without an end") << "---\nlicense: mit\n"
                                               << "";
        QTest::newRow("a head that is no YAML") << "---\nlicense: mit\nx: [1\n---\n"
                                                << "";
        QTest::newRow("too long a name")
            << QStringLiteral("---\nlicense: %1\n---\n").arg(QString(200, u'x')) << "";
        QTest::newRow("nothing") << ""
                                 << "";
    }
    void aCardNamesItsLicenceInItsHead() {
        QFETCH(const QString, card);
        QFETCH(const QString, licence);
        QCOMPARE(QString::fromStdString(licenceOfCard(card.toStdString())), licence);
    }

    void whatAFailedCheckFoundIsKeptUntilItIsPutRight() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        QVERIFY(!readDamage(model.path));
        QVERIFY(writeDamage(systemFiles(), model.path, {"its bytes are others", true}));
        const auto entry = fixture.library().find("smollm2", "135m-instruct");
        QVERIFY(entry->state == ModelState::Damaged);
        QCOMPARE(entry->problem, std::string("its bytes are others"));
        QCOMPARE(entry->sizeBytes, model.sizeBytes);
        for (const char* text :
             {"", "{", "[]", "{\"schema\": 1}", "{\"schema\":2,\"problem\":\"x\",\"deep\":true}"}) {
            QVERIFY(writeFileAtomically(systemFiles(), model.path / kDamageName, text));
            QVERIFY2(fixture.library().find("smollm2", "135m-instruct")->state == ModelState::Damaged, text);
        }
        QVERIFY(clearDamage(systemFiles(), model.path) && clearDamage(systemFiles(), model.path));
        QVERIFY(fixture.library().find("smollm2", "135m-instruct")->isUsable());
    }

    void importsUnderOtherNamesAreListedAfterTheCatalogue() {
        const LibraryFixture fixture;
        QVERIFY(fixture.import({fixture.source(), "local", "mine", false}));
        QVERIFY(fixture.import({fixture.source(), "someone", "Their-Model", false}));
        const auto entries = fixture.library().list();
        QCOMPARE(entries.size(), std::size_t{7});
        QCOMPARE(entries[5].name, std::string("local/mine"));
        QVERIFY(entries[5].hubId.empty());
        QCOMPARE(entries[6].name, std::string("someone/Their-Model"));
        QVERIFY2(entries[6].hubId.empty(), "a name that a person gave is no id on the Hub");
        QVERIFY(entries[6].isUsable());
    }

    void aMissingOrShortenedFileMakesAModelDamaged() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        fs::resize_file(model.path / "model.safetensors", 100);
        const auto shortened = fixture.library().find("smollm2", "135m-instruct");
        QVERIFY(shortened->state == ModelState::Damaged);
        QVERIFY(shortened->problem.find("model.safetensors: found 100 bytes") != std::string::npos);
        fs::remove(model.path / "config.json");
        const auto missing = fixture.library().find("smollm2", "135m-instruct");
        QVERIFY(missing->state == ModelState::Damaged);
        const auto use = resolveModel(fixture.library(), requestFor({"smollm2", "135m-instruct"}));
        QVERIFY(use.error().code == codes::kModelDamaged);
        QVERIFY(names(use.error(), {"smollm2/135m-instruct", "config.json", "llamahome verify"}));
    }

    void aDamagedManifestIsShownAndNotTrusted() {
        const LibraryFixture fixture;
        const ModelEntry model = fixture.importedModel();
        QVERIFY(writeFileAtomically(systemFiles(), model.path / "llamahome.json", "{\"schema\": 1}"));
        const auto entry = fixture.library().find("smollm2", "135m-instruct");
        QVERIFY(entry->state == ModelState::Damaged);
        QVERIFY(entry->problem.find("llamahome.json") != std::string::npos);
    }

    void aLinkWhoseDiskIsGoneIsOffline() {
        const LibraryFixture fixture;
        ImportRequest request = fixture.request();
        request.link = true;
        QVERIFY(fixture.import(request));
        QVERIFY(fixture.library().find("smollm2", "135m-instruct")->isUsable());
        fs::rename(fixture.source(), fixture.folder() / "elsewhere");
        const auto entry = fixture.library().find("smollm2", "135m-instruct");
        QCOMPARE(stateName(entry->state), std::string_view("offline"));
        QVERIFY(entry->problem.find((fixture.source() / "model.safetensors").string()) != std::string::npos);
        fs::rename(fixture.folder() / "elsewhere", fixture.source());
        QVERIFY(fixture.library().find("smollm2", "135m-instruct")->isUsable());
    }

    void whatACutImportLeftIsPartial() {
        const LibraryFixture fixture;
        fs::create_directories(StagingFolder(fixture.root(), "smollm2", "135m").path());
        fs::create_directories(StagingFolder(fixture.root(), "local", "mine").path());
        const auto entries = fixture.library().list();
        QVERIFY(entryOf(entries, "smollm2/135m").state == ModelState::Partial);
        QVERIFY(entryOf(entries, "local/mine").state == ModelState::Partial);
        QVERIFY(entryOf(entries, "smollm2/135m-instruct").state == ModelState::Absent);
    }

    void everyWayOfNamingAModelLeadsToIt() {
        const Library library = m_fixture.library();
        for (const std::vector<std::string>& words : {std::vector<std::string>{"smollm2", "135m-instruct"},
                                                      {"smollm2/135m-instruct"},
                                                      {"smollm2"},
                                                      {"SmolLM2", "135M-Instruct"},
                                                      {"HuggingFaceTB/SmolLM2-135M-Instruct"}}) {
            const auto entry = resolveModel(library, requestFor(words));
            QVERIFY2(entry, words.front().c_str());
            QCOMPARE(entry->path, m_model.path);
        }
        const auto folder = resolveModel(library, requestFor({m_model.path.string()}));
        QVERIFY(folder);
        QCOMPARE(folder->path, fs::canonical(m_model.path));
        const auto foreign = resolveModel(library, requestFor({m_fixture.source().string()}));
        QVERIFY(foreign && foreign->isUsable());
    }

    void theVariablesChooseTheModelWhereNoneIsNamed() {
        ModelRequest request;
        request.environment = {
            {"LLAMA_MODEL", "smollm2"}, {"LLAMA_MODEL_SIZE", "135m"}, {"LLAMA_MODEL_VARIANT", "chat"}};
        const auto entry = resolveModel(m_fixture.library(), request);
        QVERIFY(entry);
        QCOMPARE(entry->name, std::string("smollm2/135m-instruct"));
        request.environment = {{"LLAMA_MODEL", "llama3.3"}, {"LLAMA_MODEL_SIZE", "13b"}};
        const auto wrong = resolveModel(m_fixture.library(), request);
        QCOMPARE(wrong.error().code.errorClass, ErrorClass::NotFound);
        QVERIFY(names(wrong.error(), {"13b"}));
    }

    void withoutAWordTheOnlyInstalledModelIsMeant() {
        const auto only = resolveModel(m_fixture.library(), requestFor({}));
        QVERIFY(only);
        QCOMPARE(only->name, std::string("smollm2/135m-instruct"));
        QCOMPARE(only->notice, std::string("the only one installed"));
        QVERIFY(m_fixture.import({m_fixture.source(), "smollm2", "135m", false}));
        const auto several = resolveModel(m_fixture.library(), requestFor({}));
        QVERIFY(several.error().code == codes::kModelNotInstalled);
        QVERIFY2(names(several.error(), {"llama/3.3-70b", "smollm2/135m, smollm2/135m-instruct"}),
                 several.error().message.c_str());
        fs::remove_all(modelFolder(m_fixture.root(), "smollm2", "135m"));
        const LibraryFixture empty;
        const auto none = resolveModel(empty.library(), requestFor({}));
        QVERIFY(names(none.error(), {"llama/3.3-70b", "no model is installed yet"}));
    }

    void anUnknownVersionNamesTheNearestAndAnUnknownFamilyToo() {
        const auto version = resolveModel(m_fixture.library(), requestFor({"llama", "3.3-7b"}));
        QVERIFY(version.error().code == codes::kVersionUnknown);
        QVERIFY(names(version.error(), {"3.3-7b", "3.3-70b", "3.1-8b"}));
        const auto family = resolveModel(m_fixture.library(), requestFor({"lama"}));
        QVERIFY(family.error().code == codes::kFamilyUnknown);
        QVERIFY(names(family.error(), {"lama", "llama"}));
        for (const char* word : {"nosuch", "local"}) {
            const auto unknown = resolveModel(m_fixture.library(), requestFor({word}));
            QVERIFY2(names(unknown.error(), {"known: llama", "installed: smollm2/135m-instruct"}),
                     unknown.error().message.c_str());
        }
        const auto words = resolveModel(m_fixture.library(), requestFor({"a", "b", "c"}));
        QCOMPARE(words.error().code.errorClass, ErrorClass::Usage);
    }

    void aKnownModelThatIsNotInstalledNamesTheNextStep() {
        const auto entry = resolveModel(m_fixture.library(), requestFor({"llama", "3.2-1b"}));
        QVERIFY(entry.error().code == codes::kModelNotInstalled);
        QCOMPARE(entry.error().code.errorClass, ErrorClass::NotFound);
        QVERIFY2(names(entry.error(),
                       {"llama/3.2-1b", "llamahome download llama 3.2-1b",
                        "llamahome import PATH --as llama 3.2-1b", "installed: smollm2/135m-instruct"}),
                 entry.error().message.c_str());
        const auto hub = resolveModel(m_fixture.library(), requestFor({"someone/unheard-of"}));
        QVERIFY(hub.error().code == codes::kModelNotInstalled);
        QVERIFY(names(hub.error(), {"someone/unheard-of"}));
        const auto known = resolveKnownModel(m_fixture.library(), {"llama", "3.2-1b"}, {});
        QVERIFY(known && known->state == ModelState::Absent);
    }

    void aPathThatIsNoModelSaysWhatToDo() {
        const auto gone = resolveModel(m_fixture.library(), requestFor({"/nowhere/at/all"}));
        QCOMPARE(gone.error().code.errorClass, ErrorClass::NotFound);
        const auto noModel = resolveModel(m_fixture.library(), requestFor({m_fixture.folder().string()}));
        QVERIFY(noModel.error().code == codes::kImportSource);
        const std::string gguf = std::string(LLAMAHOME_TEST_DATA) + "/formats/tiny.gguf";
        const auto file = resolveModel(m_fixture.library(), requestFor({gguf}));
        QVERIFY(file.error().code == codes::kImportSource);
        QVERIFY(names(file.error(), {"llamahome import"}));
    }

    void aModelTooLargeForTheMachineIsRefusedAndTheLargestThatFitsIsNamed() {
        const LibraryFixture empty;
        const auto noWords = resolveModel(empty.library(), requestFor({}, ModelUse::Chat, 24 * kGiB));
        QVERIFY(noWords.error().code == codes::kModelTooLarge);
        QCOMPARE(noWords.error().code.errorClass, ErrorClass::Refused);
        const auto installed =
            resolveModel(m_fixture.library(), requestFor({"llama"}, ModelUse::Chat, 24 * kGiB));
        QVERIFY2(names(installed.error(), {"the largest that fits is smollm2/135m-instruct"}),
                 installed.error().message.c_str());
        QVERIFY2(names(noWords.error(), {"llama/3.3-70b", "llama/3.1-8b"}), noWords.error().message.c_str());
        const auto small = resolveModel(m_fixture.library(), requestFor({"llama"}, ModelUse::Train, kGiB));
        QVERIFY2(names(small.error(), {"smollm2/135m"}), small.error().message.c_str());
        const auto tiny = resolveModel(m_fixture.library(), requestFor({"llama"}, ModelUse::Train, 1000));
        QVERIFY(names(tiny.error(), {"no known model fits"}));
        QVERIFY(resolveModel(m_fixture.library(), requestFor({"smollm2"}, ModelUse::Chat, 24 * kGiB)));
    }

    void adaptersAreFoundByNameAndByFolder() {
        const LibraryFixture fixture;
        const fs::path adapter = fixture.root().finetuned() / "smollm2_135m-instruct_finetuned";
        fs::create_directories(adapter);
        for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
            fs::copy_file(std::string(LLAMAHOME_TEST_DATA) + "/formats/adapter/" + name, adapter / name);
        QVERIFY(fixture.library().installedAdapters().front().state == ModelState::Foreign);
        Manifest labels;
        labels.kind = kAdapterKind;
        labels.family = "finetuned";
        labels.version = "smollm2_135m-instruct_finetuned";
        QVERIFY(writeManifest(systemFiles(), adapter, *buildManifest(adapter, labels, "first seen", {}, {})));
        QCOMPARE(fixture.library().installedAdapters().size(), std::size_t{1});
        QCOMPARE(resolveAdapter(fixture.library(), labels.version)->path, adapter);
        QCOMPARE(resolveAdapter(fixture.library(), adapter.string())->path, fs::canonical(adapter));
        const auto near = resolveAdapter(fixture.library(), "smollm2_135m-instruct_finetune");
        QVERIFY(near.error().code == codes::kAdapterNotFound);
        QVERIFY(names(near.error(), {"nearest is smollm2_135m-instruct_finetuned"}));
        QVERIFY(resolveAdapter(fixture.library(), fixture.source().string()).error().code ==
                codes::kAdapterNotFound);
        QVERIFY(resolveModel(fixture.library(), requestFor({adapter.string()})).error().code ==
                codes::kModelWords);
        ModelRequest request;
        request.adapter = labels.version;
        const auto absentBase = resolveModel(fixture.library(), request);
        QVERIFY(absentBase.error().code == codes::kModelNotInstalled);
        QVERIFY2(names(absentBase.error(), {labels.version, "no model is installed yet"}),
                 absentBase.error().message.c_str());
        const ModelEntry model = fixture.importedModel();
        auto config = *readJsonFile(adapter / "adapter_config.json");
        config["base_model_name_or_path"] = model.hubId;
        QVERIFY(writeFileAtomically(systemFiles(), adapter / "adapter_config.json", writeJson(config)));
        QVERIFY(writeManifest(systemFiles(), adapter, *buildManifest(adapter, labels, "first seen", {}, {})));
        QVERIFY(fixture.import({fixture.source(), "smollm2", "135m", false}));
        const auto base = resolveModel(fixture.library(), request);
        QVERIFY2(base, base ? "" : base.error().message.c_str());
        QCOMPARE(base->path, model.path);
        QCOMPARE(dependentsOf(fixture.library(), model).adapters, std::vector{labels.version});
    }

    void anAdapterOptionHasAScaleAfterItsLastColon() {
        QCOMPARE(parseAdapterOption("name")->scale, 1.0);
        QCOMPARE(parseAdapterOption("name:0.5")->scale, 0.5);
        QCOMPARE(parseAdapterOption("/a:b/name:0")->nameOrFolder, std::string("/a:b/name"));
        for (const char* wrong : {"name:", "name:x", "name:1,5", "name:-1", "name:nan", "name:1e9", ":1"}) {
            const auto option = parseAdapterOption(wrong);
            QVERIFY2(!option, wrong);
            QVERIFY2(option.error().code == codes::kAdapterScale, wrong);
        }
    }

    // The largest terms by hand, for SmolLM2-135M's shape: 134,515,008 parameters, 30 layers, 192 wide keys.
    void memoryFollowsTheStatedFormulas() {
        formats::ModelConfig config = tinyConfig();
        config.vocab_size = 49152;
        config.hidden_size = 576;
        config.intermediate_size = 1536;
        config.num_hidden_layers = 30;
        config.num_attention_heads = 9;
        config.num_key_value_heads = 3;
        config.head_dim = 64;
        const MemoryEstimate chat = memoryToChat(config, {2048, 2});
        QCOMPARE(chat.weights, std::uint64_t{269'030'016});
        QCOMPARE(chat.cache, std::uint64_t{30} * 2 * 192 * 2048 * 2);
        // The embedding and the norms, the layers' matrices and their scales, the values of the largest
        // matrix.
        QCOMPARE(memoryToChat(config, {2048, 2, formats::Quantisation::Int8}).weights,
                 std::uint64_t{56'693'376 + 30 * 3'559'680 + 2 * 884'736});
        QCOMPARE(memoryToChat(config, {2048, 2, formats::Quantisation::Nf4}).weights,
                 std::uint64_t{56'693'376 + 30 * 1'825'640 + 2 * 884'736});
        QCOMPARE(loraParameters(config, 8, {"q_proj", "v_proj"}),
                 std::uint64_t{30 * 8 * (576 + 576 + 576 + 192)});
        TrainShape shape;
        const MemoryEstimate whole = memoryToTrain(config, shape);
        QCOMPARE(whole.adapter, loraParameters(config, 8, shape.targetModules) * 32);
        QVERIFY(whole.activations > 30ULL * 2048 * 2 * 3 * 1536);
        shape.recomputedLayers = 30;
        QVERIFY(memoryToTrain(config, shape).activations < whole.activations / 5);
        shape.recomputedLayers = 0;
        shape.batch = evenBatch(8, 512);
        QVERIFY(memoryToTrain(config, shape).activations > whole.activations * 3 / 2);
        shape.targetModules = {"all-linear"};
        QVERIFY(memoryToTrain(config, shape).adapter > whole.adapter * 4);
        const std::uint64_t before = memoryToTrain(config, shape).activations;
        shape.int8Products = true; // the rows' codes of the deepest product, at a byte or two each
        const std::uint64_t codes = memoryToTrain(config, shape).activations - before;
        QVERIFY(codes > 4096ULL * 2 * 1536 && codes < 4096ULL * 3 * 2 * 1536);
    }
};

QTEST_GUILESS_MAIN(TestLibrary)
#include "test_library.moc"
