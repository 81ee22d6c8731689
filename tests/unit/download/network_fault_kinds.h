// What can go wrong between a source and us, by the numbers F01 to F50 of the reliability study, as a table.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/download_ground.h"

namespace llamahome::testing {

/// Which request is spoilt: the listing, a small file at the first host, a large one at either.
enum class FaultPhase { List, Small, Large };

enum class FaultEnd {
    Recovers, ///< the same run ends well
    Refuses,  ///< it ends with an error, and the next one, without the fault, ends well
    Either,   ///< the network library decides
};

struct NetworkFault {
    std::string name; ///< "F06 reset in the body"
    FaultEnd end = FaultEnd::Recovers;
    /// Changes the answers to the phase's file; null: none is changed.
    std::function<void(HubExchange&, std::uint32_t seed)> spoil = {};
    bool isInList = true; ///< makes sense where no size is known beforehand
    bool isInFiles = true;
    bool isOfLargeOnly = false;
    HubHost largeHost = HubHost::Second; ///< whose answers are spoilt for the large file
    std::function<void(DownloadGround&, std::uint32_t seed)> prepare = {}; ///< before the run
};

const std::vector<NetworkFault>& networkFaults();

} // namespace llamahome::testing
