// Prints time and peak memory of import, export, merge and verify on a synthetic model of about 5 GB. By
// hand:
//   build/dev/tests/bench_conversions PROGRAM FOLDER
// PROGRAM is the llamahome to run; FOLDER is made, needs 16 GB of room, and is removed at the end.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <stdexcept>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/hub/tensor_names.h"
#include "formats/peft/peft_adapter.h"
#include "support/tiny_model.h"

using namespace llamahome;
namespace fs = std::filesystem;

namespace {

constexpr double kMiB = 1024.0 * 1024.0;

struct Measured {
    double seconds = 0.0;
    double peakMiB = 0.0;
};

/// Runs `work` in a process of its own. This one stays small, because a child's peak begins with its
/// parent's.
Measured measure(const std::function<int()>& work) {
    const auto start = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child == 0) _exit(work());
    int status = 0;
    rusage usage{};
    if (child < 0 || wait4(child, &status, 0, &usage) != child) throw std::runtime_error("fork failed");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw std::runtime_error("it ended with status " + std::to_string(status));
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
            static_cast<double>(usage.ru_maxrss) / 1024.0};
}

int execute(const fs::path& program, const std::vector<std::string>& words) {
    std::vector<char*> arguments{const_cast<char*>(program.c_str())};
    for (const std::string& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(program.c_str(), arguments.data());
    return 127;
}

/// Eleven layers of Llama 2's 7B shape: 2.5 thousand million weights.
formats::ModelConfig bigConfig() {
    formats::ModelConfig config = testing::tinyConfig();
    config.vocab_size = 32000;
    config.hidden_size = 4096;
    config.intermediate_size = 11008;
    config.num_hidden_layers = 11;
    config.num_attention_heads = 32;
    config.num_key_value_heads = 32;
    config.head_dim = 128;
    config.tie_word_embeddings = false;
    return config;
}

void writeAdapter(const fs::path& folder, const formats::ModelConfig& config) {
    constexpr std::int64_t kRank = 16;
    formats::PeftAdapter adapter;
    adapter.r = kRank;
    adapter.alpha = 32.0;
    adapter.targetModules = {"q_proj", "v_proj"};
    const auto width = static_cast<std::size_t>(config.hidden_size * kRank);
    for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
        for (const std::string& name : adapter.targetModules)
            adapter.pairs.push_back({"model.layers." + std::to_string(layer) + ".self_attn." + name, kRank,
                                     config.hidden_size, config.hidden_size,
                                     std::vector<float>(width, 0.001F), std::vector<float>(width, 0.002F)});
    fs::create_directories(folder);
    if (auto written = formats::writePeftAdapter(systemFiles(), folder, adapter); !written)
        throw std::runtime_error(written.error().message);
}

class Bench {
public:
    Bench(fs::path program, fs::path folder)
        : m_program(fs::absolute(program))
        , m_folder(fs::absolute(folder)) {}

    void run() {
        const formats::ModelConfig config = bigConfig();
        for (const formats::TensorInfo& tensor : formats::expectedTensors(config)) {
            m_modelMiB += static_cast<double>(tensor.byteSize()) / kMiB;
            m_largestMiB = std::max(m_largestMiB, static_cast<double>(tensor.byteSize()) / kMiB);
        }
        std::printf("model %.0f MiB in bfloat16, its largest tensor %.0f MiB\n", m_modelMiB, m_largestMiB);
        print("write the model (this program)", measure([&] {
                  testing::writeTinyModel(m_folder / "hub", config);
                  writeAdapter(m_folder / "adapter", config);
                  return 0;
              }));
        const std::string hub = (m_folder / "hub").string();
        step("import, copied", {"import", hub, "--as", "local", "big"});
        step("verify", {"verify", "local", "big"});
        step("verify --deep", {"verify", "local", "big", "--deep"});
        const std::string gguf = (m_folder / "big.gguf").string();
        for (const char* type : {"q4_k_m", "q8_0", "bf16"}) {
            fs::remove(gguf);
            step("export --format gguf --type " + std::string(type),
                 {"export", "local", "big", "--format", "gguf", "--type", type, "--out", gguf});
        }
        step("remove", {"remove", "local", "big", "--yes"});
        step("import, from GGUF", {"import", gguf, "--as", "local", "gguf"});
        fs::remove(gguf);
        step("merge", {"merge", "local", "gguf", "--adapter", (m_folder / "adapter").string(), "--out",
                       (m_folder / "merged").string()});
    }

    void print(const std::string& what, const Measured& measured) const {
        std::printf("%-36s %7.1f s %8.0f MiB/s   peak %7.0f MiB = %.2f tensors\n", what.c_str(),
                    measured.seconds, m_modelMiB / measured.seconds, measured.peakMiB,
                    measured.peakMiB / m_largestMiB);
        std::fflush(stdout);
    }

private:
    void step(const std::string& what, std::vector<std::string> words) {
        words.insert(words.begin(), {"--root", (m_folder / "root").string()});
        print(what, measure([&] { return execute(m_program, words); }));
    }

    fs::path m_program;
    fs::path m_folder;
    double m_modelMiB = 0.0;
    double m_largestMiB = 0.0;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: bench_conversions PROGRAM FOLDER\n");
        return 2;
    }
    const fs::path folder = argv[2];
    if (fs::exists(folder)) {
        std::fprintf(stderr, "%s is there already; name a folder that is not\n", argv[2]);
        return 2;
    }
    int code = 0;
    try {
        Bench(argv[1], folder).run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        code = 1;
    }
    fs::remove_all(folder);
    return code;
}
