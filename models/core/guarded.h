// guarded: where exceptions of third parties and of the allocator end, as Errors. Any thread.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "core/result.h"

namespace llamahome {

/// What an exception that reached a border means: ENG-04 for std::bad_alloc, else INT-01 with its text.
Error errorOfException(const std::exception_ptr& exception);

/// Calls `work`, which returns a Result; what it throws comes back as the Result's error.
template <typename Work>
std::invoke_result_t<Work&> guarded(Work&& work) {
    try {
        return work();
    } catch (...) {
        return errorOfException(std::current_exception());
    }
}

} // namespace llamahome
