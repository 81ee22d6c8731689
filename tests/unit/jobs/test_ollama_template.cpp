// Which known chat template a template of Ollama's stands for, and that what is not read ends without one.
#include <QtTest>

#include "jobs/import/ollama_template.h"

using namespace llamahome;
using namespace llamahome::jobs;

namespace {

const text::TemplateTokens kTokens{"<s>", "</s>"};

struct Row {
    const char* name;
    const char* text;
    const char* expected;
};

const Row kRows[] = {
    {"prompts of ChatML",
     "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}{{ if .Prompt "
     "}}<|im_start|>user\n"
     "{{ .Prompt }}<|im_end|>\n{{ end }}<|im_start|>assistant\n{{ .Response }}<|im_end|>\n",
     "chatml"},
    {"messages of ChatML",
     "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end "
     "}}<|im_start|>assistant\n",
     "chatml"},
    {"both ways of ChatML, with a comment",
     "{{- /* two ways */ -}}{{- if .Messages }}{{- range .Messages -}}<|im_start|>{{ .Role }}\n"
     "{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n{{ else }}{{ .Prompt }}{{ end }}",
     "chatml"},
    {"roles told apart",
     "{{ range .Messages }}{{ if eq .Role \"system\" }}<|im_start|>system\n{{ .Content }}<|im_end|>\n"
     "{{ else if eq .Role \"user\" }}<|im_start|>user\n{{ .Content }}<|im_end|>\n"
     "{{ else }}<|im_start|>assistant\n{{ .Content }}<|im_end|>\n{{ end }}{{ end }}<|im_start|>assistant\n",
     "chatml"},
    {"a field of the whole",
     "{{ if $.System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}"
     "<|im_start|>user\n{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n{{ .Response }}<|im_end|>\n",
     "chatml"},
    {"prompts of Llama 3",
     "{{ if .System }}<|start_header_id|>system<|end_header_id|>\n\n{{ .System }}<|eot_id|>{{ end }}{{ if "
     ".Prompt }}"
     "<|start_header_id|>user<|end_header_id|>\n\n{{ .Prompt }}<|eot_id|>{{ end "
     "}}<|start_header_id|>assistant<|end_header_id|>\n\n"
     "{{ .Response }}<|eot_id|>",
     "llama3.0"},
    {"prompts of Zephyr",
     "{{ if .System }}<|system|>\n{{ .System }}</s>\n{{ end }}<|user|>\n{{ .Prompt }}</s>\n<|assistant|>\n"
     "{{ .Response }}</s>\n",
     "zephyr"},
    {"messages of Zephyr",
     "{{- range .Messages }}<|{{ .Role }}|>\n{{ .Content }}</s>\n{{ end }}<|assistant|>\n", "zephyr"},
    {"texts in quotes",
     "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}{{ \"<|im_start|>\" }}user\n"
     "{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n{{ .Response }}<|im_end|>\n",
     "chatml"},
    {"a quote too many",
     "{{- range .Messages }}{{ \"\\\"\" }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end "
     "}}<|im_start|>assistant\n",
     ""},
    {"an escape that is not read",
     "{{- range .Messages }}{{ \"\\x3c\" }}|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end "
     "}}<|im_start|>assistant\n",
     ""},
    {"another end", "{{- range .Messages }}<|{{ .Role }}|>\n{{ .Content }}<|end|>\n{{ end }}<|assistant|>\n",
     ""},
    {"no system text",
     "<|im_start|>user\n{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n{{ .Response }}<|im_end|>\n", ""},
    {"nothing", "", ""},
    {"a text alone", "hello", ""},
    {"another function", "{{ json .Messages }}", ""},
    {"a pipe", "{{ .Prompt | printf }}", ""},
    {"a variable", "{{ $x := .Prompt }}{{ $x }}", ""},
    {"another field", "{{ .Tools }}", ""},
    {"a field of a message outside", "{{ .Content }}", ""},
    {"a prompt within a message", "{{ range .Messages }}{{ .Prompt }}{{ end }}", ""},
    {"messages within messages", "{{ range .Messages }}{{ range .Messages }}{{ end }}{{ end }}", ""},
    {"another list", "{{ range .Tools }}{{ end }}", ""},
    {"no end", "{{ if .Prompt }}a", ""},
    {"no end within an else", "{{ range .Messages }}{{ if .Role }}a{{ else }}{{ if .Role }}b", ""},
    {"an end too many", "a{{ end }}", ""},
    {"an else too many", "{{ if .Prompt }}a{{ else }}b{{ else }}c{{ end }}", ""},
    {"an else with", "{{ if .Prompt }}a{{ else with .Prompt }}b{{ end }}", ""},
    {"an open action", "a{{ .Prompt", ""},
    {"an empty action", "{{}}{{ }}{{-}}", ""},
    {"a comparison without a text", "{{ if eq .Role }}{{ end }}{{ if eq .Role x }}{{ end }}", ""},
};

} // namespace

class TestOllamaTemplate final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void templatesAreKnownByWhatTheyWrite_data() {
        QTest::addColumn<int>("row");
        for (int row = 0; row < static_cast<int>(std::size(kRows)); ++row)
            QTest::newRow(kRows[row].name) << row;
    }
    void templatesAreKnownByWhatTheyWrite() {
        QFETCH(int, row);
        QCOMPARE(chatTemplateOf(kRows[row].text, kTokens), std::string(kRows[row].expected));
    }

    void depthAndLengthAreBounded() {
        std::string deep;
        for (int level = 0; level < 20'000; ++level)
            deep += "{{if .Prompt}}";
        QCOMPARE(chatTemplateOf(deep.substr(0, 60'000), kTokens), std::string());
        std::string chain = "{{if .Prompt}}";
        while (chain.size() < 60'000)
            chain += "{{else if .Prompt}}";
        QCOMPARE(chatTemplateOf(chain + "{{end}}", kTokens), std::string());
        const std::string known(kRows[1].text);
        QCOMPARE(chatTemplateOf(known + std::string(10'000, '\n'), kTokens), std::string("chatml"));
        QCOMPARE(chatTemplateOf(known + std::string(1 << 16, '\n'), kTokens), std::string());
    }
};

QTEST_GUILESS_MAIN(TestOllamaTemplate)
#include "test_ollama_template.moc"
