// TextPiece: a stretch of text that knows where in the input its bytes come from. Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llamahome::text {

/// Valid as long as the text that it was cut from.
struct TextPiece {
    std::string_view text;
    std::size_t offset = 0;                 ///< in the input, where `origins` is null
    const std::uint32_t* origins = nullptr; ///< of rewritten text: for each byte, its place in the input

    /// The place in the input of byte `at`.
    std::size_t originAt(std::size_t at) const {
        if (origins == nullptr) return offset + at;
        return text.empty() ? 0 : origins[std::min(at, text.size() - 1)];
    }
    /// The bytes [begin, end).
    TextPiece part(std::size_t begin, std::size_t end) const {
        return {text.substr(begin, end - begin), offset + begin,
                origins == nullptr ? nullptr : origins + begin};
    }
};

/// Text made from a piece, byte by byte with the places that they stand for.
class RewrittenText {
public:
    void append(std::string_view text, std::size_t origin) {
        m_text += text;
        m_origins.resize(m_text.size(), static_cast<std::uint32_t>(origin));
    }
    void append(const TextPiece& piece) {
        m_text += piece.text;
        m_origins.reserve(m_text.size());
        for (std::size_t i = 0; i < piece.text.size(); ++i)
            m_origins.push_back(static_cast<std::uint32_t>(piece.originAt(i)));
    }
    TextPiece piece() const { return {m_text, 0, m_origins.data()}; }

private:
    std::string m_text;
    std::vector<std::uint32_t> m_origins;
};

} // namespace llamahome::text
