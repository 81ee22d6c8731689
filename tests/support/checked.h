// A result's value where failure is the test's own fault. Any thread.
#pragma once

#include <stdexcept>
#include <utility>

#include "core/result.h"

namespace llamahome::testing {

/// Throws std::runtime_error with the message where there is no value.
template <typename T>
T checked(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

inline void checked(const Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().message);
}

} // namespace llamahome::testing
