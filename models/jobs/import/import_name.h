// Under which name an import is kept. Any thread.
#pragma once

#include <string>

#include "config/catalog.h"
#include "core/result.h"
#include "jobs/import/import_source.h"

namespace llamahome::jobs {

struct ModelName {
    std::string family; ///< catalogued, "local", or an organisation; "finetuned" of an adapter
    std::string version;
};

/// `family` and `version` as given after --as (both empty: by the source: a catalogued Hub id, a file or
/// folder that bears the name of one, whatever it says of the packing, the Hub's own name, else local/NAME).
/// A catalogued family takes only its versions (CAT-03 names the nearest); any other name must be plain and
/// no near miss of a catalogued family: IMP-04. An adapter has one word, NAME or finetuned/NAME.
Result<ModelName> importName(const config::Catalog& catalog, const std::string& family,
                             const std::string& version, const ImportSource& source);

/// Why a model can hardly be the one of the catalogue that it is named after: another count of parameters.
/// In words; empty where nothing speaks against it, or nothing is known.
std::string nameDoubt(const config::Catalog& catalog, const ModelName& name, const ImportSource& source);

} // namespace llamahome::jobs
