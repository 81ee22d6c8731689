#include "config/nearest_name.h"

#include <algorithm>

namespace llamahome::config {
namespace {

constexpr std::size_t kLongestText = 200;

/// No distance of the two is smaller.
std::size_t leastDistance(std::string_view a, std::string_view b) {
    const std::size_t first = std::min(a.size(), kLongestText);
    const std::size_t second = std::min(b.size(), kLongestText);
    return std::max(first, second) - std::min(first, second);
}

} // namespace

std::size_t editDistance(std::string_view a, std::string_view b) {
    a = a.substr(0, kLongestText);
    b = b.substr(0, kLongestText);
    std::vector<std::size_t> beforeLast(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], beforeLast[j - 2] + 1);
        }
        beforeLast.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::string nearestName(std::string_view text, const std::vector<std::string>& candidates) {
    std::size_t best = std::max<std::size_t>(2, text.size() / 3) + 1;
    std::string nearest;
    for (const std::string& candidate : candidates) {
        if (leastDistance(text, candidate) >= best) continue; // most need no closer look
        const std::size_t distance = editDistance(text, candidate);
        if (distance < best && distance < candidate.size()) {
            best = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

} // namespace llamahome::config
