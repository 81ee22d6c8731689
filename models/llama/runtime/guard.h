// guard(): third-party exceptions end here and become errors. Engine thread.
#pragma once

#include <exception>
#include <new>
#include <utility>

#include <c10/util/Exception.h>

#include "core/error_codes.h"
#include "core/result.h"

namespace llamahome::engine {

/// Runs `work`, which returns a Result; what it throws becomes ENG-04 (memory) or ENG-03.
template <typename Work>
auto guard(Work&& work) -> decltype(work()) {
    try {
        return std::forward<Work>(work)();
    } catch (const std::bad_alloc&) {
        return Error{codes::kOutOfMemory,
                     "not enough memory; close other programs, or lower training.batch_size or "
                     "training.max_length"};
    } catch (const c10::Error& failure) {
        const std::string text = failure.what_without_backtrace();
        if (text.find("allocate memory") != std::string::npos)
            return Error{codes::kOutOfMemory,
                         "not enough memory; close other programs, or lower training.batch_size "
                         "or training.max_length",
                         text};
        return Error{codes::kEngineFailure, "the engine failed: " + text.substr(0, text.find('\n')),
                     failure.what()};
    } catch (const std::exception& failure) {
        return Error{codes::kEngineFailure, std::string("the engine failed: ") + failure.what()};
    }
}

} // namespace llamahome::engine
