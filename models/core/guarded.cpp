#include "core/guarded.h"

#include <new>
#include <string>

#include "core/error_codes.h"

namespace llamahome {

Error errorOfException(const std::exception_ptr& exception) {
    const std::string report = "please report this with what you did";
    try {
        std::rethrow_exception(exception);
    } catch (const std::bad_alloc&) {
        return Error{codes::kOutOfMemory,
                     "out of memory; close other programs or choose a smaller model or batch"};
    } catch (const std::exception& failure) {
        return Error{codes::kInternal, std::string("internal error: ") + failure.what() + "; " + report};
    } catch (...) {
        return Error{codes::kInternal, "internal error; " + report};
    }
}

} // namespace llamahome
