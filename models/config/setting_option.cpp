#include "config/setting_option.h"

#include <array>

namespace llamahome::config {
namespace {

constexpr std::array kDataOptions{
    SettingOption{"--max-length", "training.max_length", "N"},
    SettingOption{"--template", "data.template", "NAME"},
    SettingOption{"--system", "data.system", "TEXT"},
    SettingOption{"--map", "data.map", "FIELD=COLUMN,…"},
    SettingOption{"--supervise", "data.supervise", "WHICH"},
    SettingOption{"--skip-bad-rows", "data.skip_bad_rows", ""},
};

constexpr std::array kTrainingOptions{
    SettingOption{"--validation-split", "training.validation_split", "F"},
    SettingOption{"--epochs", "training.num_epochs", "N"},
    SettingOption{"--max-steps", "training.max_steps", "N"},
    SettingOption{"--batch-size", "training.batch_size", "N"},
    SettingOption{"--gradient-accumulation", "training.gradient_accumulation", "N"},
    SettingOption{"--learning-rate", "training.learning_rate", "F"},
    SettingOption{"--lr-schedule", "training.lr_schedule", "NAME"},
    SettingOption{"--warmup-ratio", "training.warmup_ratio", "F"},
    SettingOption{"--weight-decay", "training.weight_decay", "F"},
    SettingOption{"--max-grad-norm", "training.max_grad_norm", "F"},
    SettingOption{"--lora-r", "training.lora.r", "N"},
    SettingOption{"--lora-alpha", "training.lora.alpha", "F"},
    SettingOption{"--lora-dropout", "training.lora.dropout", "F"},
    SettingOption{"--target-modules", "training.lora.target_modules", "NAME,…"},
    SettingOption{"--seed", "training.seed", "N"},
    SettingOption{"--precision", "training.precision", "NAME"},
    SettingOption{"--quantize", "training.quantize", "NAME"},
    SettingOption{"--gradient-checkpointing", "training.gradient_checkpointing", "WHEN"},
    SettingOption{"--device", "training.device", "DEVICE"},
    SettingOption{"--gpu-layers", "model.gpu_layers", "N"},
    SettingOption{"--threads", "model.threads", "N"},
    SettingOption{"--eval-steps", "training.evaluation.every_steps", "N"},
    SettingOption{"--early-stopping", "training.early_stopping.enabled", "on|off"},
    SettingOption{"--patience", "training.early_stopping.patience", "N"},
    SettingOption{"--min-delta", "training.early_stopping.min_delta", "F"},
};

constexpr std::array kResumeOptions{
    SettingOption{"--learning-rate", "training.learning_rate", "F"},
    SettingOption{"--batch-size", "training.batch_size", "N"},
    SettingOption{"--gradient-accumulation", "training.gradient_accumulation", "N"},
    SettingOption{"--max-length", "training.max_length", "N"},
    SettingOption{"--gradient-checkpointing", "training.gradient_checkpointing", "WHEN"},
};

constexpr std::array kModelOptions{
    SettingOption{"--precision", "model.precision", "NAME"},
    SettingOption{"--quantize", "model.quant", "NAME"},
    SettingOption{"--device", "model.device", "DEVICE"},
    SettingOption{"--gpu-layers", "model.gpu_layers", "N"},
    SettingOption{"--threads", "model.threads", "N"},
    SettingOption{"--template", "data.template", "NAME"},
};

constexpr std::array kTemplateOptions{
    SettingOption{"--template", "data.template", "NAME"},
};

constexpr std::array kBatchOptions{
    SettingOption{"--batch-size", "model.generation.max_batch_size", "N"},
};

constexpr std::array kBenchOptions{
    SettingOption{"--precision", "model.precision", "NAME"},
    SettingOption{"--threads", "model.threads", "N"},
};

constexpr std::array kQuantizeOptions{
    SettingOption{"--quantize", "model.quant", "NAME"},
};

constexpr std::array kEvaluationOptions{
    SettingOption{"--system", "data.system", "TEXT"},
    SettingOption{"--map", "data.map", "FIELD=COLUMN,…"},
    SettingOption{"--supervise", "data.supervise", "WHICH"},
    SettingOption{"--skip-bad-rows", "data.skip_bad_rows", ""},
};

constexpr std::array kSamplingOptions{
    SettingOption{"--max-new-tokens", "model.generation.max_new_tokens", "N"},
    SettingOption{"--temperature", "model.generation.temperature", "F"},
    SettingOption{"--top-p", "model.generation.top_p", "F"},
    SettingOption{"--top-k", "model.generation.top_k", "N"},
    SettingOption{"--min-p", "model.generation.min_p", "F"},
    SettingOption{"--repetition-penalty", "model.generation.repetition_penalty", "F"},
    SettingOption{"--seed", "model.generation.seed", "N"},
    SettingOption{"--system", "model.chat.system", "TEXT"},
};

} // namespace

std::span<const SettingOption> dataOptions() {
    return kDataOptions;
}
std::span<const SettingOption> trainingOptions() {
    return kTrainingOptions;
}
std::span<const SettingOption> resumeOptions() {
    return kResumeOptions;
}

std::span<const SettingOption> modelOptions() {
    return kModelOptions;
}
std::span<const SettingOption> benchOptions() {
    return kBenchOptions;
}
std::span<const SettingOption> quantizeOptions() {
    return kQuantizeOptions;
}
std::span<const SettingOption> evaluationOptions() {
    return kEvaluationOptions;
}
std::span<const SettingOption> templateOptions() {
    return kTemplateOptions;
}
std::span<const SettingOption> batchOptions() {
    return kBatchOptions;
}
std::span<const SettingOption> samplingOptions() {
    return kSamplingOptions;
}

} // namespace llamahome::config
