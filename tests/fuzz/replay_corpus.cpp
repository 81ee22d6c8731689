// replay_corpus TARGET FOLDER [RUNS]: gives a parser each file of the corpus and then changed ones, always
// the same, RUNS in all. Built with every compiler; what it finds, libFuzzer finds with more patience.
//
// Aborts on a broken promise, and where a parser takes more memory than its input backs.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "allocations.h"
#include "core/file_layer.h"
#include "fuzz_target.h"

using namespace llamahome;
using namespace llamahome::fuzz;

namespace {

constexpr std::size_t kRuns = 2000;
/// What a parser may hold: buffers of a fixed size, and the values that a byte of the input stands for. The
/// densest is JSON, where "0," becomes a value of 16 bytes in a list that grows by doubling.
constexpr std::size_t kFixedBytes = 2U << 20;
constexpr std::size_t kBytesForAByte = 64;

std::vector<std::string> readCorpus(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> corpus;
    for (const auto& path : paths) {
        const auto bytes = readFile(path);
        require(static_cast<bool>(bytes), "a file of the corpus can be read");
        corpus.push_back(*bytes);
    }
    return corpus;
}

/// Changes inputs at random; the same seed gives the same changes on every machine.
class Mutator {
public:
    explicit Mutator(const std::vector<std::string>& corpus)
        : m_corpus(corpus) {}

    std::string next() {
        std::string bytes = m_corpus[below(m_corpus.size())];
        for (std::size_t changes = 1 + below(4); changes > 0; --changes)
            change(bytes);
        return bytes;
    }

private:
    std::size_t below(std::size_t limit) { return m_random() % limit; }

    void change(std::string& bytes) {
        if (bytes.empty()) {
            bytes += static_cast<char>(below(256));
            return;
        }
        const std::size_t at = below(bytes.size());
        const std::size_t length = 1 + below(std::min<std::size_t>(bytes.size() - at, 16));
        switch (below(6)) {
        case 0:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
            break;
        case 1:
            bytes[at] = "\x00\x01\x7F\x80\xFF\"{[]},:-0 9\n"[below(17)];
            break;
        case 2:
            bytes.erase(at, length);
            break;
        case 3:
            bytes.insert(at, bytes.substr(at, length));
            break;
        case 4:
            bytes.resize(at);
            break;
        default: {
            const std::string& other = m_corpus[below(m_corpus.size())];
            if (!other.empty()) bytes.replace(at, length, other.substr(below(other.size()), length));
        }
        }
    }

    const std::vector<std::string>& m_corpus;
    std::mt19937 m_random{20260101};
};

/// The most that one run took, above what its input backs.
struct Worst {
    Allocations seen;
    std::size_t inputBytes = 0;
};

void runOnce(const FuzzTarget& target, const std::string& bytes, Worst& worst) {
    beginCount();
    target.run(bytes);
    const Allocations seen = endCount();
    const std::size_t allowed = kFixedBytes + kBytesForAByte * bytes.size();
    if (seen.peak > worst.seen.peak) worst = {seen, bytes.size()};
    require(seen.peak <= allowed, "an input of " + std::to_string(bytes.size()) + " bytes took " +
                                      std::to_string(seen.peak) + " bytes of memory, expected at most " +
                                      std::to_string(allowed));
}

} // namespace

int main(int argc, char** argv) {
    const FuzzTarget* const target = argc >= 3 ? findTarget(argv[1]) : nullptr;
    std::size_t runs = kRuns;
    if (argc > 3) std::from_chars(argv[3], argv[3] + std::strlen(argv[3]), runs);
    if (target == nullptr) {
        std::fputs("usage: replay_corpus TARGET FOLDER [RUNS]\n", stderr);
        return 2;
    }
    const std::vector<std::string> corpus = readCorpus(argv[2]);
    require(!corpus.empty(), "there is a corpus");
    Worst worst;
    for (const std::string& bytes : corpus)
        target->run(bytes); // what is made once, tables and folders, is nobody's input
    for (const std::string& bytes : corpus)
        runOnce(*target, bytes, worst);
    Mutator mutator(corpus);
    for (std::size_t run = corpus.size(); run < runs; ++run)
        runOnce(*target, mutator.next(), worst);
    std::printf("%s: %zu files, %zu runs", argv[1], corpus.size(), std::max(runs, corpus.size()));
    if (countsAllocations())
        std::printf(", at most %zu bytes of memory, %zu at once, for %zu bytes of input", worst.seen.peak,
                    worst.seen.largest, worst.inputBytes);
    std::puts("");
    return 0;
}
