// Settings of one training run: plain values with the names of training_config.yaml. Any thread.
//
// The values here are the built-in defaults; the one description of each (range, unit, help) is in
// training_descriptors.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace llamahome::config {

struct LoraSettings {
    int r = 8;
    double alpha = 32.0;
    double dropout = 0.1;
    std::vector<std::string> target_modules{"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                            "gate_proj", "up_proj", "down_proj"};
    std::string bias = "none";
};

struct EarlyStoppingSettings {
    bool enabled = true;
    int patience = 3;
    double min_delta = 0.01;
};

struct EvaluationSettings {
    int every_steps = 0;          ///< 0: four times an epoch
    std::string answers = "each"; ///< each: at every evaluation; ends: before and after training only
    std::vector<std::string> prompts;
};

struct CheckpointSettings {
    int every_steps = 0; ///< 0: at each evaluation
    int every_minutes = 10;
    int keep = 2;
};

struct TrainingSettings {
    int batch_size = 4; ///< data rows a micro-batch; 0 (`auto`): the job chooses before the engine sees it
    int gradient_accumulation = 1;
    int max_workers = 4;  ///< threads that prepare data
    int max_length = 512; ///< tokens
    double validation_split = 0.1;
    int num_epochs = 3;
    int max_steps = 0; ///< 0: as many as the epochs need
    double learning_rate = 2.0e-4;
    std::string lr_schedule = "cosine"; ///< constant, linear, cosine
    double warmup_ratio = 0.05;
    double weight_decay = 0.0;
    double max_grad_norm = 1.0;                  ///< 0: no clipping
    std::string precision = "auto";              ///< auto, bf16, fp32
    std::string quantize = "none";               ///< none, int8, nf4, w8a8
    std::string gradient_checkpointing = "auto"; ///< auto, on, off
    std::string device = "auto";                 ///< auto, cpu, cuda, cuda:N
    std::int64_t seed = 42;
    LoraSettings lora;
    EarlyStoppingSettings early_stopping;
    EvaluationSettings evaluation;
    CheckpointSettings checkpoint;
};

/// How data files become rows: the `data:` section.
struct DataSettings {
    int batch_rows = 1000;         ///< rows a preparation worker takes at once
    std::string template_name;     ///< key `template`; empty: the model's own
    std::string supervise = "all"; ///< all, last
    std::string system;            ///< system message put before conversations that have none
    std::string date;              ///< for templates that print one; empty: today
    std::vector<std::string> map;  ///< "field=column" pairs; empty: recognised by content
    bool skip_bad_rows = false;
};

} // namespace llamahome::config
