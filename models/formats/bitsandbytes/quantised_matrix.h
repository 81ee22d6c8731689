// A quantised matrix with what keeps its memory. A value; any thread.
#pragma once

#include <memory>

#include "formats/bitsandbytes/quantised_view.h"

namespace llamahome::formats {

struct QuantisedMatrix {
    QuantisedView view;
    std::shared_ptr<const void> storage; ///< null where the memory is a source's map
};

} // namespace llamahome::formats
