// When a number is written out and when with an exponent. Any thread.
#pragma once

namespace llamahome {

/// From it on zeros are harder to count than an exponent is to read.
inline constexpr double kMostPlain = 1e15;

} // namespace llamahome
