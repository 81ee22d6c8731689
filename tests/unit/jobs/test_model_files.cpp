// Of all that a repository holds, what is fetched; by names alone.
#include <QTest>

#include "core/error_codes.h"
#include "jobs/download/meta_model.h"
#include "jobs/download/model_files.h"
#include "jobs/download/remote_model.h"

using namespace llamahome;
using namespace llamahome::jobs;

namespace {

using Names = std::vector<std::string>;

QByteArray code(const Names& names, const std::string& wanted = {}) {
    const auto chosen = chooseModelFiles(names, wanted, "org/model");
    return chosen ? QByteArray() : QByteArray::fromStdString(std::string(chosen.error().code.text));
}

Names chosen(const Names& names, const std::string& wanted = {}) {
    auto files = chooseModelFiles(names, wanted, "org/model");
    return files ? files->names : Names{files.error().message};
}

DownloadTarget target(const std::string& hubId) {
    return {"family", "version", hubId, {}};
}

} // namespace

class TestModelFiles final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ofOneFileNoShardsAndNoIndex() {
        const Names names{"README.md",
                          "config.json",
                          "model-00001-of-00001.safetensors",
                          "model.safetensors",
                          "model.safetensors.index.json",
                          "tokenizer.json",
                          "generation_config.json",
                          "runs/events",
                          "USE_POLICY.md",
                          "licence.txt",
                          "handler.py",
                          "pytorch_model.bin",
                          "adapter_model.safetensors",
                          "special_tokens_map.json",
                          "chat_template.jinja"};
        QCOMPARE(chosen(names), (Names{"README.md", "config.json", "model.safetensors", "tokenizer.json",
                                       "generation_config.json", "USE_POLICY.md", "licence.txt",
                                       "special_tokens_map.json", "chat_template.jinja"}));
        QVERIFY(chooseModelFiles(names, {}, "x")->form == SourceForm::HubFolder);
    }

    void ofShardsAllAndTheirIndex() {
        Names names{"config.json", "tokenizer.model", "model.safetensors.index.json"};
        for (const char* place : {"1", "2", "3"})
            names.push_back(std::string("model-0000") + place + "-of-00003.safetensors");
        QCOMPARE(chosen(names).size(), names.size());
        Names fewer = names;
        fewer.pop_back();
        QCOMPARE(code(fewer), QByteArray("DL-05"));
        Names unled = names;
        unled.erase(unled.begin() + 2);
        QCOMPARE(code(unled), QByteArray("DL-05"));
    }

    void pickledOnesWhereThereIsNothingElse() {
        const Names names{"config.json", "tokenizer.json", "pytorch_model.bin", "training_args.bin"};
        const auto files = chooseModelFiles(names, {}, "org/model");
        QVERIFY(files && files->form == SourceForm::Pickled);
        QCOMPARE(files->names, (Names{"config.json", "tokenizer.json", "pytorch_model.bin"}));
    }

    void metasFilesAtTheTop() {
        const Names names{
            "LICENSE",         "checklist.chk", "consolidated.00.pth", "consolidated.01.pth", "params.json",
            "tokenizer.model", "x.bin"};
        const auto files = chooseModelFiles(names, {}, "org/model");
        QVERIFY(files && files->form == SourceForm::Meta);
        QCOMPARE(files->names.size(), std::size_t{6});
    }

    void aDividedGgufFileComesWithAllItsParts() {
        const Names names{"a-00001-of-00002.gguf", "a-00002-of-00002.gguf", "b.gguf", "sub/c.gguf"};
        const auto files = chooseModelFiles(names, "a-00002-of-00002.gguf", "org/model");
        QVERIFY(files && files->form == SourceForm::Gguf);
        QCOMPARE(files->gguf, names[0]);
        QCOMPARE(files->names, (Names{names[0], names[1]}));
        QCOMPARE(chosen(names, "sub/c.gguf"), Names{"sub/c.gguf"});
        QCOMPARE(code({names[0], names[2]}, names[0]), QByteArray("DL-05"));
        QCOMPARE(code(names, "model.safetensors"), QByteArray("DL-06"));
    }

    void whatIsNoModelIsToldByWhatItIs() {
        for (const auto& [names, word] :
             {std::pair<Names, const char*>{{}, "found no model"},
              {{"README.md"}, "found no model"},
              {{"config.json", "tf_model.h5"}, "TensorFlow"},
              {{"adapter_config.json", "adapter_model.safetensors"}, "an adapter"},
              {{"x.Q4_0.gguf"}, "--file"},
              {{"config.json", "model.safetensors"}, "neither tokenizer.json"},
              {{"unet/model.safetensors", "sub/config.json"}, "found no model"}}) {
            const auto files = chooseModelFiles(names, {}, "org/model");
            QVERIFY(!files);
            QCOMPARE(files.error().code, codes::kNothingUsable);
            QVERIFY2(files.error().message.find(word) != std::string::npos, files.error().message.c_str());
        }
    }

    void metasFoldersFollowTheGeneration() {
        const auto first = [](const std::string& hubId) {
            const auto folders = metaFolders(target(hubId));
            return folders.empty() ? std::string() : folders.front().path;
        };
        QCOMPARE(first("meta-llama/Llama-3.2-1B-Instruct"), std::string("Llama-3.2-1B-Instruct"));
        QCOMPARE(first("meta-llama/Meta-Llama-3-8B-Instruct"), std::string("8b_instruction_tuned"));
        QCOMPARE(first("meta-llama/Llama-2-7b-chat-hf"), std::string("llama-2-7b-chat"));
        QVERIFY(!metaFolders(target("meta-llama/Llama-2-7b-chat-hf")).front().hasTokenizer);
        QCOMPARE(first("codellama/CodeLlama-7b-Instruct-hf"), std::string("CodeLlama-7b-Instruct"));
        QCOMPARE(metaFolders(target("meta-llama/Llama-3.1-405B")).size(), std::size_t{2});
        QCOMPARE(first("HuggingFaceTB/SmolLM2-135M"), std::string());
        QCOMPARE(first(""), std::string());
    }

    void namesAreFoldedAsFileSystemsDo() {
        QCOMPARE(foldedName("CAF\xc3\x89"), foldedName("cafe\xcc\x81"));
        QVERIFY(foldedName("a") != foldedName("b"));
        QCOMPARE(foldedName("x\xff"), foldedName("X\xff"));
    }
};

QTEST_GUILESS_MAIN(TestModelFiles)
#include "test_model_files.moc"
