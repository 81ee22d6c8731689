#include "core/error.h"

namespace llamahome {

Error Error::within(std::string_view context) const {
    return Error{code, std::string(context) + ": " + message, detail};
}

} // namespace llamahome
