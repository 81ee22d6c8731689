#include "text/tokenizer/split_pattern.h"

#include <charconv>
#include <cstdint>
#include <string>

#include <pcre2.h>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "text/tokenizer/unicode_ranges.h"

namespace llamahome::text {
namespace {

constexpr std::uint32_t kMatchBudget = 1'000'000; ///< back-tracking points of one search
constexpr std::uint32_t kHeapKib = 64 * 1024;

/// The inside of a PCRE2 class that holds these ranges.
template <std::size_t N>
std::string classText(const CodePointRange (&ranges)[N]) {
    std::string text;
    const auto append = [&](char32_t point) {
        char digits[8] = {};
        const auto end =
            std::to_chars(digits, digits + sizeof digits, static_cast<std::uint32_t>(point), 16).ptr;
        text += "\\x{" + std::string(digits, end) + "}";
    };
    for (const CodePointRange& range : ranges) {
        append(range.first);
        if (range.last == range.first) continue;
        text += '-';
        append(range.last);
    }
    return text;
}

/// Rewrites an expression for PCRE2, piece by piece.
class Translator {
public:
    explicit Translator(std::string_view expression)
        : m_in(expression) {}

    /// The rewritten expression, or the construct that is refused.
    Result<std::string> run() {
        while (m_at < m_in.size() && m_refused.empty())
            step();
        if (m_refused.empty()) return std::move(m_out);
        return Error{codes::kTokenizerPattern,
                     "the tokenizer's split pattern uses " + formats::quotedText(m_refused) +
                         ", which this program does not read; use a model with a known pattern",
                     std::string(m_in)};
    }

private:
    void step() {
        const char c = m_in[m_at];
        if (c == '\\')
            escape();
        else if (m_inClass)
            classChar(c);
        else if (c == '[')
            openClass();
        else if (m_in.substr(m_at, 2) == "(?")
            group();
        else if (c == '^' || c == '$')
            lineEdge(c);
        else if (m_in.substr(m_at, 2) == "}+")
            m_refused = "}+";
        else
            copy(1);
    }

    void escape() {
        const char c = m_at + 1 < m_in.size() ? m_in[m_at + 1] : '\0';
        const std::string_view property = m_in.substr(m_at, 5);
        if (c == 's' || (c == 'S' && !m_inClass)) {
            set(classText(kSpaceRanges), c == 'S', 2);
        } else if (property == "\\p{L}" || (property == "\\P{L}" && !m_inClass)) {
            set(classText(kLetterRanges), c == 'P', 5);
        } else if (property == "\\p{N}" || (property == "\\P{N}" && !m_inClass)) {
            set(classText(kNumberRanges), c == 'P', 5);
        } else if ((c == 'p' || c == 'P') && m_in.find('}', m_at) != std::string_view::npos) {
            copy(m_in.find('}', m_at) + 1 - m_at);
        } else if (c == 'r' || c == 'n' || c == 't' || c == 'd' ||
                   (c > ' ' && c < '\x7f' && !isWordChar(c))) {
            copy(2);
        } else {
            m_refused = m_in.substr(m_at, 2);
        }
    }

    /// Writes a set of characters, or all others, in place of `count` characters.
    void set(const std::string& inside, bool others, std::size_t count) {
        m_out += m_inClass ? inside : (others ? "[^" : "[") + inside + "]";
        m_at += count;
    }

    void classChar(char c) {
        if (c == '[' || m_in.substr(m_at, 2) == "&&") {
            m_refused = "nested character class";
            return;
        }
        m_inClass = c != ']';
        copy(1);
    }

    /// In Oniguruma's syntax these always mean the edges of lines.
    void lineEdge(char c) {
        m_out += std::string("(?m:") + c + ")";
        ++m_at;
    }

    void openClass() {
        m_inClass = true;
        copy(m_in.substr(m_at, 2) == "[^" ? 2 : 1);
    }

    void group() {
        for (const std::string_view known : {"(?i:", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>"}) {
            if (m_in.substr(m_at, known.size()) == known) return copy(known.size());
        }
        m_refused = m_in.substr(m_at, 3);
    }

    static bool isWordChar(char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    }

    void copy(std::size_t count) {
        m_out += m_in.substr(m_at, count);
        m_at += count;
    }

    std::string_view m_in;
    std::size_t m_at = 0;
    bool m_inClass = false;
    std::string m_out;
    std::string m_refused;
};

std::string messageOf(int code) {
    unsigned char text[256] = {};
    pcre2_get_error_message(code, text, sizeof text);
    return {reinterpret_cast<const char*>(text)};
}

struct FreeContext {
    void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};

struct FreeMatch {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

} // namespace

struct SplitPattern::Code {
    pcre2_code* code = nullptr;
    pcre2_match_context* context = nullptr;

    Code() = default;
    Code(const Code&) = delete;
    Code& operator=(const Code&) = delete;
    ~Code() {
        pcre2_match_context_free(context);
        pcre2_code_free(code);
    }
};

Result<SplitPattern> SplitPattern::compile(std::string_view expression) {
    auto translated = Translator(expression).run();
    if (!translated) return translated.error();
    auto code = std::make_shared<Code>();
    const std::unique_ptr<pcre2_compile_context, FreeContext> context(pcre2_compile_context_create(nullptr));
    if (!context) return Error{codes::kTokenizerPattern, "no memory for the split pattern"};
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int fault = 0;
    PCRE2_SIZE offset = 0;
    code->code =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated->data()), translated->size(),
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &fault, &offset, context.get());
    if (code->code == nullptr)
        return Error{codes::kTokenizerPattern,
                     "the tokenizer's split pattern does not compile: " + messageOf(fault) +
                         "; get the model again",
                     std::string(expression)};
    // Where there is no compiler for this processor the interpreter does the work.
    (void)pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);
    code->context = pcre2_match_context_create(nullptr);
    if (code->context == nullptr) return Error{codes::kTokenizerPattern, "no memory for the split pattern"};
    pcre2_set_match_limit(code->context, kMatchBudget);
    pcre2_set_heap_limit(code->context, kHeapKib);
    return SplitPattern(std::move(code));
}

std::optional<SplitPattern::Match> SplitPattern::find(std::string_view text, std::size_t at) const {
    // Room for the match as a whole, of any pattern; groups are of no interest.
    thread_local const std::unique_ptr<pcre2_match_data, FreeMatch> data(pcre2_match_data_create(1, nullptr));
    if (!data) return std::nullopt;
    const auto match = [&](std::uint32_t options) {
        return pcre2_match(m_code->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                           PCRE2_NO_UTF_CHECK | options, data.get(), m_code->context);
    };
    int count = match(0);
    // The compiled form has a small stack of its own; the interpreter has the heap.
    if (count == PCRE2_ERROR_JIT_STACKLIMIT) count = match(PCRE2_NO_JIT);
    if (count < 0) return std::nullopt;
    const PCRE2_SIZE* span = pcre2_get_ovector_pointer(data.get());
    return Match{span[0], span[1]};
}

} // namespace llamahome::text
