// Which installed model an adapter from elsewhere belongs to. Any thread but GUI.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/result.h"
#include "jobs/library/library.h"

namespace llamahome::jobs {

struct AdapterBase {
    std::optional<ModelEntry> base; ///< nothing where none can be told
    std::string
        note; ///< where it is not the one that the adapter names: what was taken for it, or what to do
};

/// Reads the adapter in `folder` whole. Its base is the usable model that its configuration names, which it
/// must fit (LORA-xx, ARCH-xx), else the only usable one that all its matrices fit. PEFT-xx, ST-xx for an
/// adapter that cannot be used.
Result<AdapterBase> findAdapterBase(const Library& library, const std::filesystem::path& folder);

} // namespace llamahome::jobs
