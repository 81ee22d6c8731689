// ChatTemplate: a conversation as the text that a model was trained on, in segments with roles. Immutable;
// any thread.
//
// The one renderer for training, preview, chat and export. A model's own template is recognised by its text,
// never executed; each known one is a row of the table in template_table.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "text/template/message.h"

namespace llamahome::text {

/// A stretch of a rendered conversation.
struct Segment {
    std::string text;
    std::string role; ///< of the message that it belongs to; empty for what stands before the first
    bool isTemplateText = false; ///< written by the template: special tokens are recognised in it
    bool supervised = false;     ///< the model is trained to produce it
};

/// What a template itself writes.
inline Segment templateText(std::string text, const std::string& role, bool supervised = false) {
    return {std::move(text), role, true, supervised};
}

struct RenderOptions {
    bool addGenerationPrompt = false; ///< opens the assistant's next turn at the end
    std::string date = {};            ///< "26 Jul 2024" for templates that print one; empty: defaultDate()
    Json tools = {}; ///< a list of functions that the model may call; templates without tools leave it out
};

/// The texts of the model's own tokens that templates refer to; empty where it has none. Of
/// tokenizer_config.json; where that names none, the end is the tokenizer's first end token, and without
/// that file bos is the tokenizer's too.
struct TemplateTokens {
    std::string bos;
    std::string eos;
};

enum class TemplateKind {
    ChatMl, ///< <|im_start|>role … <|im_end|>
    Llama3, ///< <|start_header_id|>role<|end_header_id|> … <|eot_id|>
    Llama2, ///< [INST] … [/INST] … </s>
    Zephyr, ///< <|role|> … </s>, TinyLlama's too
    Plain,  ///< the turns' texts alone, for models without a chat format
    Alpaca, ///< ### Instruction: … ### Response:, likewise
    Simple, ///< of a person's own
};

/// What the Llama-3 templates print as the date where none is given.
enum class DateRule { None, Fixed, Today };

struct SimpleTemplate;

/// One way of rendering; a row of the table.
struct TemplateStyle {
    std::string name; ///< as --template takes it
    TemplateKind kind = TemplateKind::Plain;
    std::string defaultSystem;      ///< ChatML: put first where the first message is no system message
    bool bosFirst = false;          ///< ChatML: the bos token stands before everything
    DateRule date = DateRule::None; ///< Llama 3: a system block with a date always stands first
    std::shared_ptr<const SimpleTemplate> simple = {}; ///< of TemplateKind::Simple
};

class ChatTemplate {
public:
    /// The template of a Hub-layout model: chat_template.jinja, else tokenizer_config.json; a model without
    /// one has "plain". `name`, where given, is taken instead. TPL-01 for a template or name that is not
    /// known; its message names the choices, its detail shows how the template begins.
    static Result<ChatTemplate> load(const std::filesystem::path& modelFolder, std::string_view name = {});
    /// A person's own template, called `name`, for the model in this folder.
    static Result<ChatTemplate> own(const std::filesystem::path& modelFolder, std::string name,
                                    SimpleTemplate simple);
    /// Recognises a template's text.
    static Result<ChatTemplate> recognise(std::string_view templateText, TemplateTokens tokens);
    /// The template of that name; "llama3.1" and "llama3.3" are "llama3".
    static Result<ChatTemplate> named(std::string_view name, TemplateTokens tokens);
    /// Every name that named() takes.
    static std::vector<std::string> names();

    const std::string& name() const { return m_style.name; }
    /// The special token that ends an assistant's turn: "<|im_end|>"; may be empty for "plain".
    std::string turnEnd() const;
    /// Every token that ends what the assistant says: turnEnd(), and where a function is called.
    std::vector<std::string> answerEnds() const;
    /// The text of the model's eos token, which ends a plain text; empty where the model names none.
    const std::string& endOfText() const { return m_tokens.eos; }
    /// True where the rendered text is encoded with what the tokenizer's post-processor puts before a text.
    bool wantsTokenizerPrefix() const;
    /// The template as Jinja text of our own wording (jinjaTextOf()). `prefix` is what the tokenizer puts
    /// before a text; it stands first where wantsTokenizerPrefix().
    std::string jinja(const std::string& prefix) const;
    /// The date that is printed where RenderOptions has none; empty where the template prints none.
    std::string defaultDate(const Clock& clock) const;

    /// The texts, joined, are what transformers' apply_chat_template gives. TPL-02 for an empty conversation,
    /// a role that is no word, roles, turns or calls of functions that the template has not.
    Result<std::vector<Segment>> render(const std::vector<Message>& messages,
                                        const RenderOptions& options = {}) const;

private:
    ChatTemplate(TemplateStyle style, TemplateTokens tokens)
        : m_style(std::move(style))
        , m_tokens(std::move(tokens)) {}

    /// Empty for a template that prints none.
    std::string dateOf(const RenderOptions& options) const;
    std::vector<Segment> renderChatMl(const std::vector<Message>& messages, bool prompt) const;
    Result<std::vector<Segment>> renderZephyr(const std::vector<Message>& messages, bool prompt) const;
    std::vector<Segment> renderPlain(const std::vector<Message>& messages) const;

    TemplateStyle m_style;
    TemplateTokens m_tokens;
};

/// The segments' texts joined.
std::string joinedText(const std::vector<Segment>& segments);

} // namespace llamahome::text
