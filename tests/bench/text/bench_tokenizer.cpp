// Prints how fast text becomes tokens, ordinary and hostile, and how the time grows with the text. By hand:
//   build/ci/tests/bench_tokenizer MODEL_FOLDER FILE...
// The files' lines are the ordinary text. tests/bench/compare_tokenizers.py shows the reference beside it.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;

namespace {

constexpr std::size_t kMegabyte = 1'000'000;
constexpr int kRepeats = 5;

std::string repeated(std::string_view unit, std::size_t bytes) {
    std::string text;
    while (text.size() + unit.size() <= bytes)
        text += unit;
    return text;
}

/// Small letters in an order without pattern.
std::string noise(std::size_t bytes) {
    std::string text(bytes, ' ');
    std::uint32_t state = 1;
    for (char& c : text) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>('a' + (state >> 16) % 26);
    }
    return text;
}

/// The shortest time of the processor, in seconds, that the texts take one after the other.
double seconds(const text::Tokenizer& tokenizer, const std::vector<std::string>& texts) {
    double best = 1e9;
    for (int i = 0; i < kRepeats; ++i) {
        const std::clock_t start = std::clock();
        std::size_t tokens = 0;
        for (const std::string& line : texts)
            tokens += tokenizer.encode(line, text::SpecialTokens::Recognised).size();
        const auto took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        if (tokens > 0) best = std::min(best, took);
    }
    return best;
}

std::vector<std::string> linesOf(const std::string& text, std::size_t bytes) {
    std::vector<std::string> lines;
    for (std::size_t total = 0; total < bytes;) {
        for (std::size_t at = 0; at < text.size() && total < bytes;) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            lines.push_back(text.substr(at, std::min(end - at, bytes - total)));
            total += lines.back().size() + 1;
            at = end + 1;
        }
    }
    return lines;
}

void print(const char* name, double one, double two) {
    std::printf("%-10s %8.1f MB/s at 1 MB %8.1f MB/s at 2 MB   time x %.2f\n", name, 1.0 / one, 2.0 / two,
                two / one);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: bench_tokenizer MODEL_FOLDER FILE...\n");
        return 2;
    }
    const auto tokenizer = text::Tokenizer::load(argv[1]);
    if (!tokenizer) {
        std::fprintf(stderr, "%s\n", tokenizer.error().message.c_str());
        return 1;
    }
    std::string ordinary;
    for (int i = 2; i < argc; ++i) {
        const auto text = readFile(argv[i], 64 * kMegabyte);
        if (!text) {
            std::fprintf(stderr, "%s\n", text.error().message.c_str());
            return 1;
        }
        ordinary += *text + "\n";
    }
    print("ordinary", seconds(*tokenizer, linesOf(ordinary, kMegabyte)),
          seconds(*tokenizer, linesOf(ordinary, 2 * kMegabyte)));
    const std::pair<const char*, const char*> units[] = {{"letter", "a"},
                                                         {"blanks", " "},
                                                         {"emoji", "\xF0\x9F\x99\x82"},
                                                         {"digits", "1234567890"},
                                                         {"marks", "\xCC\x81\xCC\xA3"}};
    for (const auto& [name, unit] : units)
        print(name, seconds(*tokenizer, {repeated(unit, kMegabyte)}),
              seconds(*tokenizer, {repeated(unit, 2 * kMegabyte)}));
    print("noise", seconds(*tokenizer, {noise(kMegabyte)}), seconds(*tokenizer, {noise(2 * kMegabyte)}));
    return 0;
}
