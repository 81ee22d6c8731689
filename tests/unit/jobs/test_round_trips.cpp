// One model through every layout that is read is one model, and what is written in any format comes back as
// it was: tensors bit for bit, tokenizers token for token.
#include <fstream>

#include <QtTest>

#include "core/error_codes.h"
#include "export_ground.h"
#include "formats/hub/model_weights.h"
#include "formats/tokenizer/hub_tokenizer_reader.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

fs::path data(const char* name) {
    return fs::path(LLAMAHOME_TEST_DATA) / "formats" / name;
}

/// Every tensor of `one` is in `other` with the same type, shape and bytes, and no more are.
void checkSameTensors(const fs::path& one, const fs::path& other) {
    const auto left = formats::openModelWeights(one);
    const auto right = formats::openModelWeights(other);
    QVERIFY2(left && right, left ? right ? "" : right.error().message.c_str() : left.error().message.c_str());
    QCOMPARE((*left)->tensors().size(), (*right)->tensors().size());
    for (const formats::TensorInfo& tensor : (*left)->tensors()) {
        const formats::TensorInfo* const found = (*right)->find(tensor.name);
        QVERIFY2(found != nullptr, tensor.name.c_str());
        QVERIFY2(found->dtype == tensor.dtype && found->shape == tensor.shape, tensor.name.c_str());
        std::vector<std::byte> a(tensor.byteSize());
        std::vector<std::byte> b(tensor.byteSize());
        QVERIFY((*left)->read(tensor, a) && (*right)->read(*found, b));
        QVERIFY2(a == b, tensor.name.c_str());
    }
}

void checkSameTokenizers(const fs::path& one, const fs::path& other) {
    const auto config = formats::readModelConfig(one / "config.json");
    QVERIFY(config);
    const auto a = formats::readTokenizerParts(one, *config);
    const auto b = formats::readTokenizerParts(other, *config);
    QVERIFY2(a && b, a ? b ? "" : b.error().message.c_str() : a.error().message.c_str());
    QVERIFY(a->tokens == b->tokens && a->kinds == b->kinds && a->merges == b->merges);
    QVERIFY(a->characters.has_value() == b->characters.has_value() && a->split == b->split);
    if (a->characters) QCOMPARE(a->characters->addsMark, b->characters->addsMark);
    QVERIFY(a->addsBos == b->addsBos && a->chatTemplate == b->chatTemplate);
    QVERIFY(a->roles.bos == b->roles.bos && a->roles.eos == b->roles.eos && a->endTokens == b->endTokens);
}

/// Models of both kinds of tokenizer, ready to be exported.
struct Ground {
    Ground() {
        bytes = fixture.importedModel();
        auto meta = fixture.import({data("meta_llama2"), "local", "pieces-chat", false});
        if (!meta) throw std::runtime_error(meta.error().message);
        pieces = std::move(meta->entry);
    }
    /// Writes a model, takes the result in again under that name and gives its folder.
    fs::path throughFormat(const ModelEntry& model, ExportFormat format, const char* name) const {
        ExportRequest request;
        request.base = model;
        request.format = format;
        request.type = formats::GgufFileType::BF16;
        request.target = fixture.folder() / (format == ExportFormat::Gguf ? "out.gguf" : "out");
        const auto written = exportModel(request, systemFiles(), {}, {});
        if (!written) throw std::runtime_error(written.error().message);
        const fs::path source = format == ExportFormat::Ollama ? written->path / "model.gguf" : written->path;
        const auto back = fixture.import({source, "local", name, false});
        if (!back) throw std::runtime_error(back.error().message);
        fs::remove_all(request.target);
        return back->entry.path;
    }

    LibraryFixture fixture;
    ModelEntry bytes;
    ModelEntry pieces;
};

} // namespace

class TestRoundTrips final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oneModelThroughEveryLayoutIsOneModel() {
        const Ground ground;
        const auto whole = ground.fixture.import({data("meta_llama2_1"), "local", "whole-chat", false});
        QVERIFY2(whole, whole ? "" : whole.error().message.c_str());
        const fs::path hub = ground.fixture.folder() / "hub";
        fs::create_directories(hub);
        fs::copy_file(data("meta_llama2") / "expected.safetensors", hub / "model.safetensors");
        for (const char* name : {"config.json", "generation_config.json", "tokenizer.json",
                                 "tokenizer_config.json", "tokenizer.model"})
            fs::copy_file(ground.pieces.path / name, hub / name);
        const auto plain = ground.fixture.import({hub, "local", "hub", false});
        QVERIFY2(plain, plain ? "" : plain.error().message.c_str());
        ExportRequest request;
        request.base = plain->entry;
        request.format = ExportFormat::Gguf;
        request.type = formats::GgufFileType::F32;
        request.target = ground.fixture.folder() / "model.gguf";
        QVERIFY(exportModel(request, systemFiles(), {}, {}));
        const auto gguf = ground.fixture.import({request.target, "local", "gguf", false});
        QVERIFY2(gguf, gguf ? "" : gguf.error().message.c_str());
        const fs::path& first = ground.pieces.path; // two shards of Meta's
        for (const ModelEntry* other : {&whole->entry, &plain->entry, &gguf->entry}) {
            checkSameTensors(first, other->path);
            checkSameTokenizers(first, other->path);
        }
        QCOMPARE(*readFile(first / "model.safetensors"), *readFile(whole->entry.path / "model.safetensors"));
        QCOMPARE(*readFile(first / "model.safetensors"), *readFile(gguf->entry.path / "model.safetensors"));
    }

    void aModelOfFloatsKeepsAllTheirBitsThroughGguf() {
        const Ground ground;
        const fs::path folder = ground.fixture.folder() / "floats";
        auto config = tinyConfig();
        config.torch_dtype = "float32";
        writeTinyModel(folder, config, 3, formats::DType::F32);
        const auto floats = ground.fixture.import({folder, "local", "floats", false});
        QVERIFY2(floats, floats ? "" : floats.error().message.c_str());
        ExportRequest request;
        request.base = floats->entry;
        request.format = ExportFormat::Gguf;
        request.type = formats::GgufFileType::F32;
        request.target = ground.fixture.folder() / "model.gguf";
        QVERIFY(exportModel(request, systemFiles(), {}, {}));
        const auto back = ground.fixture.import({request.target, "local", "back", false});
        QVERIFY2(back, back ? "" : back.error().message.c_str());
        checkSameTensors(floats->entry.path, back->entry.path);
        QCOMPARE(formats::readModelConfig(back->entry.path / "config.json")->torch_dtype,
                 std::string("float32"));
    }

    void whatIsWrittenInAFormatComesBack_data() {
        QTest::addColumn<ExportFormat>("format");
        QTest::addColumn<bool>("ofPieces");
        for (const bool ofPieces : {false, true}) {
            const QByteArray kind = ofPieces ? ", SentencePiece" : ", bytes";
            QTest::newRow("GGUF" + kind) << ExportFormat::Gguf << ofPieces;
            QTest::newRow("Hub" + kind) << ExportFormat::Hub << ofPieces;
            QTest::newRow("Ollama" + kind) << ExportFormat::Ollama << ofPieces;
        }
    }
    void whatIsWrittenInAFormatComesBack() {
        QFETCH(const ExportFormat, format);
        QFETCH(const bool, ofPieces);
        const Ground ground;
        const ModelEntry& model = ofPieces ? ground.pieces : ground.bytes;
        const fs::path back = ground.throughFormat(model, format, "back");
        checkSameTensors(model.path, back);
        checkSameTokenizers(model.path, back);
        const auto one = formats::readModelConfig(model.path / "config.json");
        const auto other = formats::readModelConfig(back / "config.json");
        QVERIFY(one && other);
        QVERIFY(formats::modelConfigJson(*one) == formats::modelConfigJson(*other));
    }

    void aMergeOfNothingChangesNoBit() {
        const ExportGround ground;
        ExportRequest request = ground.request("merged");
        request.scale = 0.0;
        const auto merged = ground.write(request);
        QVERIFY2(merged, merged ? "" : merged.error().message.c_str());
        const auto back = ground.fixture.import({merged->path, "local", "merged", false});
        QVERIFY2(back, back ? "" : back.error().message.c_str());
        checkSameTensors(ground.base.path, back->entry.path);
        checkSameTokenizers(ground.base.path, back->entry.path);
    }

    void anAdapterComesBackFromPeftsFormat() {
        const ExportGround ground;
        ExportRequest request = ground.request("alone");
        request.format = ExportFormat::Peft;
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        const auto before = formats::readPeftAdapter(ground.adapter.path);
        const auto after = formats::readPeftAdapter(written->path);
        QVERIFY(before && after);
        QVERIFY(before->r == after->r && before->alpha == after->alpha);
        QVERIFY(before->targetModules == after->targetModules && before->baseModel == after->baseModel);
        QCOMPARE(before->pairs.size(), after->pairs.size());
        for (std::size_t i = 0; i < before->pairs.size(); ++i) {
            QCOMPARE(before->pairs[i].module, after->pairs[i].module);
            QVERIFY(before->pairs[i].loraA == after->pairs[i].loraA);
            QVERIFY(before->pairs[i].loraB == after->pairs[i].loraB);
        }
    }
};

QTEST_GUILESS_MAIN(TestRoundTrips)
#include "test_round_trips.moc"
