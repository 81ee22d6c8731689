// RowBuilder: from an Example to the tokens that the model is trained on. Immutable; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"
#include "text/data/example.h"
#include "text/data/token_row.h"
#include "text/template/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::text {

/// Which assistant turns are trained.
enum class Supervise { All, Last };

struct RowOptions {
    std::size_t maxLength = 512; ///< tokens; what is longer is cut at its end
    Supervise supervise = Supervise::All;
    std::string system;       ///< put before conversations that begin with no system message; empty: none
    std::string date;         ///< for templates that print one; empty: the template's own default
    bool endPlainText = true; ///< plain text is followed by the end token, so that a model learns to stop
};

struct BuiltRow {
    TokenRow row;
    std::size_t fullLength = 0; ///< tokens before the cut
    bool isCut = false;
    bool isDropped = false; ///< nothing to learn is left in it: `row` is not to be used
};

/// A rendered conversation as tokens, for training, preview and chat alike: encoded as one text, special
/// tokens only where the template wrote them. A token is supervised where the segment of its first byte is.
/// The template "plain" gets what the tokenizer puts before a text.
TokenRow encodeConversation(const Tokenizer& tokenizer, const ChatTemplate& chatTemplate,
                            const std::vector<Segment>& segments);

class RowBuilder {
public:
    RowBuilder(Tokenizer tokenizer, ChatTemplate chatTemplate, RowOptions options)
        : m_tokenizer(std::move(tokenizer))
        , m_template(std::move(chatTemplate))
        , m_options(std::move(options)) {}

    /// A conversation: the template's rendering, with the assistant's texts and turn ends as targets. Plain
    /// text: every token a target, begun by bos and (endPlainText) ended by the end token where the tokenizer
    /// has them.
    /// TPL-02 for a conversation that the template cannot render.
    Result<BuiltRow> build(const Example& example) const;

private:
    Result<TokenRow> conversation(const Example& example) const;
    TokenRow plainText(const std::string& text) const;

    Tokenizer m_tokenizer;
    ChatTemplate m_template;
    RowOptions m_options;
};

} // namespace llamahome::text
