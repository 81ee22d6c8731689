// What a person asks to be downloaded, and under which name it will lie. Any thread but GUI.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/environment.h"
#include "core/result.h"
#include "jobs/library/library.h"

namespace llamahome::jobs {

/// A model by the name that it has or will have in the library.
struct DownloadTarget {
    std::string family;  ///< or the organisation
    std::string version; ///< or the name
    std::string hubId;   ///< where the Hub has it; empty: not known
    std::optional<config::CatalogVersion> catalog = {};

    /// "smollm2/135m-instruct".
    std::string name() const { return family + "/" + version; }
    /// As typed after a command: "smollm2 135m-instruct", "org/name".
    std::string words() const;
};

/// FAMILY VERSION, FAMILY/VERSION, FAMILY alone (its default), or any Hub id: one of the catalogue is the
/// catalogue's entry, another one becomes <org>/<name>. No words: the LLAMA_MODEL variables. CAT-02 and
/// CAT-03 name the nearest; LIB-08 for anything else, a path among them.
Result<DownloadTarget> downloadTarget(const Library& library, const std::vector<std::string>& words,
                                      const config::Environment& environment);

/// The target of a Hub id, as the Hub spells it.
DownloadTarget targetOfHubId(const config::Catalog& catalog, const std::string& hubId);

} // namespace llamahome::jobs
