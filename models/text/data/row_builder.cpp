#include "text/data/row_builder.h"

#include <utility>

namespace llamahome::text {
namespace {

/// Takes the supervision off every assistant turn but the last.
void superviseLast(std::vector<Segment>& segments) {
    std::size_t end = segments.size();
    while (end > 0 && !segments[end - 1].supervised)
        --end;
    std::size_t begin = end;
    while (begin > 0 && segments[begin - 1].supervised)
        --begin;
    for (std::size_t i = 0; i < begin; ++i)
        segments[i].supervised = false;
}

} // namespace

TokenRow encodeConversation(const Tokenizer& tokenizer, const ChatTemplate& chatTemplate,
                            const std::vector<Segment>& segments) {
    TokenRow row;
    if (chatTemplate.wantsTokenizerPrefix()) row.tokens = tokenizer.prefixTokens();
    row.supervised.assign(row.tokens.size(), 0);
    std::vector<TextSpan> spans;
    spans.reserve(segments.size());
    for (const Segment& segment : segments)
        spans.push_back(
            {segment.text, segment.isTemplateText ? SpecialTokens::Recognised : SpecialTokens::AsText});
    for (const SpanToken& token : tokenizer.encodeSpans(spans)) {
        row.tokens.push_back(token.id);
        row.supervised.push_back(segments[token.span].supervised ? 1 : 0);
    }
    return row;
}

TokenRow RowBuilder::plainText(const std::string& text) const {
    TokenRow row;
    row.tokens = m_tokenizer.encode(text, SpecialTokens::AsText, /*addSpecial=*/true);
    if (m_options.endPlainText) {
        if (const auto end = m_tokenizer.idOf(m_template.endOfText()))
            row.tokens.push_back(*end);
        else if (!m_tokenizer.endTokens().empty())
            row.tokens.push_back(m_tokenizer.endTokens().front());
    }
    row.supervised.assign(row.tokens.size(), 1);
    if (!row.supervised.empty()) row.supervised.front() = 0; // nothing stands before it
    return row;
}

Result<TokenRow> RowBuilder::conversation(const Example& example) const {
    std::vector<Message> messages = example.messages;
    const bool hasSystem = !messages.empty() && messages.front().role == "system";
    if (!m_options.system.empty() && !hasSystem)
        messages.insert(messages.begin(), {"system", m_options.system});
    auto segments = m_template.render(messages, {false, m_options.date, example.tools});
    if (!segments) return segments.error();
    if (m_options.supervise == Supervise::Last) superviseLast(*segments);
    return encodeConversation(m_tokenizer, m_template, *segments);
}

Result<BuiltRow> RowBuilder::build(const Example& example) const {
    BuiltRow built;
    if (example.plainText) {
        built.row = plainText(example.text);
    } else {
        auto row = conversation(example);
        if (!row) return row.error();
        built.row = std::move(*row);
    }
    built.fullLength = built.row.tokens.size();
    built.isCut = built.fullLength > m_options.maxLength;
    if (built.isCut) {
        built.row.tokens.resize(m_options.maxLength);
        built.row.supervised.resize(m_options.maxLength);
    }
    built.isDropped = built.row.targetCount() == 0;
    return built;
}

} // namespace llamahome::text
