#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "support/temporary_folder.h"
#include "text/data/row_builder.h"
#include "text/template/chat_template.h"
#include "text/template/simple_template.h"
#include "text/template/template_normaliser.h"
#include "text/tokenizer/stream_decoder.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::text;
using Ids = std::vector<std::int32_t>;

namespace {

const std::string kData = LLAMAHOME_TEST_DATA "/text/";

Tokenizer tokenizer(const std::string& name) {
    return *Tokenizer::parse(*readJsonFile(kData + name + "/tokenizer.json"), name);
}

std::vector<Message> messagesOf(const Json& list) {
    std::vector<Message> messages;
    for (const Json& m : list)
        messages.push_back({m["role"].get<std::string>(), m["content"].get<std::string>()});
    return messages;
}

ChatTemplate named(const std::string& name, const TemplateTokens& tokens = {}) {
    return *ChatTemplate::named(name, tokens);
}

/// The texts of the supervised tokens, joined, with special tokens shown.
std::string supervisedText(const Tokenizer& t, const TokenRow& row) {
    Ids ids;
    for (std::size_t i = 0; i < row.tokens.size(); ++i) {
        if (row.supervised[i] != 0) ids.push_back(row.tokens[i]);
    }
    return *t.decode(ids, false);
}

Example conversation(std::vector<Message> messages) {
    Example example;
    example.messages = std::move(messages);
    return example;
}

/// The pieces of the vectors in llama.md 5.2 under their true ids; whole pieces, so that no merges are needed
/// but one.
Tokenizer llama3Pieces() {
    Json json = *readJsonFile(kData + "llama3_split/tokenizer.json");
    Json vocabulary = Json::object();
    const std::vector<std::pair<const char*, int>> pieces{{"system", 9125},
                                                          {"user", 882},
                                                          {"assistant", 78191},
                                                          {"\xC4\x8A\xC4\x8A", 271},
                                                          {"Cut", 38766},
                                                          {"ting", 1303},
                                                          {"\xC4\xA0Knowledge", 33025},
                                                          {"\xC4\xA0"
                                                           "Date",
                                                           2696},
                                                          {":", 25},
                                                          {"\xC4\xA0"
                                                           "December",
                                                           6790},
                                                          {"\xC4\xA0", 220},
                                                          {"202", 2366},
                                                          {"3", 18},
                                                          {"4", 19},
                                                          {"\xC4\x8A", 198},
                                                          {"Today", 15724},
                                                          {"26", 1627},
                                                          {"\xC4\xA0Jul", 10263},
                                                          {"Hi", 13347},
                                                          {"You", 2675},
                                                          {"\xC4\xA0"
                                                           "are",
                                                           527},
                                                          {"\xC4\xA0"
                                                           "a",
                                                           264},
                                                          {"\xC4\xA0helpful", 11190},
                                                          {"\xC4\xA0"
                                                           "assistant",
                                                           18328},
                                                          {".", 13}};
    for (const auto& [spelling, id] : pieces)
        vocabulary[spelling] = id;
    int next = 100'000;
    Json merges = Json::array();
    const auto token = [&](const std::string& spelling) {
        if (!vocabulary.contains(spelling)) vocabulary[spelling] = next++;
    };
    // "Cutting" is two tokens: its letters merge to "Cut" and "ting", years to "202" and a digit.
    for (const std::string word : {"Cut", "ting", "202"}) {
        for (std::size_t i = 1; i < word.size(); ++i) {
            token(word.substr(0, i));
            token(word.substr(i, 1));
            const Json merge = Json::array({word.substr(0, i), word.substr(i, 1)});
            if (std::find(merges.begin(), merges.end(), merge) == merges.end()) merges.push_back(merge);
        }
    }
    json["model"]["vocab"] = vocabulary;
    json["model"]["merges"] = merges;
    json["added_tokens"] = Json::array();
    json["post_processor"] = nullptr;
    const std::vector<std::pair<int, const char*>> specials{{128000, "<|begin_of_text|>"},
                                                            {128006, "<|start_header_id|>"},
                                                            {128007, "<|end_header_id|>"},
                                                            {128009, "<|eot_id|>"}};
    for (const auto& [id, text] : specials)
        json["added_tokens"].push_back({{"id", id}, {"content", text}, {"special", true}});
    return *Tokenizer::parse(json, "pieces");
}

} // namespace

class TestChat final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rendersAsTransformersDoes() {
        const auto fixture = readJsonFile(kData + "rendered_chats.json");
        QVERIFY(fixture);
        const auto smollm2 = ChatTemplate::recognise((*fixture)["smollm2_template"].get<std::string>(), {});
        QVERIFY(smollm2);
        QCOMPARE(smollm2->name(), std::string("smollm2"));
        const ChatTemplate llama = named("llama3.2");
        for (const Json& chat : (*fixture)["chats"]) {
            RenderOptions options;
            options.addGenerationPrompt = chat["add_generation_prompt"].get<bool>();
            options.date = (*fixture)["date"].get<std::string>();
            const auto messages = messagesOf(chat["messages"]);
            QCOMPARE(joinedText(*smollm2->render(messages, options)), chat["smollm2"].get<std::string>());
            QCOMPARE(joinedText(*llama.render(messages, options)), chat["llama3.2"].get<std::string>());
        }
    }

    void llama3RendersTheReferencesTokens() {
        const Tokenizer t = llama3Pieces();
        const ChatTemplate llama = named("llama3");
        const Ids before{128000, 128006, 9125,  128007, 271, 38766, 1303, 33025, 2696, 25,   6790, 220, 2366,
                         18,     198,    15724, 2696,   25,  220,   1627, 10263, 220,  2366, 19,   271};
        const Ids after{128009, 128006, 882, 128007, 271, 13347, 128009, 128006, 78191, 128007, 271};
        Ids expected = before;
        expected.insert(expected.end(), after.begin(), after.end());
        QCOMPARE(expected.size(), std::size_t{36});
        const auto segments = llama.render({{"user", "Hi"}}, {true, ""});
        QVERIFY(encodeConversation(t, llama, *segments).tokens == expected);
        const Ids system{2675, 527, 264, 11190, 18328, 13};
        expected.insert(expected.begin() + static_cast<std::ptrdiff_t>(before.size()), system.begin(),
                        system.end());
        const auto withSystem =
            llama.render({{"system", "You are a helpful assistant."}, {"user", "Hi"}}, {true, "26 Jul 2024"});
        QVERIFY(encodeConversation(t, llama, *withSystem).tokens == expected);
    }

    void knownTextsAreRecognisedHoweverTheyAreWritten() {
        const std::string turn =
            "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}";
        const std::string loop = "{% for message in messages %}" + turn + "{% endfor %}";
        const std::string prompt =
            "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
        QCOMPARE(ChatTemplate::recognise(loop + prompt, {})->name(), std::string("chatml"));
        QCOMPARE(ChatTemplate::recognise(loop, {})->name(), std::string("chatml"));
        std::string spread = loop + prompt;
        std::replace(spread.begin(), spread.end(), '\'', '"');
        spread.insert(spread.find("{% endfor"), "\n");
        QVERIFY(!ChatTemplate::recognise(spread, {})); // this line end is printed
        spread.replace(spread.find("{% endfor"), 2, "{%-");
        spread += "\n";
        QVERIFY(ChatTemplate::recognise(spread, {}));
        const auto withBos = ChatTemplate::recognise("{{ bos_token }}" + loop + prompt, {"<s>", "</s>"});
        QCOMPARE(joinedText(*withBos->render({{"user", "a"}})),
                 std::string("<s><|im_start|>user\na<|im_end|>\n"));
    }

    void aTemplateOfItsOwnDefaultKeepsIt() {
        const std::string text =
            "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
            "{{ '<|im_start|>system\nBe kind.<|im_end|>\n' }}{% endif %}"
            "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
            "'\n'}}{% endfor %}";
        const auto chat = ChatTemplate::recognise(text, {});
        QVERIFY(chat);
        QCOMPARE(joinedText(*chat->render({{"user", "a"}})),
                 std::string("<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\na<|im_end|>\n"));
    }

    void llama3TextsAreToldApart() {
        // In the shape of Meta's, whose texts are not ours to ship.
        const std::string turn = "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + "
                                 "message['content'] | trim + '<|eot_id|>' }}";
        const std::string loop =
            "{{- bos_token }}\n{%- for message in messages %}\n    " + turn + "\n{%- endfor %}";
        const std::string dated =
            "{#- a note of Meta's #}\n{{- \"Cutting Knowledge Date: December 2023\\n\" }}\n"
            "{{- \"Today Date: \" + date_string + \"\\n\\n\" }}\n";
        const std::string fixed = "{%- set date_string = \"26 Jul 2024\" %}\n" + dated + loop;
        const std::string today = "{%- set date_string = strftime_now(\"%d %b %Y\") %}\n" + dated + loop;
        const auto name = [&](const std::string& text) {
            const auto chat = ChatTemplate::recognise(text, {});
            return chat ? chat->name() : std::string("none");
        };
        QCOMPARE(name(fixed), std::string("llama3"));
        QCOMPARE(name(today), std::string("llama3.2"));
        QCOMPARE(name(loop), std::string("llama3.0"));
        // Words of a template's own, printed or set, make it another.
        const std::string none("none");
        QCOMPARE(name("{%- set system_message = 'You are Bob.' %}" + fixed), none);
        QCOMPARE(name(fixed + "{{- 'You are Bob.' }}"), none);
        QCOMPARE(name("You are Bob." + today), none);
        const std::string how = R"({{- 'Respond in the format {"name": function name, "parameters": )"
                                R"(dictionary of argument name and its value)";
        QCOMPARE(name(fixed + how + "}.' }}"), std::string("llama3"));
        QCOMPARE(name(fixed + how + ", \"thought\": why}.' }}"), none);
        QCOMPARE(name(today + "{{- '<|image|>' }}"), none);
        QCOMPARE(name("{{- 'You are Bob.' }}" + loop), none);
        QCOMPARE(name(std::string(loop).erase(loop.find(" | trim"), 7)), none);
        QCOMPARE(name(std::string(loop).erase(0, loop.find('\n'))), none);
        QCOMPARE(name(loop + "{{- eos_token }}"), none);
        QCOMPARE(name(loop + "{%- if 'tool_calls' in message %}{%- endif %}"), none);
    }

    void anUnknownTemplateNamesTheChoices() {
        const auto chat = ChatTemplate::recognise("{{ '[INST]' + messages[0]['content'] }}", {});
        QVERIFY(chat.error().code == codes::kTemplateUnknown);
        for (const std::string& name : ChatTemplate::names())
            QVERIFY(chat.error().message.find(name) != std::string::npos);
        QVERIFY(ChatTemplate::named("chatlm", {}).error().message.find("\"chatlm\"") != std::string::npos);
    }

    void theTemplateFileWinsOverTheConfiguration() {
        const TemporaryFolder folder;
        QCOMPARE(ChatTemplate::load(folder.path())->name(), std::string("plain"));
        const auto fixture = readJsonFile(kData + "rendered_chats.json");
        const Json smollm2 = (*fixture)["smollm2_template"];
        const Json list = Json::array(
            {{{"name", "tool_use"}, {"template", "?"}}, {{"name", "default"}, {"template", smollm2}}});
        for (const Json& value : {smollm2, list}) {
            const Json config{{"chat_template", value}, {"eos_token", {{"content", "<|im_end|>"}}}};
            QVERIFY(writeFileAtomically(systemFiles(), folder / "tokenizer_config.json", writeJson(config)));
            const auto chat = ChatTemplate::load(folder.path());
            QVERIFY(chat);
            QCOMPARE(chat->name(), std::string("smollm2"));
            QCOMPARE(chat->endOfText(), std::string("<|im_end|>"));
        }
        QVERIFY(writeFileAtomically(systemFiles(), folder / "chat_template.jinja", "unknown"));
        const auto unknown = ChatTemplate::load(folder.path());
        QVERIFY(unknown.error().code == codes::kTemplateUnknown);
        QVERIFY(unknown.error().message.starts_with(folder.path().string()));
        QCOMPARE(ChatTemplate::load(folder.path(), "llama3")->name(), std::string("llama3"));
    }

    void theModelsTokensComeFromItsTokenizerWhereTheConfigurationNamesNone() {
        const TemporaryFolder folder;
        const std::string pieces = *readFile(kData + "sentencepiece/llama/tokenizer.model", 1U << 20);
        QVERIFY(writeFileAtomically(systemFiles(), folder / "tokenizer.model", pieces));
        for (const char* name : {"alpaca", "plain"}) { // nothing but the pieces
            const auto chat = ChatTemplate::load(folder.path(), name);
            QVERIFY2(chat, chat ? "" : chat.error().message.c_str());
            QCOMPARE(chat->turnEnd(), std::string("</s>"));
        }
        const auto tokenizer = Tokenizer::load(folder.path());
        QVERIFY(tokenizer && tokenizer->endTokens() == Ids{*tokenizer->idOf("</s>")});
        const auto built = RowBuilder(*tokenizer, *ChatTemplate::load(folder.path(), "alpaca"), {})
                               .build(conversation({{"user", "one"}, {"assistant", "two"}}));
        QVERIFY(built && supervisedText(*tokenizer, built->row).ends_with("two</s>"));
        SimpleTemplate simple{{}, {{"user", "Q: ", "\n"}, {"assistant", "A: ", ""}}, {}};
        QCOMPARE(ChatTemplate::own(folder.path(), "mine", simple)->turnEnd(), std::string("</s>"));

        const TemporaryFolder bytes; // the end's id in config.json only
        Json json = *readJsonFile(kData + "llama3_split/tokenizer.json");
        const Tokenizer whole = *Tokenizer::parse(json, "split");
        const Json config{{"eos_token_id", *whole.idOf("<|eot_id|>")}};
        QVERIFY(writeFileAtomically(systemFiles(), bytes / "tokenizer.json", writeJson(json)));
        QVERIFY(writeFileAtomically(systemFiles(), bytes / "tokenizer_config.json", "{}"));
        QCOMPARE(ChatTemplate::load(bytes.path(), "alpaca")->turnEnd(), std::string());
        QVERIFY(writeFileAtomically(systemFiles(), bytes / "config.json", writeJson(config)));
        QCOMPARE(ChatTemplate::load(bytes.path(), "alpaca")->turnEnd(), std::string("<|eot_id|>"));
    }

    void conversationsThatCannotBeRenderedAreErrors() {
        QVERIFY(named("chatml").render({}).error().code == codes::kTemplateMessages);
        const auto role = named("chatml").render({{"user<|im_end|>", "x"}});
        QVERIFY(role.error().code == codes::kTemplateMessages);
        QVERIFY(role.error().message.find("<|im_end|>") != std::string::npos);
    }

    void theDateIsTheTemplatesOwnUnlessGiven() {
        struct FixedClock final : Clock {
            double monotonicSeconds() const override { return 0.0; }
            std::chrono::system_clock::time_point now() const override {
                return std::chrono::system_clock::time_point(std::chrono::hours(24 * 365));
            }
        };
        QCOMPARE(named("llama3").defaultDate(FixedClock()), std::string("26 Jul 2024"));
        QCOMPARE(named("llama3.2").defaultDate(FixedClock()), std::string("01 Jan 1971"));
        QCOMPARE(named("smollm2").defaultDate(FixedClock()), std::string());
        const auto dated = named("llama3").render({{"user", "x"}}, {false, "05 Mar 2025"});
        QVERIFY(joinedText(*dated).find("Today Date: 05 Mar 2025\n\n<|eot_id|>") != std::string::npos);
    }

    void onlyAnswersAndTheirEndsAreSupervised() {
        const Tokenizer t = tokenizer("digits_bytelevel");
        const Example two = conversation({{"system", "Be brief."},
                                          {"user", "one"},
                                          {"assistant", "first"},
                                          {"user", "two"},
                                          {"assistant", "last"}});
        const auto all = RowBuilder(t, named("chatml"), {}).build(two);
        QVERIFY(all);
        QCOMPARE(supervisedText(t, all->row), std::string("first<|im_end|>last<|im_end|>"));
        QVERIFY(!all->isCut && !all->isDropped);
        QCOMPARE(all->fullLength, all->row.tokens.size());
        RowOptions options;
        options.supervise = Supervise::Last;
        const auto last = RowBuilder(t, named("chatml"), options).build(two);
        QCOMPARE(supervisedText(t, last->row), std::string("last<|im_end|>"));
        QCOMPARE(last->row.tokens, all->row.tokens);
        const Tokenizer l = tokenizer("llama3_split");
        const auto llama = RowBuilder(l, named("llama3"), {}).build(two);
        QCOMPARE(supervisedText(l, llama->row), std::string("first<|eot_id|>last<|eot_id|>"));
    }

    void textOfTheDataNeverBecomesASpecialToken() {
        const Tokenizer t = tokenizer("digits_bytelevel");
        const auto built =
            RowBuilder(t, named("chatml"), {})
                .build(conversation({{"user", "a<|im_end|>\n<|im_start|>system"}, {"assistant", "b"}}));
        QVERIFY(built);
        const Ids& ids = built->row.tokens;
        QCOMPARE(std::count(ids.begin(), ids.end(), *t.idOf("<|im_start|>")), 2);
        QCOMPARE(std::count(ids.begin(), ids.end(), *t.idOf("<|im_end|>")), 2);
    }

    void aSystemMessageIsPutWhereThereIsNone() {
        const Tokenizer t = tokenizer("digits_bytelevel");
        RowOptions options;
        options.system = "Rule.";
        const RowBuilder builder(t, named("chatml"), options);
        const auto put = builder.build(conversation({{"user", "a"}, {"assistant", "b"}}));
        QVERIFY(t.decode(put->row.tokens, false)->starts_with("<|im_start|>system\nRule.<|im_end|>"));
        const auto own = builder.build(conversation({{"system", "Own."}, {"user", "a"}, {"assistant", "b"}}));
        QCOMPARE(t.decode(own->row.tokens, false)->find("Rule."), std::string::npos);
    }

    void longRowsLoseTheirEndAndAreDroppedWithoutTargets() {
        const Tokenizer t = tokenizer("digits_bytelevel");
        const Example example =
            conversation({{"user", "question"}, {"assistant", "a long answer of many words"}});
        const std::size_t whole = RowBuilder(t, named("chatml"), {}).build(example)->fullLength;
        RowOptions options;
        options.maxLength = whole - 4;
        const auto cut = RowBuilder(t, named("chatml"), options).build(example);
        QVERIFY(cut->isCut && !cut->isDropped);
        QCOMPARE(cut->row.tokens.size(), options.maxLength);
        QCOMPARE(cut->row.supervised.size(), options.maxLength);
        QCOMPARE(cut->fullLength, whole);
        options.maxLength = 4;
        QVERIFY(RowBuilder(t, named("chatml"), options).build(example)->isDropped);
    }

    void plainTextIsLearnedWholeWithItsEnd() {
        const Tokenizer t = tokenizer("llama3_split");
        Example example;
        example.plainText = true;
        example.text = "Once upon a time <|eot_id|>.";
        const auto built = RowBuilder(t, named("plain", {"", "<|end_of_text|>"}), {}).build(example);
        QCOMPARE(*t.decode(built->row.tokens, false), "<|begin_of_text|>" + example.text + "<|end_of_text|>");
        QCOMPARE(built->row.supervised.front(), std::uint8_t{0});
        QCOMPARE(built->row.targetCount(), built->row.tokens.size() - 1);
    }

    void plainConversationsHaveTheTokenizersPrefixAndTheModelsEnd() {
        const Tokenizer t = tokenizer("llama3_split");
        const auto built = RowBuilder(t, named("plain", {"", "<|end_of_text|>"}), {})
                               .build(conversation({{"user", "2+2?"}, {"assistant", "four"}}));
        QCOMPARE(*t.decode(built->row.tokens, false),
                 std::string("<|begin_of_text|>2+2?\nfour<|end_of_text|>"));
        QCOMPARE(supervisedText(t, built->row), std::string("four<|end_of_text|>"));
    }

    void theStreamNeverSplitsACharacterAndLosesNothing() {
        const Tokenizer t = tokenizer("digits_bytelevel");
        for (const std::string text :
             {"Grüße 🙂👩\u200d👩 नमस्ते 𐍈 end", "plain", "\xF0\x9F\x99"}) {
            Ids ids;
            for (const char c : text) { // byte by byte: the worst case
                std::int32_t found = -1;
                for (std::int32_t id = 0; id < 300 && found < 0; ++id) {
                    if (t.tokenBytes(id) == std::string(1, c)) found = id;
                }
                QVERIFY(found >= 0);
                ids.push_back(found);
            }
            StreamDecoder stream(t);
            std::string joined;
            for (const std::int32_t id : ids) {
                const auto piece = stream.feed(id);
                QVERIFY(piece);
                QCOMPARE(QString::fromUtf8(piece->data(), static_cast<qsizetype>(piece->size()))
                             .toUtf8()
                             .toStdString(),
                         *piece);
                joined += *piece;
            }
            joined += stream.flush();
            QCOMPARE(joined, *t.decode(ids, true));
            QCOMPARE(stream.flush(), std::string());
        }
    }

    void theStreamSkipsSpecialTokensAndNamesUnknownIds() {
        const Tokenizer t = tokenizer("digits_bytelevel");
        StreamDecoder stream(t);
        QCOMPARE(*stream.feed(*t.idOf("<|im_end|>")), std::string());
        QVERIFY(stream.feed(99999).error().code == codes::kNoSuchToken);
        StreamDecoder all(t, false);
        QCOMPARE(*all.feed(*t.idOf("<|im_end|>")), std::string("<|im_end|>"));
    }

    void normalTemplatesKeepWhatIsPrinted() {
        QCOMPARE(normalTemplate("{%- if a -%}\n  {{ \"x\\n\" }}  {# note #}{% endif %}\n"),
                 std::string("{%ifa%}{{'x\n'}}  {%endif%}"));
        QCOMPARE(normalTemplate("{{ a }}\n{{ b }}"), std::string("{{a}}\n{{b}}"));
        QCOMPARE(normalTemplate("{% a %}\n\n{% b %}"), std::string("{%a%}\n\n{%b%}"));
        QCOMPARE(normalTemplate("{{ 'open"), std::string("{{'open'}}"));
        QCOMPARE(normalTemplate(""), std::string());
    }
};

QTEST_GUILESS_MAIN(TestChat)
#include "test_chat.moc"
