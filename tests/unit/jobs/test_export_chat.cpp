// Export of what was trained with a template other than the model's own: every form goes out, and says or
// holds how it is asked and where its answers end.
#include <QtTest>

#include "core/error_codes.h"
#include "export_ground.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/gguf/gguf_reader.h"
#include "jobs/chat_template_choice.h"
#include "jobs/export/turn_end_check.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

std::string textOf(const fs::path& path) {
    const auto text = readFile(path);
    return text ? *text : std::string();
}

void change(const fs::path& path, const std::function<void(Json&)>& edit) {
    Json json = *readJsonFile(path);
    edit(json);
    QVERIFY(writeFileAtomically(systemFiles(), path, writeJson(json)));
}

/// As a base model comes: no chat template, and texts end with <|endoftext|>.
void makeBase(const fs::path& folder) {
    change(folder / "tokenizer_config.json", [](Json& json) {
        json.erase("chat_template");
        json["eos_token"] = "<|endoftext|>";
    });
    for (const char* name : {"config.json", "generation_config.json"})
        change(folder / name, [](Json& json) { json["eos_token_id"] = kEndOfText; });
}

/// A template of one's own, in a file of the ground's folder.
std::string ownTemplate(const ExportGround& ground) {
    const fs::path path = ground.adapter.path / "mine.yaml";
    const auto written = writeFileAtomically(systemFiles(), path,
                                             "start: \"A talk.\\n\"\n"
                                             "user: {before: \"Q: \", after: \"\\n\"}\n"
                                             "assistant: {before: \"A: \", after: \"\\n\"}\n"
                                             "end: \"<|im_end|>\"\n");
    if (!written) throw std::runtime_error(written.error().message);
    return path.string();
}

bool hasNote(const ExportResult& result, const std::string& words) {
    return std::any_of(result.notes.begin(), result.notes.end(),
                       [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

ExportRequest ofForm(const ExportGround& ground, ExportFormat format, const char* name) {
    ExportRequest request = ground.request(name);
    request.format = format;
    request.type = formats::GgufFileType::F32;
    return request;
}

std::string ggufText(const fs::path& file, const char* key) {
    const auto reader = formats::GgufReader::open(file);
    return reader ? formats::GgufFields(**reader).text(key, "") : std::string();
}

} // namespace

class TestExportChat final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aTrainedTemplateGoesOutInEveryForm_data() {
        QTest::addColumn<QString>("trained");
        QTest::addColumn<QString>("inModelfile");
        QTest::addColumn<QString>("end");
        QTest::newRow("alpaca") << "alpaca"
                                << "\n\n### Instruction:\n{{ .Prompt }}\n\n### Response:"
                                << "<|endoftext|>";
        QTest::newRow("chatml") << "chatml"
                                << "<|im_start|>user\n{{ .Prompt }}<|im_end|>\n"
                                << "<|im_end|>";
        QTest::newRow("own")
            << "mine.yaml"
            << "A talk.\n{{ if .System }}{{ .System }}{{ end }}{{ if .Prompt }}Q: {{ .Prompt }}\n"
            << "<|im_end|>";
    }

    void aTrainedTemplateGoesOutInEveryForm() {
        QFETCH(const QString, trained);
        QFETCH(const QString, inModelfile);
        QFETCH(const QString, end);
        const ExportGround ground;
        makeBase(ground.base.path);
        const std::string name = trained.toStdString();
        const std::string setting = name.ends_with(".yaml") ? ownTemplate(ground) : name;
        ground.writeRecord(setting);
        const auto chat = chosenTemplate(ground.base.path, setting);
        QVERIFY(chat);
        const std::string jinja = chat->jinja({});
        for (const ExportFormat format : {ExportFormat::Hub, ExportFormat::Ollama, ExportFormat::Gguf,
                                          ExportFormat::Peft, ExportFormat::GgufAdapter}) {
            const ExportRequest request =
                ofForm(ground, format, ("out" + std::to_string(static_cast<int>(format))).c_str());
            const auto forecast = forecastExport(request);
            const auto written = ground.write(request);
            QVERIFY2(written && forecast, written ? "" : written.error().message.c_str());
            QVERIFY2(hasNote(*written, "trained with the template " + name), name.c_str());
            QVERIFY2(written->turnEnd.find(end.toStdString()) != std::string::npos, written->turnEnd.c_str());
            if (fs::is_directory(written->path))
                QVERIFY(textOf(written->path / "README.md").find("the chat template " + name) !=
                        std::string::npos);
            if (format == ExportFormat::Gguf) QCOMPARE(written->sizeBytes, *forecast);
        }
        const auto out = [&](ExportFormat format) {
            return ground.fixture.folder() / ("out" + std::to_string(static_cast<int>(format)));
        };
        QCOMPARE(textOf(out(ExportFormat::Hub) / "chat_template.jinja"), jinja);
        const auto tokenizer = text::Tokenizer::load(out(ExportFormat::Hub));
        QVERIFY(tokenizer);
        const auto& ends = tokenizer->endTokens();
        QVERIFY(std::find(ends.begin(), ends.end(), *tokenizer->idOf(end.toStdString())) != ends.end());
        QCOMPARE(ggufText(out(ExportFormat::Gguf), "tokenizer.chat_template"), jinja);
        QCOMPARE(ggufText(out(ExportFormat::Ollama) / "model.gguf", "tokenizer.chat_template"), jinja);
        const std::string modelfile = textOf(out(ExportFormat::Ollama) / "Modelfile");
        QVERIFY2(modelfile.find(inModelfile.toStdString()) != std::string::npos, modelfile.c_str());
        QVERIFY2(modelfile.find("PARAMETER stop \"" + end.toStdString()) != std::string::npos,
                 modelfile.c_str());
    }

    void aModelfileSaysWhereItHasNoTemplate() {
        const ExportGround ground;
        makeBase(ground.base.path);
        for (const auto& [trained, hasTemplate] :
             {std::pair{"llama3.2", false}, std::pair{"llama3.0", true}}) {
            ground.writeRecord(trained);
            const auto written = ground.write(ofForm(ground, ExportFormat::Ollama, trained));
            QVERIFY2(written, written ? "" : written.error().message.c_str());
            QCOMPARE(textOf(written->path / "Modelfile").find("TEMPLATE") != std::string::npos, hasTemplate);
            QCOMPARE(hasNote(*written, "no TEMPLATE: the template " + std::string(trained)), !hasTemplate);
        }
    }

    void theTemplateThatWasTrainedWithTakesThePlaceOfTheModelsOwn() {
        const ExportGround ground;
        ground.writeRecord("chatml"); // the model's own is smollm2
        const auto written = ground.write(ground.request());
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QCOMPARE(text::ChatTemplate::load(written->path)->name(), std::string("chatml"));
        // No second one stays for programs that look elsewhere.
        QVERIFY(!readJsonFile(written->path / "tokenizer_config.json")->contains("chat_template"));
        ground.writeRecord("smollm2");
        ExportRequest same = ground.request("same");
        const auto kept = ground.write(same);
        QVERIFY(kept && kept->notes.empty());
        QCOMPARE(textOf(kept->path / "tokenizer_config.json"),
                 textOf(ground.base.path / "tokenizer_config.json"));
    }

    void anotherNameOfTheModelsOwnTemplateIsItsOwn() {
        const ExportGround ground;
        for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}) {
            QString text = QString::fromStdString(textOf(ground.base.path / name));
            text.replace(QLatin1String("<|im_end|>"), QLatin1String("<|eot_id|>"));
            QVERIFY(writeFileAtomically(systemFiles(), ground.base.path / name, text.toStdString()));
        }
        const std::string own =
            text::ChatTemplate::named("llama3", {"<|endoftext|>", "<|eot_id|>"})->jinja({});
        const fs::path file = ground.base.path / "chat_template.jinja";
        QVERIFY(writeFileAtomically(systemFiles(), file, own));
        for (const char* name : {"llama3.1", "llama3.3", "llama3"}) {
            ground.writeRecord(name);
            const auto written = ground.write(ground.request(name));
            QVERIFY2(written, written ? "" : written.error().message.c_str());
            QVERIFY2(written->notes.empty(), name);
        }
    }

    void aTemplateFileThatIsGoneStopsOnlyTheFormsThatHoldIt() {
        const ExportGround ground;
        const std::string mine = ownTemplate(ground);
        ground.writeRecord(mine);
        fs::remove(mine);
        const auto whole = ground.write(ground.request());
        QVERIFY(!whole && whole.error().code == codes::kFileNotFound);
        QVERIFY(whole.error().message.find("mine.yaml") != std::string::npos);
        const auto alone = ground.write(ofForm(ground, ExportFormat::Peft, "alone"));
        QVERIFY2(alone, alone ? "" : alone.error().message.c_str());
        QVERIFY(hasNote(*alone, "mine.yaml"));
    }

    void aTemplateThatIsNotKnownGoesAlongAsItIs() {
        const ExportGround ground;
        const std::string words = "{{ 'my own words' }}";
        QVERIFY(writeFileAtomically(systemFiles(), ground.base.path / "chat_template.jinja", words));
        for (const ExportFormat format : {ExportFormat::Hub, ExportFormat::Gguf, ExportFormat::Ollama}) {
            ExportRequest request =
                ofForm(ground, format, ("out" + std::to_string(static_cast<int>(format))).c_str());
            request.adapter.reset();
            const auto written = ground.write(request);
            QVERIFY2(written, written ? "" : written.error().message.c_str());
            QVERIFY(hasNote(*written, "not known"));
            if (format == ExportFormat::Hub) QCOMPARE(textOf(written->path / "chat_template.jinja"), words);
            if (format == ExportFormat::Gguf)
                QCOMPARE(ggufText(written->path, "tokenizer.chat_template"), words);
        }
    }

    void anEndThatIsNoTokenIsTold() {
        const ExportGround ground;
        ground.writeRecord("llama3.0"); // the tokenizer has no <|eot_id|>
        const auto written = ground.write(ofForm(ground, ExportFormat::Ollama, "ollama"));
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QVERIFY(hasNote(*written, "no token of the model"));
        QVERIFY(textOf(written->path / "Modelfile").find("PARAMETER stop \"<|eot_id|>\"") !=
                std::string::npos);
    }

    void anAdaptersOwnTokenizerGetsTheTrainedTemplate() {
        const ExportGround ground;
        fs::copy_file(ground.base.path / "tokenizer_config.json",
                      ground.adapter.path / "tokenizer_config.json");
        fs::copy_file(ground.base.path / "tokenizer.json", ground.adapter.path / "tokenizer.json");
        ground.writeRecord("alpaca");
        const auto written = ground.write(ofForm(ground, ExportFormat::Peft, "alone"));
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QCOMPARE(text::ChatTemplate::load(written->path)->name(), std::string("alpaca"));
    }

    void aResultWithAnotherTemplateIsFound() {
        const ExportGround ground;
        auto chat = exportChat(ground.base.path, {}, true);
        QVERIFY(chat && checkTurnEnd(ground.base.path, *chat));
        chat->text = "another";
        const auto found = checkTurnEnd(ground.base.path, *chat);
        QVERIFY(!found && found.error().code == codes::kExportCheck);
    }
};

QTEST_GUILESS_MAIN(TestExportChat)
#include "test_export_chat.moc"
