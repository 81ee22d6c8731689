// Settings of models in use: where they lie, where they come from, how they run and talk. Values; any thread.
//
// Names are those of model_config.yaml; the values here are the built-in defaults, each described once in
// model_descriptors.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace llamahome::config {

/// The Hub or a mirror of it.
struct HubSettings {
    std::string endpoint = "https://huggingface.co";
    std::string mirror;             ///< asked when the endpoint does not answer; empty: none
    std::string network = "on";     ///< on, loopback (addresses of this machine only), off
    bool plain_http = false;        ///< addresses without TLS may be asked beyond this machine
    double max_mb_per_second = 0.0; ///< of all downloads together, in 10^6 bytes; 0: no limit
};

struct ChatSettings {
    std::string system; ///< empty: the template's own default
};

struct GenerationSettings {
    int max_new_tokens = 256;
    double temperature = 0.6; ///< 0: greedy
    double top_p = 0.9;
    int top_k = 50; ///< 0: off
    double min_p = 0.0;
    double repetition_penalty = 1.0;
    std::int64_t seed = 0;
    int max_seq_len = 4096; ///< tokens of prompt and answer together
    int max_batch_size = 8; ///< prompts at once
};

struct MemorySettings {
    int limit_mib = 0;      ///< 0: what the machine has
    int reserve_mib = 1024; ///< left to everything else
};

struct CacheSettings {
    int size_mib = 2048; ///< processed data kept, oldest unused goes first
};

struct ModelSettings {
    std::string data_root;                    ///< absolute; empty: the platform's data folder
    std::vector<std::string> library_folders; ///< absolute; further folders with models, perhaps away
    std::string precision = "auto";           ///< auto, bf16, fp32
    std::string quant = "none";               ///< none, f16, bf16, int8, nf4, w8a8
    std::string device = "auto";              ///< auto, cpu, cuda, cuda:N
    int gpu_layers = -1;                      ///< -1 (`auto`): as many as fit
    int threads = 0;                          ///< 0 (`auto`): as many as cores
    HubSettings hub;
    ChatSettings chat;
    GenerationSettings generation;
    MemorySettings memory;
    CacheSettings cache;
};

} // namespace llamahome::config
