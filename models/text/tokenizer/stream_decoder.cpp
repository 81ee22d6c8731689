#include "text/tokenizer/stream_decoder.h"

#include <utility>

#include "core/utf8.h"

namespace llamahome::text {

Result<std::string> StreamDecoder::feed(std::int32_t id) {
    if (auto known = m_tokenizer.decode({&id, 1}, false); !known) return known.error();
    if (m_skipSpecial && m_tokenizer.isSpecial(id)) return std::string();
    m_pending += m_tokenizer.tokenBytes(id, m_state);
    const std::size_t keep = unfinishedUtf8Bytes(m_pending);
    std::string text = replaceInvalidUtf8(std::string_view(m_pending).substr(0, m_pending.size() - keep));
    m_pending.erase(0, m_pending.size() - keep);
    return text;
}

std::string StreamDecoder::flush() {
    m_state = {};
    return replaceInvalidUtf8(std::exchange(m_pending, {}));
}

} // namespace llamahome::text
