// From the JSON of one family to its versions. Any thread.
#pragma once

#include <string>

#include "config/catalog.h"

namespace llamahome::config {

/// CAT-01 names `what`, the family and the field. Names become folder names, so only `a-z 0-9 . _ -` are let
/// in.
Result<CatalogFamily> readCatalogFamily(const std::string& name, const Json& json, const std::string& what);

} // namespace llamahome::config
