#include <algorithm>
#include <map>

#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "text/chat_template.h"
#include "text/row_builder.h"

using namespace llamahome;
using namespace llamahome::text;

namespace {

const std::string kData = LLAMAHOME_TEST_DATA "/text/";
const TemplateTokens kTokens{"<s>", "</s>"};

/// "u3a10": a user's text 3, an assistant's text 10.
std::vector<Message> messagesOf(const std::string& word, const Json& texts) {
    const std::map<char, std::string> roles{
        {'s', "system"}, {'u', "user"}, {'a', "assistant"}, {'t', "tool"}};
    std::vector<Message> messages;
    for (std::size_t at = 0; at < word.size();) {
        std::size_t digits = 0;
        const int text = std::stoi(word.substr(at + 1), &digits);
        messages.push_back({roles.at(word[at]), texts[static_cast<std::size_t>(text)].get<std::string>()});
        at += 1 + digits;
    }
    return messages;
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

} // namespace

class TestChatConversations final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyConversationIsRenderedAndLearnedAsTheReferenceDoes_data() {
        QTest::addColumn<QString>("style");
        QTest::newRow("llama2") << QString::fromLatin1("llama2");
        QTest::newRow("zephyr") << QString::fromLatin1("zephyr");
    }

    void everyConversationIsRenderedAndLearnedAsTheReferenceDoes() {
        QFETCH(const QString, style);
        const std::string name = style.toStdString();
        const auto fixture = readJsonFile(kData + "conversations.json");
        QVERIFY(fixture);
        const auto chat = ChatTemplate::named(name, kTokens);
        QVERIFY(chat);
        int rendered = 0;
        for (const Json& row : (*fixture)["rows"]) {
            const auto word = row["chat"].get<std::string>();
            const auto segments =
                chat->render(messagesOf(word, (*fixture)["texts"]), {row["prompt"].get<bool>(), {}});
            if (row[name].is_null()) {
                QVERIFY2(!segments && segments.error().code == codes::kTemplateMessages, word.c_str());
                continue;
            }
            QVERIFY2(segments, word.c_str());
            QVERIFY2(joinedText(*segments) == row[name][0].get<std::string>(), word.c_str());
            QVERIFY2(learnedRanges(*segments) == row[name][1], word.c_str());
            ++rendered;
        }
        QVERIFY(rendered >= 300);
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
