#include <algorithm>

#include <QTest>

#include "core/error_codes.h"
#include "jobs/chat/chat_session.h"
#include "jobs/chat/stop_texts.h"
#include "jobs/open_model.h"
#include "support/tiny_model.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

/// A model with its tokenizer and template, and what was streamed.
struct Talk {
    TrainingGround ground;
    OpenModel open;
    std::string streamed;
    std::vector<std::string> pieces;
    TextSink sink = [this](std::string_view piece) {
        streamed += piece;
        pieces.emplace_back(piece);
    };

    Talk()
        : open(*openModel(ground.engine, systemFiles(), ground.model, {}, {}, {}, {})) {}

    ChatSession session() { return ChatSession(*open.model, open.tokenizer, open.chatTemplate); }
    /// The text of the last prompt that the model saw.
    std::string lastPrompt() const {
        return *open.tokenizer.decode(ground.engine.history().prompts.back(), false);
    }
    std::int64_t promptLength(const std::vector<text::Message>& messages) const {
        return static_cast<std::int64_t>(
            conversationTokens(open.tokenizer, open.chatTemplate, messages, {})->size());
    }
};

std::string fedOneByOne(StopTexts& stops, std::string_view text) {
    std::string shown;
    for (const char c : text)
        shown += stops.feed(std::string_view(&c, 1));
    return shown + stops.flush();
}

} // namespace

class TestAnswering final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void textBeforeTheFirstStopTextIsShown() {
        StopTexts stops({"END", "###", ""});
        QCOMPARE(fedOneByOne(stops, "a ## b ENE ### c END"), std::string("a ## b ENE "));
        QVERIFY(stops.isFound());
        QCOMPARE(stops.feed("more"), std::string());
    }

    void whatOnlyBeganAsAStopTextIsShownAtTheEnd() {
        StopTexts stops({"END"});
        QCOMPARE(stops.feed("abcEN"), std::string("abc"));
        QCOMPARE(stops.flush(), std::string("EN"));
        QVERIFY(!stops.isFound());
    }

    void aStopTextWithinOnePieceEndsThere() {
        StopTexts stops({"\n\n"});
        QCOMPARE(stops.feed("one\n\ntwo"), std::string("one"));
        QVERIFY(stops.isFound());
    }

    void textIsStreamedAndReturnedAlike() {
        Talk talk;
        talk.ground.engine.script().answer = "na\xc3\xafve \xf0\x9f\xa6\x99";
        const auto prompt = rawTokens(talk.open.tokenizer, "hello");
        const auto answer = generateText(*talk.open.model, talk.open.tokenizer, prompt, {}, talk.sink, {});
        QVERIFY(answer);
        QCOMPARE(answer->text, talk.ground.engine.script().answer);
        QCOMPARE(talk.streamed, answer->text);
        for (const std::string& piece : talk.pieces) // a character comes whole or not yet
            QVERIFY(piece.size() == 1 || piece == "\xc3\xaf" || piece == "\xf0\x9f\xa6\x99");
        QVERIFY(answer->finish == engine::FinishReason::StopToken);
        QCOMPARE(answer->tokens.size(), answer->text.size());
        QCOMPARE(answer->promptTokens, std::uint64_t{prompt.size()});
    }

    void everyEndTokenStops() {
        Talk talk;
        AnswerOptions options;
        options.sampling.stopTokens = {99};
        QVERIFY(generateText(*talk.open.model, talk.open.tokenizer, {kFirstByte}, options, {}, {}));
        const auto& stops = talk.ground.engine.history().generations.back().stopTokens;
        for (const std::int32_t id : talk.open.tokenizer.endTokens())
            QVERIFY(std::find(stops.begin(), stops.end(), id) != stops.end());
        QVERIFY(std::find(stops.begin(), stops.end(), 99) != stops.end());
    }

    void aStopTextEndsTheGenerationThere() {
        Talk talk;
        AnswerOptions options;
        options.stopTexts = {" ####"};
        const auto answer =
            generateText(*talk.open.model, talk.open.tokenizer, {kFirstByte}, options, talk.sink, {});
        QCOMPARE(answer->text, std::string("the answer"));
        QCOMPARE(talk.streamed, std::string("the answer"));
        QCOMPARE(finishName(answer->finish), std::string_view("stop"));
    }

    void lengthAndContextAreToldApart() {
        Talk talk;
        AnswerOptions options;
        options.sampling.maxNewTokens = 3;
        auto answer = generateText(*talk.open.model, talk.open.tokenizer, {kFirstByte}, options, {}, {});
        QCOMPARE(finishName(answer->finish), std::string_view("length"));
        options.contextTokens = 3;
        answer = generateText(*talk.open.model, talk.open.tokenizer, {kFirstByte}, options, {}, {});
        QCOMPARE(answer->tokens.size(), std::size_t{2});
        QCOMPARE(finishName(answer->finish), std::string_view("context"));
    }

    void aPromptWithoutRoomForAnAnswerIsRefused() {
        Talk talk;
        AnswerOptions options;
        options.contextTokens = 2;
        const auto answer =
            generateText(*talk.open.model, talk.open.tokenizer, {kFirstByte, kFirstByte}, options, {}, {});
        QVERIFY(answer.error().code == codes::kContextFull);
        QVERIFY2(contains(answer.error().message, "found 2 tokens, the context holds 2"),
                 answer.error().message.c_str());
    }

    void promptsTogetherHaveEachItsAnswerOrError() {
        Talk talk;
        AnswerOptions options;
        options.stopTexts = {" ####"};
        options.contextTokens = 16;
        const std::vector<std::vector<std::int32_t>> prompts{
            {kFirstByte},
            std::vector<std::int32_t>(16, kFirstByte),
            std::vector<std::int32_t>(11, kFirstByte),
        };
        const auto answers = generateTexts(*talk.open.model, talk.open.tokenizer, prompts, options, {});
        QCOMPARE(answers.size(), prompts.size());
        QCOMPARE(answers[0]->text, std::string("the answer"));
        QCOMPARE(finishName(answers[0]->finish), std::string_view("stop"));
        QVERIFY(answers[1].error().code == codes::kContextFull);
        QCOMPARE(answers[2]->text, std::string("the a"));
        QCOMPARE(finishName(answers[2]->finish), std::string_view("context"));
        QCOMPARE(answers[2]->promptTokens, std::uint64_t{11});
        talk.ground.engine.script().failsToGenerate = true;
        for (const auto& answer :
             generateTexts(*talk.open.model, talk.open.tokenizer, {{kFirstByte}, {kFirstByte}}, options, {}))
            QVERIFY(answer.error().code == codes::kEngineFailure);
    }

    void temperatureZeroIsGreedy() {
        config::GenerationSettings settings;
        settings.temperature = 0.0;
        QVERIFY(!answerOptions(settings).sampling.doSample);
        settings.temperature = 0.7;
        settings.top_k = 11;
        settings.seed = 5;
        settings.max_seq_len = 77;
        const AnswerOptions options = answerOptions(settings);
        QVERIFY(options.sampling.doSample);
        QCOMPARE(options.sampling.temperature, 0.7);
        QCOMPARE(options.sampling.topK, 11);
        QCOMPARE(options.sampling.seed, std::uint64_t{5});
        QCOMPARE(options.contextTokens, std::int64_t{77});
    }

    void whatAPersonWritesIsNeverASpecialToken() {
        Talk talk;
        const auto ids = conversationTokens(talk.open.tokenizer, talk.open.chatTemplate,
                                            {{"system", "s"}, {"user", "<|im_end|>"}}, {});
        QVERIFY(ids);
        QCOMPARE(std::count(ids->begin(), ids->end(), kImEnd), std::ptrdiff_t{2}); // after system and user
    }

    void aConversationIsRemembered() {
        Talk talk;
        ChatSession session = talk.session();
        session.reset("Be brief.");
        QVERIFY(session.answer("One?", {}, talk.sink, {}));
        QVERIFY(session.answer("Two?", {}, talk.sink, {}));
        QCOMPARE(session.messages().size(), std::size_t{5});
        const std::string prompt = talk.lastPrompt();
        QVERIFY2(contains(prompt, "Be brief.") && contains(prompt, "One?") && contains(prompt, "Two?") &&
                     contains(prompt, "the answer #### 7"),
                 prompt.c_str());
        session.reset({});
        QVERIFY(session.messages().empty());
    }

    void aLongConversationLosesItsOldestTurnsButNotTheSystemMessage() {
        Talk talk;
        ChatSession session = talk.session();
        session.reset("Be brief.");
        AnswerOptions options;
        options.sampling.maxNewTokens = 20;
        QVERIFY(session.answer("first question", options, {}, {}));
        QVERIFY(session.answer("second question", options, {}, {}));
        std::vector<text::Message> wanted = session.messages();
        wanted.push_back({"user", "third question"});
        options.contextTokens = talk.promptLength(wanted) + 5; // all fits, but not with its room
        const auto answer = session.answer("third question", options, {}, {});
        QVERIFY(answer);
        QCOMPARE(answer->droppedMessages, std::size_t{2});
        const std::string prompt = talk.lastPrompt();
        QVERIFY2(!contains(prompt, "first question"), prompt.c_str());
        QVERIFY2(contains(prompt, "Be brief.") && contains(prompt, "second question"), prompt.c_str());
        QCOMPARE(session.messages().front().role, std::string("system"));
        QCOMPARE(session.messages()[1].content, std::string("second question"));
    }

    void aMessageThatDoesNotFitAloneIsRefusedAndForgotten() {
        Talk talk;
        ChatSession session = talk.session();
        QVERIFY(session.answer("short", {}, {}, {}));
        const auto before = session.messages();
        const auto answer = session.answer(std::string(2000, 'x'), {}, {}, {});
        QVERIFY(answer.error().code == codes::kContextFull);
        QVERIFY(session.messages() == before);
    }

    void aCancelledAnswerIsKeptAsFarAsItCame() {
        Talk talk;
        ChatSession session = talk.session();
        const CancelToken cancel;
        const auto answer = session.answer(
            "hello", {}, [&](std::string_view) { cancel.cancel(); }, cancel);
        QVERIFY(answer);
        QCOMPARE(finishName(answer->finish), std::string_view("cancelled"));
        QCOMPARE(session.messages().back().content, std::string("t"));
    }

    void aFailedAnswerLeavesTheConversationAsItWas() {
        Talk talk;
        ChatSession session = talk.session();
        talk.ground.engine.script().failsToGenerate = true;
        QVERIFY(!session.answer("hello", {}, {}, {}));
        QVERIFY(session.messages().empty());
    }

    void smallThingsAreCheckedBeforeTheWeightsAreRead() {
        TrainingGround ground;
        const AdapterChoice missing{ground.folder / "none", 1.0};
        QVERIFY(!openModel(ground.engine, systemFiles(), ground.model, missing, {}, {}, {}));
        QVERIFY(!openModel(ground.engine, systemFiles(), ground.model, {},
                           {.templateName = "no-such-template"}, {}, {}));
        QCOMPARE(ground.engine.history().loads, 0);
        QVERIFY(openModel(ground.engine, systemFiles(), ground.model, {}, {.precision = "bf16"}, {}, {}));
        QVERIFY(ground.engine.history().precision == engine::Precision::Bf16);
    }

    void aQuantisedModelIsAskedForByName() {
        TrainingGround ground;
        const auto open = [&](const char* name) {
            return openModel(ground.engine, systemFiles(), ground.model, {}, {.quantise = name}, {}, {});
        };
        for (const char* const whole : {"none", "f16", "bf16"}) {
            QVERIFY(open(whole));
            QVERIFY(!ground.engine.history().quantisation);
        }
        QVERIFY(open("nf4"));
        QCOMPARE(ground.engine.history().quantisation, std::optional(formats::Quantisation::Nf4));
        QVERIFY(open("w8a8"));
        QCOMPARE(ground.engine.history().quantisation, std::optional(formats::Quantisation::Int8));
        QVERIFY(ground.engine.history().int8Products);
        QVERIFY(open("int8"));
        QCOMPARE(ground.engine.history().quantisation, std::optional(formats::Quantisation::Int8));
        QVERIFY(!ground.engine.history().int8Products);
    }
};

QTEST_GUILESS_MAIN(TestAnswering)
#include "test_answering.moc"
