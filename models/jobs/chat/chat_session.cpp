#include "jobs/chat/chat_session.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "core/error_codes.h"
#include "jobs/chat/stop_texts.h"
#include "text/data/row_builder.h"
#include "text/tokenizer/stream_decoder.h"

namespace llamahome::jobs {
namespace {

constexpr std::int64_t kRoomShare = 4; // an answer gets at least this part of the context

std::int64_t contextLimit(const engine::LanguageModel& model, const AnswerOptions& options) {
    const std::int64_t own = model.config().max_position_embeddings;
    return options.contextTokens > 0 ? std::min(options.contextTokens, own) : own;
}

Error tooLong(std::size_t promptTokens, std::int64_t limit, const std::string& what) {
    return Error{codes::kContextFull, what + ": found " + std::to_string(promptTokens) +
                                          " tokens, the context holds " + std::to_string(limit) +
                                          " with room for an answer; shorten it"};
}

/// Where the turn at `begin` ends: the next user message, or the end.
std::size_t turnEnd(const std::vector<text::Message>& messages, std::size_t begin) {
    std::size_t end = begin + 1;
    while (end < messages.size() && messages[end].role != "user")
        ++end;
    return end;
}

/// One answer in the making: takes tokens one at a time and hands on text.
class AnswerStream {
public:
    /// `room`: tokens that the context has left after the prompt.
    AnswerStream(const text::Tokenizer& tokenizer, const AnswerOptions& options, const TextSink& sink,
                 std::int64_t room)
        : m_decoder(tokenizer)
        , m_stops(options.stopTexts)
        , m_sink(sink)
        , m_room(room)
        , m_isCutByContext(room < options.sampling.maxNewTokens) {}

    /// False when the generation should stop.
    bool take(std::int32_t token) {
        const auto piece = m_decoder.feed(token);
        if (!piece) {
            m_failure = piece.error();
            return false;
        }
        show(m_stops.feed(*piece));
        --m_room;
        return !m_stops.isFound() && !isFull();
    }

    Result<Answer> finish(engine::GenerationResult generated, std::size_t promptTokens) {
        if (m_failure) return *m_failure;
        show(m_stops.feed(m_decoder.flush()));
        show(m_stops.flush());
        Answer answer;
        answer.text = std::move(m_text);
        answer.tokens = std::move(generated.tokens);
        answer.finish = generated.finish == engine::FinishReason::Stopped && isFull()
                            ? engine::FinishReason::ContextFull
                            : generated.finish;
        answer.promptTokens = promptTokens;
        answer.contextBytes = generated.contextBytes;
        answer.promptSeconds = generated.promptSeconds;
        answer.decodeSeconds = generated.decodeSeconds;
        return answer;
    }

private:
    bool isFull() const { return m_isCutByContext && m_room <= 0 && !m_stops.isFound(); }
    void show(const std::string& piece) {
        if (piece.empty()) return;
        m_text += piece;
        if (m_sink) m_sink(piece);
    }

    text::StreamDecoder m_decoder;
    StopTexts m_stops;
    const TextSink& m_sink;
    std::int64_t m_room;
    bool m_isCutByContext;
    std::string m_text;
    std::optional<Error> m_failure;
};

/// The tokens that the context has left after a prompt; GEN-01 for none.
Result<std::int64_t> roomAfter(const engine::LanguageModel& model, std::size_t promptTokens,
                               const AnswerOptions& options) {
    const std::int64_t limit = contextLimit(model, options);
    const std::int64_t room = limit - static_cast<std::int64_t>(promptTokens);
    if (room < 1) return tooLong(promptTokens, limit, "prompt");
    return room;
}

engine::GenerationOptions samplingOf(const text::Tokenizer& tokenizer, const AnswerOptions& options) {
    engine::GenerationOptions sampling = options.sampling;
    const auto& ends = tokenizer.endTokens();
    sampling.stopTokens.insert(sampling.stopTokens.end(), ends.begin(), ends.end());
    return sampling;
}

} // namespace

AnswerOptions answerOptions(const config::GenerationSettings& settings) {
    AnswerOptions options;
    options.sampling.maxNewTokens = settings.max_new_tokens;
    options.sampling.doSample = settings.temperature > 0.0;
    options.sampling.temperature = settings.temperature;
    options.sampling.topP = settings.top_p;
    options.sampling.topK = settings.top_k;
    options.sampling.minP = settings.min_p;
    options.sampling.repetitionPenalty = settings.repetition_penalty;
    options.sampling.seed = static_cast<std::uint64_t>(settings.seed);
    options.contextTokens = settings.max_seq_len;
    return options;
}

std::string_view finishName(engine::FinishReason finish) {
    switch (finish) {
    case engine::FinishReason::StopToken:
    case engine::FinishReason::Stopped:
        return "stop";
    case engine::FinishReason::Length:
        return "length";
    case engine::FinishReason::ContextFull:
        return "context";
    case engine::FinishReason::Cancelled:
        break;
    }
    return "cancelled";
}

Result<std::vector<std::int32_t>> conversationTokens(const text::Tokenizer& tokenizer,
                                                     const text::ChatTemplate& chatTemplate,
                                                     const std::vector<text::Message>& messages,
                                                     const std::string& date) {
    const auto segments = chatTemplate.render(messages, {true, date});
    if (!segments) return segments.error();
    return text::encodeConversation(tokenizer, chatTemplate, *segments).tokens;
}

std::vector<std::int32_t> rawTokens(const text::Tokenizer& tokenizer, std::string_view prompt) {
    return tokenizer.encode(prompt, text::SpecialTokens::AsText, true);
}

Result<Answer> generateText(engine::LanguageModel& model, const text::Tokenizer& tokenizer,
                            const std::vector<std::int32_t>& promptTokens, const AnswerOptions& options,
                            const TextSink& onText, const CancelToken& cancel) {
    const auto room = roomAfter(model, promptTokens.size(), options);
    if (!room) return room.error();
    AnswerStream stream(tokenizer, options, onText, *room);
    auto generated = model.generate(
        promptTokens, samplingOf(tokenizer, options),
        [&stream](std::int32_t token) { return stream.take(token); }, cancel);
    if (!generated) return generated.error();
    return stream.finish(std::move(*generated), promptTokens.size());
}

std::vector<Result<Answer>> generateTexts(engine::LanguageModel& model, const text::Tokenizer& tokenizer,
                                          const std::vector<std::vector<std::int32_t>>& prompts,
                                          const AnswerOptions& options, const CancelToken& cancel) {
    const TextSink unheard;
    std::vector<Result<Answer>> answers;
    std::vector<std::vector<std::int32_t>> fitting;
    std::vector<std::size_t> places; // of the fitting ones among all
    std::deque<AnswerStream> streams;
    for (const auto& prompt : prompts) {
        const auto room = roomAfter(model, prompt.size(), options);
        answers.push_back(room ? Result<Answer>(Answer{}) : Result<Answer>(room.error()));
        if (!room) continue;
        places.push_back(answers.size() - 1);
        fitting.push_back(prompt);
        streams.emplace_back(tokenizer, options, unheard, *room);
    }
    auto generated = model.generateBatch(
        fitting, samplingOf(tokenizer, options),
        [&streams](std::size_t row, std::int32_t token) { return streams[row].take(token); }, cancel);
    for (std::size_t i = 0; i < places.size(); ++i)
        answers[places[i]] = generated ? streams[i].finish(std::move((*generated)[i]), fitting[i].size())
                                       : Result<Answer>(generated.error());
    return answers;
}

ChatSession::ChatSession(engine::LanguageModel& model, const text::Tokenizer& tokenizer,
                         const text::ChatTemplate& chatTemplate)
    : m_model(model)
    , m_tokenizer(tokenizer)
    , m_template(chatTemplate) {}

void ChatSession::reset(std::string system) {
    m_messages.clear();
    if (!system.empty()) m_messages.push_back({"system", std::move(system)});
}

void ChatSession::restore(std::vector<text::Message> messages) {
    m_messages = std::move(messages);
}

Result<std::vector<std::int32_t>> ChatSession::fit(std::vector<text::Message>& messages,
                                                   const AnswerOptions& options, std::size_t& dropped) const {
    const std::int64_t limit = contextLimit(m_model, options);
    const std::int64_t room =
        std::max<std::int64_t>(1, std::min<std::int64_t>(options.sampling.maxNewTokens, limit / kRoomShare));
    const std::size_t first = !messages.empty() && messages.front().role == "system" ? 1 : 0;
    for (;;) {
        auto ids = conversationTokens(m_tokenizer, m_template, messages, options.date);
        if (!ids) return ids;
        const auto length = static_cast<std::int64_t>(ids->size());
        const std::size_t end = turnEnd(messages, first);
        const bool isOnlyTurn = end >= messages.size();
        if (length + room <= limit || (isOnlyTurn && length < limit)) return ids;
        if (isOnlyTurn) return tooLong(ids->size(), limit, "the message");
        dropped += end - first;
        const auto begin = messages.begin() + static_cast<std::ptrdiff_t>(first);
        messages.erase(begin, messages.begin() + static_cast<std::ptrdiff_t>(end));
    }
}

Result<Answer> ChatSession::answer(const std::string& userText, const AnswerOptions& options,
                                   const TextSink& onText, const CancelToken& cancel) {
    std::vector<text::Message> messages = m_messages;
    messages.push_back({"user", userText});
    std::size_t dropped = 0;
    const auto prompt = fit(messages, options, dropped);
    if (!prompt) return prompt.error();
    auto answer = generateText(m_model, m_tokenizer, *prompt, options, onText, cancel);
    if (!answer) return answer;
    answer->droppedMessages = dropped;
    if (answer->text.empty()) return answer;
    messages.push_back({"assistant", answer->text});
    m_messages = std::move(messages);
    return answer;
}

} // namespace llamahome::jobs
