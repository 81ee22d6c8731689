#include "app/commands/bench_words.h"

#include "app/commands/option_numbers.h"
#include "core/error_codes.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "jobs/open_model.h"
#include "jobs/system/token_rows.h"

namespace llamahome::app {
namespace {

constexpr int kMostSteps = 10'000;
constexpr int kMostRows = 4096;
constexpr int kMostTokens = 131'072;

Error excluded(const char* one, const char* other) {
    return Error{codes::kUsage,
                 std::string("bench: found ") + one + " and " + other + ", expected one of them"};
}

Result<formats::ModelConfig> shapeNamed(const std::string& name) {
    std::string names;
    for (const jobs::BenchShape& shape : jobs::benchShapes()) {
        if (shape.name == name) return shape.config();
        names += (names.empty() ? "" : ", ") + std::string(shape.name);
    }
    return Error{codes::kUsage, "--shape: found '" + name + "', expected one of " + names};
}

/// Rows a step from --tokens, which is as many rows of --length.
Result<int> rowsOf(const std::optional<std::string>& tokens, const jobs::BenchOptions& options) {
    const auto count = countOption("--tokens", tokens, options.rows * options.length, 1, kMostTokens);
    if (!count) return count.error();
    if (*count % options.length == 0) return *count / options.length;
    return Error{codes::kUsage, "--tokens: found " + std::to_string(*count) +
                                    ", expected a multiple of the rows' length, " +
                                    std::to_string(options.length) + "; give --length too"};
}

/// Where the work comes from: a shape, or rows of a file.
Result<void> readSources(const BenchWords& words, jobs::BenchOptions& options) {
    if (words.shape && !words.model.empty()) return excluded("--shape", "a model");
    if (words.shape) {
        auto shape = shapeNamed(*words.shape);
        if (!shape) return shape.error();
        options.shape = std::move(*shape);
    }
    if (!words.tokenRows) return {};
    for (const auto& [name, given] : {std::pair{"--steps", &words.steps},
                                      {"--length", &words.length},
                                      {"--tokens", &words.tokens},
                                      {"--supervised", &words.supervised}})
        if (*given) return excluded("--token-rows", name);
    auto rows = jobs::readTokenRows(*words.tokenRows);
    if (!rows) return rows.error();
    options.trainRows = std::move(*rows);
    return {};
}

} // namespace

Result<jobs::BenchOptions> readBenchOptions(CommandContext& context, const BenchWords& words) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    jobs::BenchOptions options;
    options.startSeconds = context.options().startSeconds;
    options.precision = jobs::precisionOf((*settings)->values.model.precision);
    options.quantisation = formats::quantisationOfSetting((*settings)->values.model.quant);
    options.int8Products = formats::wantsInt8Products((*settings)->values.model.quant);
    struct Count {
        const char* name;
        const std::optional<std::string>* text;
        int* target;
        int most;
    };
    for (const Count& count :
         {Count{"--steps", &words.steps, &options.steps, kMostSteps},
          Count{"--rows", &words.rows, &options.rows, kMostRows},
          Count{"--length", &words.length, &options.length, kMostTokens},
          Count{"--supervised", &words.supervised, &options.supervisedPercent, 100},
          Count{"--lora-r", &words.rank, &options.r, 1024},
          Count{"--prompt-tokens", &words.promptTokens, &options.promptTokens, kMostTokens},
          Count{"--new-tokens", &words.newTokens, &options.newTokens, kMostTokens}}) {
        const auto value = countOption(count.name, *count.text, *count.target, 1, count.most);
        if (!value) return value.error();
        *count.target = *value;
    }
    if (words.tokens && words.rows) return excluded("--tokens", "--rows");
    const auto rows = rowsOf(words.tokens, options);
    if (!rows) return rows.error();
    options.rows = *rows;
    if (auto read = readSources(words, options); !read) return read.error();
    return options;
}

} // namespace llamahome::app
