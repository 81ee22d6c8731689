// How much longer the replacing steps of a tokenizer may make a text, all together. A value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/error_codes.h"
#include "core/result.h"

namespace llamahome::text {

class TextGrowth {
public:
    static constexpr std::size_t kMost = 4096;

    /// Counts a step that replaces one byte or more by `contentBytes`. TK-02 where the steps so far could
    /// make a text more than kMost times as long; `what` names the file, `part` the part of it.
    Result<void> add(std::size_t contentBytes, std::string_view what, std::string_view part) {
        const std::size_t factor = std::max<std::size_t>(1, contentBytes);
        if (factor > kMost / m_factor)
            return Error{codes::kTokenizerLimit, std::string(what) + ": the " + std::string(part) +
                                                     " may make a text more than " + std::to_string(kMost) +
                                                     " times as long; get the model again"};
        m_factor *= factor;
        return {};
    }

private:
    std::size_t m_factor = 1;
};

} // namespace llamahome::text
