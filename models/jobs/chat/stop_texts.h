// StopTexts: cuts a stream of text before the first of some texts, which may come in pieces. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llamahome::jobs {

class StopTexts {
public:
    /// Empty ones are left out.
    explicit StopTexts(std::vector<std::string> texts);

    /// Adds text and returns what may be shown: all but an end that could begin a stop text. Once one is
    /// found nothing follows.
    std::string feed(std::string_view text);
    /// What was held back, at the end of the stream.
    std::string flush();
    bool isFound() const { return m_isFound; }

private:
    std::size_t heldBack() const;

    std::vector<std::string> m_texts;
    std::string m_pending;
    bool m_isFound = false;
};

} // namespace llamahome::jobs
