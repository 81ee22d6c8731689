// What `bench` was given, and what it comes to. Main thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command_context.h"
#include "jobs/system/bench.h"

namespace llamahome::app {

struct BenchWords {
    std::optional<std::string> steps;
    std::optional<std::string> rows;
    std::optional<std::string> tokens;
    std::optional<std::string> length;
    std::optional<std::string> supervised;
    std::optional<std::string> rank;
    std::optional<std::string> promptTokens;
    std::optional<std::string> newTokens;
    std::optional<std::string> tokenRows;
    std::optional<std::string> shape;
    std::vector<std::string> model;
};

/// The options of the benchmarks, their clock starting with the program. CLI-01 for a number that is none, a
/// shape that has no name, and options that exclude each other; the errors of readTokenRows().
Result<jobs::BenchOptions> readBenchOptions(CommandContext& context, const BenchWords& words);

} // namespace llamahome::app
