// Where the lines of an axis stand. Any thread.
#pragma once

#include <vector>

namespace llamahome::widgets {

/// Round numbers (1, 2 or 5 times a power of ten) from `low` to `high`, at most `most` of them. `whole`: no
/// fractions.
std::vector<double> linearTicks(double low, double high, int most, bool whole);

/// Round numbers for an axis of logarithms; `low` and `high` are above zero.
std::vector<double> logarithmicTicks(double low, double high, int most);

} // namespace llamahome::widgets
