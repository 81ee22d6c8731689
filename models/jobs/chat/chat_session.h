// ChatSession: a conversation with one loaded model; generateText for single prompts. The engine thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model_settings.h"
#include "core/cancel_token.h"
#include "core/result.h"
#include "llama/engine.h"
#include "text/template/chat_template.h"
#include "text/template/message.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {

/// Gets text as it is made, whole characters only.
using TextSink = std::function<void(std::string_view)>;

struct AnswerOptions {
    engine::GenerationOptions sampling; ///< the tokenizer's end tokens are added to its stop tokens
    std::vector<std::string> stopTexts; ///< generation ends before the first of them
    std::int64_t contextTokens = 0;     ///< prompt and answer together; 0: the model's own limit
    std::string date;                   ///< for templates that print one; empty: the template's default
};

/// Sampling by the settings: temperature 0 is greedy.
AnswerOptions answerOptions(const config::GenerationSettings& settings);

struct Answer {
    std::string text;
    std::vector<std::int32_t> tokens; ///< generated, without the end token
    engine::FinishReason finish = engine::FinishReason::Length;
    std::size_t droppedMessages = 0; ///< oldest ones that the conversation lost to make room
    std::uint64_t promptTokens = 0;
    std::uint64_t contextBytes = 0; ///< keys and values of prompt and answer
    double promptSeconds = 0.0;
    double decodeSeconds = 0.0;
};

/// "stop", "length", "context", "cancelled".
std::string_view finishName(engine::FinishReason finish);

/// Token ids of a conversation, ready for the model's answer.
Result<std::vector<std::int32_t>> conversationTokens(const text::Tokenizer& tokenizer,
                                                     const text::ChatTemplate& chatTemplate,
                                                     const std::vector<text::Message>& messages,
                                                     const std::string& date);

/// Token ids of a text that is continued as it stands (`--raw`): bos where the tokenizer puts one.
std::vector<std::int32_t> rawTokens(const text::Tokenizer& tokenizer, std::string_view prompt);

/// Generates from those tokens. GEN-01 when they leave no room for an answer.
Result<Answer> generateText(engine::LanguageModel& model, const text::Tokenizer& tokenizer,
                            const std::vector<std::int32_t>& promptTokens, const AnswerOptions& options,
                            const TextSink& onText, const CancelToken& cancel);

/// Prompts that are best answered together: as many as one reading of the weights serves.
inline constexpr std::size_t kAnsweredTogether = 8;

/// The same for several prompts at once, whose answers are those of one after another. Each has its own
/// answer or error; a cancelled one has what there was of it.
std::vector<Result<Answer>> generateTexts(engine::LanguageModel& model, const text::Tokenizer& tokenizer,
                                          const std::vector<std::vector<std::int32_t>>& prompts,
                                          const AnswerOptions& options, const CancelToken& cancel);

/// Remembers what was said. Model, tokenizer and template outlive it.
class ChatSession {
public:
    ChatSession(engine::LanguageModel& model, const text::Tokenizer& tokenizer,
                const text::ChatTemplate& chatTemplate);

    /// Starts anew; `system` empty: the template's own default.
    void reset(std::string system);
    /// Goes on from these: a system message, where there is one, and turns. For a conversation that was kept,
    /// and for answering one of its messages anew.
    void restore(std::vector<text::Message> messages);
    const std::vector<text::Message>& messages() const { return m_messages; }

    /// Adds the user's message, generates the answer and adds it, a cancelled one as far as it came; without
    /// any answer the conversation is as before. One that leaves less room than a quarter of the context (or
    /// than maxNewTokens) loses its oldest turns for good; the system message stays. GEN-01 when the last
    /// message alone does not fit.
    Result<Answer> answer(const std::string& userText, const AnswerOptions& options, const TextSink& onText,
                          const CancelToken& cancel);

private:
    Result<std::vector<std::int32_t>> fit(std::vector<text::Message>& messages, const AnswerOptions& options,
                                          std::size_t& dropped) const;

    engine::LanguageModel& m_model;
    const text::Tokenizer& m_tokenizer;
    const text::ChatTemplate& m_template;
    std::vector<text::Message> m_messages;
};

} // namespace llamahome::jobs
