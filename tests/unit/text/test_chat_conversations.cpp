#include <algorithm>
#include <map>

#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "support/temporary_folder.h"
#include "text/data/row_builder.h"
#include "text/template/chat_template.h"
#include "text/template/simple_template.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::text;

namespace {

const std::string kData = LLAMAHOME_TEST_DATA "/text/";
const TemplateTokens kTokens{"<s>", "</s>"};

/// "u3a10": a user's text 3, an assistant's text 10.
std::vector<Message> messagesOf(const std::string& word, const Json& fixture) {
    const std::map<char, std::string> roles{{'s', "system"},    {'u', "user"},      {'i', "user"},
                                            {'a', "assistant"}, {'c', "assistant"}, {'t', "tool"}};
    const Json& texts = fixture["texts"];
    std::vector<Message> messages;
    for (std::size_t at = 0; at < word.size();) {
        std::size_t digits = 0;
        const auto number = static_cast<std::size_t>(std::stoi(word.substr(at + 1), &digits));
        Message message{roles.at(word[at]), {}};
        if (word[at] == 'c') {
            const Json& call = fixture["calls"][number];
            message.toolCall = ToolCall{call["name"].get<std::string>(), call["arguments"]};
        } else {
            message.content = texts[number].get<std::string>();
        }
        if (word[at] == 'i') {
            message.inputAt = message.content.size() + 1;
            message.content += "\n" + texts[(number + 1) % texts.size()].get<std::string>();
        }
        messages.push_back(std::move(message));
        at += 1 + digits;
    }
    return messages;
}

/// FNV-1a, as tests/unit/text/make_chat_conversations.py has it.
std::uint32_t hashOf(const std::string& text) {
    std::uint32_t value = 0x811C9DC5;
    for (const char c : text)
        value = (value ^ static_cast<unsigned char>(c)) * 0x01000193;
    return value;
}

std::size_t charactersOf(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Ranges of characters that the model learns to produce.
Json learnedRanges(const std::vector<Segment>& segments) {
    Json ranges = Json::array();
    std::size_t at = 0;
    bool inRange = false;
    for (const Segment& segment : segments) {
        const std::size_t end = at + charactersOf(segment.text);
        if (segment.supervised && !inRange) ranges.push_back(Json::array({at, at}));
        if (segment.supervised) ranges.back()[1] = end;
        inRange = segment.supervised;
        at = end;
    }
    return ranges;
}

/// By its name; "own": one of a person's, with marks that a text in quotes must escape.
Result<ChatTemplate> templateCalled(const std::string& name) {
    if (name != "own") return ChatTemplate::named(name, kTokens);
    const TemporaryFolder empty;
    return ChatTemplate::own(empty.path(), name,
                             {"<s>It's a {{ talk }}:\n",
                              {{"system", "", "\n\n"}, {"user", "Q: ", "\n"}, {"assistant", "A:\\", "\n"}},
                              "</s>"});
}

} // namespace

class TestChatConversations final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyConversationIsRenderedAndLearnedAsTheReferenceDoes_data() {
        QTest::addColumn<std::size_t>("column");
        const auto fixture = readJsonFile(kData + "conversations.json");
        QVERIFY(fixture && (*fixture)["templates"].size() == 8);
        std::size_t column = 0;
        for (const Json& name : (*fixture)["templates"])
            QTest::newRow(name.get<std::string>().c_str()) << column++;
    }

    void everyConversationIsRenderedAndLearnedAsTheReferenceDoes() {
        QFETCH(const std::size_t, column);
        const auto fixture = readJsonFile(kData + "conversations.json");
        QVERIFY(fixture);
        const auto chat = ChatTemplate::named(QTest::currentDataTag(), kTokens);
        QVERIFY(chat);
        int rendered = 0;
        for (const Json& row : (*fixture)["rows"]) {
            const auto word = row["chat"].get<std::string>();
            RenderOptions options{row["prompt"].get<bool>(), "05 Mar 2025"};
            for (std::size_t i = 0; i < row["tools"].get<std::size_t>(); ++i)
                options.tools.push_back((*fixture)["functions"][i]);
            const auto segments = chat->render(messagesOf(word, *fixture), options);
            const Json& expected = row["hashes"][column];
            if (expected.is_null()) {
                QVERIFY2(!segments && segments.error().code == codes::kTemplateMessages, word.c_str());
                continue;
            }
            QVERIFY2(segments, word.c_str());
            const std::string found = joinedText(*segments) + writeJsonLine(learnedRanges(*segments));
            QVERIFY2(hashOf(found) == expected.get<std::uint32_t>(), (word + ": " + found).c_str());
            ++rendered;
        }
        QVERIFY(rendered >= 300);
    }

    void ourWordingOfATemplateIsRenderedByOthersAsHere() {
        const auto fixture = readJsonFile(kData + "own_templates.json");
        const auto chats = readJsonFile(kData + "conversations.json");
        QVERIFY(fixture && chats);
        const Json& texts = (*fixture)["texts"];
        QCOMPARE(texts.size(), ChatTemplate::names().size() + 1);
        std::size_t column = 2;
        for (const auto& [name, text] : texts.items()) {
            const auto chat = templateCalled(name);
            QVERIFY(chat);
            QCOMPARE(chat->jinja("<s>"),
                     (chat->wantsTokenizerPrefix() ? "{{- '<s>' }}" : "") + text.get<std::string>());
            // It is known again when it comes back; a template of one's own has no name here.
            const auto back = ChatTemplate::recognise(chat->jinja("<s>"), kTokens);
            QCOMPARE(back ? back->name() : "own", name);
            int rendered = 0;
            for (const Json& row : (*fixture)["rows"]) {
                auto messages = messagesOf(row[0].get<std::string>(), *chats);
                for (Message& message : messages)
                    message.inputAt = 0;
                const auto segments = chat->render(messages, {row[1].get<bool>(), "05 Mar 2025"});
                if (!segments) continue; // stricter than the text, which cannot see all of it
                QVERIFY2(row[column] == hashOf(joinedText(*segments)),
                         (name + row[0].get<std::string>()).c_str());
                ++rendered;
            }
            QVERIFY2(rendered >= 300, (name + ": " + std::to_string(rendered)).c_str());
            ++column;
        }
    }

    void toolsHaveAMessageToStandIn() {
        RenderOptions options;
        options.tools = Json::array({Json{{"name", "noop"}}});
        const auto alone = ChatTemplate::named("llama3", kTokens)->render({{"system", "x"}}, options);
        QVERIFY(!alone && alone.error().code == codes::kTemplateMessages);
        // As with the reference, a template without words for tools leaves them out.
        const auto chatml = ChatTemplate::named("chatml", kTokens)->render({{"user", "x"}}, options);
        QVERIFY(chatml && joinedText(*chatml) == "<|im_start|>user\nx<|im_end|>\n");
    }

    void zephyrIsRecognisedByItsText() {
        const auto fixture = readJsonFile(kData + "conversations.json");
        std::string text = (*fixture)["zephyr_template"].get<std::string>();
        const auto chat = ChatTemplate::recognise(text, kTokens);
        QVERIFY(chat);
        QCOMPARE(chat->name(), std::string("zephyr"));
        QCOMPARE(chat->turnEnd(), std::string("</s>"));
        text.replace(text.find("eos_token"), 9, "bos_token");
        QVERIFY(!ChatTemplate::recognise(text, kTokens));
    }

    void llama2IsRecognisedByWhatItPrints() {
        const std::string system = R"({% set content = '<<SYS>>\n' + system_message + '\n<</SYS>>\n\n' + )"
                                   R"(message['content'] %})";
        const std::string user = "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}";
        const std::string answer = "{{ ' '  + content.strip() + ' ' + eos_token }}";
        const std::string text = "{% for message in messages %}" + system +
                                 "{% if message['role'] == 'user' %}" + user + "{% else %}" + answer +
                                 "{% endif %}{% endfor %}";
        const auto recognised = [](const std::string& written) {
            const auto chat = ChatTemplate::recognise(written, kTokens);
            return chat && chat->name() == "llama2";
        };
        QVERIFY(recognised(text));
        QVERIFY(recognised("{{ raise_exception('no') }}" + text + "\n"));
        QVERIFY(!recognised(text + "{% if add_generation_prompt %}{{ ' ' }}{% endif %}"));
        QVERIFY(!recognised("{% if true == true %}" + text));
        QVERIFY(!recognised("Hello" + text));
        QVERIFY(!recognised(text.substr(0, text.find(answer)) + "{% endif %}{% endfor %}"));
        QVERIFY(!recognised("{{ '[INST]"));
    }

    void anAnswersFirstTokenIsLearnedWithItsBlank() {
        const auto tokenizer = Tokenizer::parse(*readJsonFile(kData + "kinds/legacy.json"), "legacy");
        QVERIFY(tokenizer);
        Example example;
        example.messages = {{"system", "Be brief."}, {"user", "One </s> more?"}, {"assistant", "The one."}};
        const auto built = RowBuilder(*tokenizer, *ChatTemplate::named("llama2", kTokens), {}).build(example);
        QVERIFY(built);
        std::vector<std::int32_t> learned;
        for (std::size_t i = 0; i < built->row.tokens.size(); ++i) {
            if (built->row.supervised[i] != 0) learned.push_back(built->row.tokens[i]);
        }
        QCOMPARE(*tokenizer->decode(learned, false), std::string("The one. </s>"));
        QCOMPARE(built->row.tokens.front(), 1);
        QCOMPARE(std::count(built->row.tokens.begin(), built->row.tokens.end(), 2), 1);
        QCOMPARE(built->row.tokens.back(), 2);
    }
};

QTEST_GUILESS_MAIN(TestChatConversations)
#include "test_chat_conversations.moc"
