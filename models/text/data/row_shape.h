// The shapes of rows (chat messages, ShareGPT, Alpaca …): recognised and turned into examples. Any thread.
//
// This is the one place that knows them, whatever kind of file the row comes from. Source: llama.md 5.4.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/data/data_format.h"
#include "text/data/example.h"

namespace llamahome::text {

/// Fields of our shapes and the columns of the file that stand for them.
using ColumnMap = std::vector<std::pair<std::string, std::string>>;

/// Reads "field=column" pairs. DATA-50 naming a pair that is none, an unknown field, or a field given twice.
Result<ColumnMap> parseColumnMap(const std::vector<std::string>& pairs);

/// The row with the fields that the map names and no others. DATA-12 if a column is absent.
Result<Json> applyColumnMap(const Json& row, const ColumnMap& map);

/// The shape of a row by its fields' names. DATA-12 naming the fields found if it is none.
Result<DataFormat> recogniseShape(const Json& row);

/// The example of a row of that shape, without a line. DATA-12 naming a field that is missing, of another
/// kind or empty; DATA-13 naming the turn that is out of order.
Result<Example> exampleOf(const Json& row, DataFormat format);

} // namespace llamahome::text
