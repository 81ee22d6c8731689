// Export: the forms other than a merged folder hold what they promise, answers end as trained, nothing is
// overwritten and nothing half-written stays.
#include <atomic>

#include <QtTest>

#include "core/error_codes.h"
#include "export_ground.h"
#include "formats/bitsandbytes/quantised_weights.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/hub/model_config.h"
#include "formats/hub/model_weights.h"
#include "formats/tensor_values.h"
#include "jobs/export/export_forms.h"
#include "jobs/export/export_source.h"
#include "jobs/export/ollama_turns.h"
#include "jobs/verify/model_checks.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

std::vector<float> ggufValues(const fs::path& file, const char* name) {
    const auto reader = formats::GgufReader::open(file);
    if (!reader) return {};
    const formats::TensorInfo* const tensor = (*reader)->find(name);
    if (tensor == nullptr) return {};
    std::vector<float> values(tensor->elementCount());
    return (*reader)->read(*tensor, std::as_writable_bytes(std::span(values))) ? values
                                                                               : std::vector<float>{};
}

ExportRequest ofGguf(const ExportGround& ground, bool withAdapter, formats::GgufFileType type) {
    ExportRequest request = ground.request("model.gguf");
    if (!withAdapter) request.adapter.reset();
    request.format = ExportFormat::Gguf;
    request.type = type;
    return request;
}

} // namespace

class TestExport final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aGgufHasExactlyTheSizeThatWasForecast() {
        for (const auto type : {formats::GgufFileType::F32, formats::GgufFileType::BF16,
                                formats::GgufFileType::Q8_0, formats::GgufFileType::Q4_K_M}) {
            const ExportGround ground;
            const ExportRequest request = ofGguf(ground, false, type);
            const auto forecast = forecastExport(request);
            QVERIFY2(forecast, forecast ? "" : forecast.error().message.c_str());
            const auto written = ground.write(request);
            QVERIFY2(written, written ? "" : written.error().message.c_str());
            QCOMPARE(written->sizeBytes, *forecast);
            QCOMPARE(static_cast<std::uint64_t>(fs::file_size(written->path)), *forecast);
            QVERIFY(written->turnEnd.find("<|im_end|>") != std::string::npos);
            QVERIFY(ground.isClean(written->path));
        }
    }

    void aHubFolderIsQuantisedAndWholeAgain_data() {
        QTest::addColumn<int>("format");
        QTest::newRow("int8") << static_cast<int>(formats::Quantisation::Int8);
        QTest::newRow("NF4") << static_cast<int>(formats::Quantisation::Nf4);
    }
    void aHubFolderIsQuantisedAndWholeAgain() {
        QFETCH(int, format);
        const auto chosen = static_cast<formats::Quantisation>(format);
        const ExportGround ground;
        ExportRequest request = ground.request("quantised");
        request.adapter.reset();
        request.quantisation = chosen;
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        const auto config = formats::readModelConfig(written->path / "config.json");
        QVERIFY(config && config->quantization == chosen);
        const auto quantised = formats::openModelWeights(written->path);
        QVERIFY(quantised && (*quantised)->quantised() != nullptr);
        std::size_t matrices = 0;
        for (const formats::TensorInfo& tensor : (*quantised)->tensors())
            matrices += (*quantised)->quantised()->formatOf(tensor) == chosen ? 1 : 0;
        QCOMPARE(matrices, std::size_t{7 * 2});

        ExportRequest again = ground.request("whole");
        again.adapter.reset();
        again.base.path = written->path;
        const auto whole = ground.write(again);
        QVERIFY2(whole, whole ? "" : whole.error().message.c_str());
        QVERIFY(!formats::readModelConfig(whole->path / "config.json")->quantization);
        const auto values = formats::openModelWeights(whole->path);
        QVERIFY(values && (*values)->quantised() == nullptr);
        for (const formats::TensorInfo& tensor : (*values)->tensors())
            QVERIFY(*formats::readAsFloats(**values, tensor) ==
                    *formats::readAsFloats(**quantised, *(*quantised)->find(tensor.name)));
    }

    void packingOnAllCoresGivesTheBytesOfOneThread() {
        TemporaryFolder folder;
        formats::ModelConfig wide = tinyConfig();
        wide.intermediate_size = 2048; // 64 x 2048: two pieces for two threads
        writeTinyModel(folder / "wide", wide, 3);
        ExportRequest request;
        request.base.path = folder / "wide";
        request.base.name = "wide";
        request.target = folder / "all.gguf";
        request.format = ExportFormat::Gguf;
        request.type = formats::GgufFileType::Q4_K_M;
        const auto written = exportModel(request, systemFiles(), {}, {});
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        const auto source = ExportSource::open(request);
        auto plan = planGguf(request, **source, *exportChatOf(request));
        QVERIFY(plan && plan->write(systemFiles(), folder / "one.gguf", {}, {}, {}));
        QVERIFY(*readFile(folder / "all.gguf") == *readFile(folder / "one.gguf"));
        std::atomic<int> pieces = 0;
        QVERIFY(packingThreads()(3, [&](std::size_t) { ++pieces; }));
        QCOMPARE(pieces.load(), 3);
    }

    void aScaleActsOnTheAlphasOfModulesAndNotOnBiases() {
        const fs::path adapters = fs::path(LLAMAHOME_TEST_DATA) / "parity" / "adapters";
        ExportRequest request;
        request.adapter = ModelEntry{};
        request.adapter->path = adapters / "patterns";
        const auto whole = readScaledAdapter(request);
        request.scale = 0.5;
        const auto half = readScaledAdapter(request);
        QVERIFY(whole && half);
        for (std::size_t i = 0; i < whole->pairs.size(); ++i)
            QCOMPARE(half->scaling(half->pairs[i]), 0.5 * whole->scaling(whole->pairs[i]));
        request.adapter->path = adapters / "biases";
        QVERIFY(readScaledAdapter(request).error().code == codes::kExportKind);
        request.scale = 1.0;
        QVERIFY(readScaledAdapter(request));
    }

    void anAdapterIsMergedIntoAGguf() {
        const ExportGround ground;
        const auto plain = ground.write(ofGguf(ground, false, formats::GgufFileType::F32));
        QVERIFY(plain);
        const auto before = ggufValues(plain->path, "blk.0.ffn_down.weight");
        fs::remove(plain->path);
        const auto merged = ground.write(ofGguf(ground, true, formats::GgufFileType::F32));
        QVERIFY(merged);
        const auto after = ggufValues(merged->path, "blk.0.ffn_down.weight");
        QCOMPARE(after.size(), before.size());
        QVERIFY(!before.empty());
        QVERIFY(std::abs(after.front() - before.front() - 1.0F) < 0.01F);
        QVERIFY(std::equal(before.begin() + 1, before.end(), after.begin() + 1));
    }

    void anExportedGgufComesBackAsTheSameModel() {
        const ExportGround ground;
        const auto written = ground.write(ofGguf(ground, false, formats::GgufFileType::BF16));
        QVERIFY(written);
        const auto back = ground.fixture.import({written->path, "local", "back", false});
        QVERIFY2(back, back ? "" : back.error().message.c_str());
        const auto one = formats::openModelWeights(ground.base.path);
        const auto other = formats::openModelWeights(back->entry.path);
        QVERIFY(one && other);
        for (const formats::TensorInfo& tensor : (*one)->tensors()) {
            std::vector<std::byte> a(tensor.byteSize());
            std::vector<std::byte> b(tensor.byteSize());
            const formats::TensorInfo* const found = (*other)->find(tensor.name);
            QVERIFY2(found != nullptr, tensor.name.c_str());
            QVERIFY((*one)->read(tensor, a) && (*other)->read(*found, b));
            QVERIFY2(a == b, tensor.name.c_str());
        }
    }

    void anAdapterAloneIsAFolderOfPeft() {
        const ExportGround ground;
        ExportRequest request = ground.request("alone");
        request.format = ExportFormat::Peft;
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        const auto back = formats::readPeftAdapter(written->path);
        QVERIFY(back);
        QCOMPARE(back->pairs.size(), std::size_t{1});
        QVERIFY(fs::exists(written->path / "README.md"));
        QVERIFY(fs::exists(written->path / kTrainingRecordName));
        QVERIFY(!fs::exists(written->path / kManifestName));
        request.target = ground.fixture.folder() / "scaled";
        request.scale = 0.5;
        const auto scaled = ground.write(request);
        QVERIFY(!scaled && scaled.error().code == codes::kExportKind);
        request.adapter.reset();
        const auto none = ground.write(request);
        QVERIFY(!none && none.error().code == codes::kExportKind);
    }

    void anAdapterAloneIsAFileOfGguf() {
        const ExportGround ground;
        ExportRequest request = ground.request("adapter.gguf");
        request.format = ExportFormat::GgufAdapter;
        request.type = formats::GgufFileType::F32;
        const auto forecast = forecastExport(request);
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QVERIFY(forecast && *forecast == static_cast<std::uint64_t>(fs::file_size(written->path)));
        const auto a = ggufValues(written->path, "blk.0.ffn_down.weight.lora_a");
        const auto b = ggufValues(written->path, "blk.0.ffn_down.weight.lora_b");
        QVERIFY(!a.empty() && !b.empty());
        QCOMPARE(a.front(), 0.5F);
        QCOMPARE(b.front(), 1.0F);
        request.adapter.reset();
        const auto none = forecastExport(request);
        QVERIFY(!none && none.error().code == codes::kExportKind);
    }

    void turnsOfATemplateAreFoundByRendering_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("system");
        QTest::addColumn<QString>("userBefore");
        QTest::addColumn<QString>("answerAfter");
        QTest::newRow("chatml") << "chatml"
                                << ""
                                << "<|im_start|>user\n"
                                << "<|im_end|>\n";
        QTest::newRow("smollm2") << "smollm2"
                                 << "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
                                 << "<|im_start|>user\n"
                                 << "<|im_end|>\n";
        QTest::newRow("llama3.0") << "llama3.0"
                                  << ""
                                  << "<|start_header_id|>user<|end_header_id|>\n\n"
                                  << "<|eot_id|>";
    }
    void turnsOfATemplateAreFoundByRendering() {
        QFETCH(const QString, name);
        QFETCH(const QString, system);
        QFETCH(const QString, userBefore);
        QFETCH(const QString, answerAfter);
        const auto chatTemplate = text::ChatTemplate::named(name.toStdString(), {"<s>", "</s>"});
        QVERIFY(chatTemplate);
        const auto chat = ollamaChat(*chatTemplate, "<s>");
        QVERIFY(chat);
        QCOMPARE(QString::fromStdString(chat->system), system);
        QCOMPARE(QString::fromStdString(chat->turns.userBefore), userBefore);
        QCOMPARE(QString::fromStdString(chat->turns.answerAfter), answerAfter);
        // What Ollama would write is what the template writes.
        const formats::OllamaTurns& turns = chat->turns;
        const std::string ours = turns.systemBefore + "S" + turns.systemAfter + turns.userBefore + "P" +
                                 turns.userAfter + turns.answerBefore + "A" + turns.answerAfter;
        const auto theirs = chatTemplate->render({{"system", "S"}, {"user", "P"}, {"assistant", "A"}});
        QVERIFY(theirs);
        const std::string text = text::joinedText(*theirs);
        QCOMPARE(text.substr(text.starts_with("<s>") ? 3 : 0), ours);
    }

    void aTemplateWithDatesIsLeftToOllama() {
        const auto chatTemplate = text::ChatTemplate::named("llama3", {"<s>", "</s>"});
        QVERIFY(chatTemplate);
        QVERIFY(!ollamaChat(*chatTemplate, "<s>"));
    }

    void aFolderForOllamaHasModelAndModelfile() {
        const ExportGround ground;
        ExportRequest request = ground.request("ollama");
        request.format = ExportFormat::Ollama;
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QVERIFY(formats::GgufReader::open(written->path / "model.gguf"));
        const auto text = readFile(written->path / "Modelfile");
        QVERIFY(text);
        for (const char* part :
             {"FROM ./model.gguf", "<|im_start|>user", "PARAMETER stop", "<|im_end|>", "num_ctx"})
            QVERIFY2(text->find(part) != std::string::npos, part);
        QVERIFY(ground.isClean(written->path));
        const auto card = readFile(written->path / "README.md");
        QVERIFY(card && card->find("ollama create") != std::string::npos);
        QVERIFY(card->find("from_pretrained") == std::string::npos);
    }

    void aFolderForOllamaKeepsTheLicence() {
        const ExportGround ground;
        const fs::path licence = ground.base.path / "LICENSE";
        QVERIFY(writeFileAtomically(systemFiles(), licence, "The terms,\nin \"full\".\n"));
        ExportRequest request = ground.request("ollama");
        request.format = ExportFormat::Ollama;
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QCOMPARE(*readFile(written->path / "LICENSE"), *readFile(licence));
        const auto modelfile = readFile(written->path / "Modelfile");
        QVERIFY(modelfile->find("LICENSE \"\"\"The terms,\nin \"full\".\n\"\"\"") != std::string::npos);
        // A Modelfile cannot hold every text; the name stands for one that it cannot.
        QVERIFY(writeFileAtomically(systemFiles(), licence, "ends in \"quotes\""));
        request.target = ground.fixture.folder() / "other";
        const auto other = ground.write(request);
        QVERIFY2(other, other ? "" : other.error().message.c_str());
        QCOMPARE(*readFile(other->path / "LICENSE"), std::string("ends in \"quotes\""));
        QVERIFY(readFile(other->path / "Modelfile")->find("ends in") == std::string::npos);
    }

    void aBosTokenThatBeginsTheTurnsStaysInThem() {
        const ExportGround ground;
        const fs::path config = ground.base.path / "tokenizer_config.json"; // as SmolLM2's has it
        auto text = readFile(config);
        QVERIFY(text);
        const std::size_t at = text->find("\"bos_token\": \"<|endoftext|>\"");
        QVERIFY(at != std::string::npos);
        text->replace(at, 28, "\"bos_token\": \"<|im_start|>\"");
        QVERIFY(writeFileAtomically(systemFiles(), config, *text));
        ExportRequest request = ground.request("ollama");
        request.format = ExportFormat::Ollama;
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        const auto modelfile = readFile(written->path / "Modelfile");
        QVERIFY(modelfile);
        QVERIFY2(modelfile->find("{{ if .System }}<|im_start|>system") != std::string::npos,
                 modelfile->c_str());
    }

    void aModelAloneIsAFolderOfTheHub() {
        const ExportGround ground;
        ExportRequest request = ground.request("copy");
        request.adapter.reset();
        const auto written = ground.write(request);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QVERIFY(checkModelFolder(written->path));
    }

    void aFileThatIsThereStays() {
        const ExportGround ground;
        const ExportRequest request = ofGguf(ground, false, formats::GgufFileType::Q8_0);
        std::ofstream(request.target) << "mine";
        const auto refused = ground.write(request);
        QVERIFY(!refused && refused.error().code == codes::kExportExists);
        QCOMPARE(static_cast<int>(fs::file_size(request.target)), 4);
    }

    void aFailureAtAnyFileCallLeavesNoGguf() {
        const ExportGround ground;
        const ExportRequest request = ofGguf(ground, true, formats::GgufFileType::Q8_0);
        FaultFileLayer counting;
        QVERIFY(ground.write(request, counting));
        fs::remove(request.target);
        const std::uint64_t calls = counting.calls();
        for (std::uint64_t call = 1; call < calls; ++call) { // the last flushes the folder's name
            FaultFileLayer failing(call, Fault::DiskFull);
            QVERIFY2(!ground.write(request, failing), std::to_string(call).c_str());
            QVERIFY2(!fs::exists(request.target), std::to_string(call).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestExport)
#include "test_export.moc"
