#include "app/commands/bench_words.h"

#include "app/commands/option_numbers.h"
#include "jobs/open_model.h"

namespace llamahome::app {
namespace {

constexpr int kMostSteps = 10'000;
constexpr int kMostRows = 4096;
constexpr int kMostTokens = 131'072;

} // namespace

Result<jobs::BenchOptions> readBenchOptions(CommandContext& context, const BenchWords& words) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    jobs::BenchOptions options;
    options.startSeconds = context.options().startSeconds;
    options.precision = jobs::precisionOf((*settings)->values.model.precision);
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
          Count{"--lora-r", &words.rank, &options.r, 1024},
          Count{"--prompt-tokens", &words.promptTokens, &options.promptTokens, kMostTokens},
          Count{"--new-tokens", &words.newTokens, &options.newTokens, kMostTokens}}) {
        const auto value = countOption(count.name, *count.text, *count.target, 1, count.most);
        if (!value) return value.error();
        *count.target = *value;
    }
    return options;
}

} // namespace llamahome::app
