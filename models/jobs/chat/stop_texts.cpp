#include "jobs/chat/stop_texts.h"

#include <algorithm>
#include <utility>

namespace llamahome::jobs {

StopTexts::StopTexts(std::vector<std::string> texts)
    : m_texts(std::move(texts)) {
    std::erase_if(m_texts, [](const std::string& text) { return text.empty(); });
}

std::string StopTexts::feed(std::string_view text) {
    if (m_isFound) return {};
    m_pending += text;
    std::size_t found = std::string::npos;
    for (const std::string& stop : m_texts)
        found = std::min(found, m_pending.find(stop));
    m_isFound = found != std::string::npos;
    const std::size_t shown = m_isFound ? found : m_pending.size() - heldBack();
    std::string out = m_pending.substr(0, shown);
    m_pending = m_isFound ? std::string() : m_pending.substr(shown);
    return out;
}

std::string StopTexts::flush() {
    return std::exchange(m_pending, {});
}

/// Length of the longest end of m_pending that begins a stop text.
std::size_t StopTexts::heldBack() const {
    std::size_t longest = 0;
    for (const std::string& stop : m_texts)
        for (std::size_t length = std::min(stop.size() - 1, m_pending.size()); length > longest; --length)
            if (m_pending.ends_with(std::string_view(stop).substr(0, length))) longest = length;
    return longest;
}

} // namespace llamahome::jobs
