#include "config/setting_option.h"

#include <array>

namespace llamahome::config {
namespace {

// Those of several commands.
constexpr SettingOption kMaxLength{"--max-length", "training.max_length", "N"};
constexpr SettingOption kTemplate{"--template", "data.template", "NAME"};
constexpr SettingOption kSystem{"--system", "data.system", "TEXT"};
constexpr SettingOption kMap{"--map", "data.map", "FIELD=COLUMN,…"};
constexpr SettingOption kSupervise{"--supervise", "data.supervise", "WHICH"};
constexpr SettingOption kSkipBadRows{"--skip-bad-rows", "data.skip_bad_rows", ""};
constexpr SettingOption kLearningRate{"--learning-rate", "training.learning_rate", "F"};
constexpr SettingOption kBatchSize{"--batch-size", "training.batch_size", "N"};
constexpr SettingOption kAccumulation{"--gradient-accumulation", "training.gradient_accumulation", "N"};
constexpr SettingOption kCheckpointing{"--gradient-checkpointing", "training.gradient_checkpointing", "WHEN"};
constexpr SettingOption kModelPrecision{"--precision", "model.precision", "NAME"};
constexpr SettingOption kModelQuant{"--quantize", "model.quant", "NAME"};
constexpr SettingOption kGpuLayers{"--gpu-layers", "model.gpu_layers", "N"};
constexpr SettingOption kThreads{"--threads", "model.threads", "N"};

constexpr std::array kDataOptions{
    kMaxLength, kTemplate, kSystem, kMap, kSupervise, kSkipBadRows,
};

constexpr std::array kTrainingOptions{
    SettingOption{"--validation-split", "training.validation_split", "F"},
    SettingOption{"--epochs", "training.num_epochs", "N"},
    SettingOption{"--max-steps", "training.max_steps", "N"},
    kBatchSize,
    kAccumulation,
    kLearningRate,
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
    kCheckpointing,
    SettingOption{"--device", "training.device", "DEVICE"},
    kGpuLayers,
    kThreads,
    SettingOption{"--eval-steps", "training.evaluation.every_steps", "N"},
    SettingOption{"--early-stopping", "training.early_stopping.enabled", "on|off"},
    SettingOption{"--patience", "training.early_stopping.patience", "N"},
    SettingOption{"--min-delta", "training.early_stopping.min_delta", "F"},
};

constexpr std::array kResumeOptions{
    kLearningRate, kBatchSize, kAccumulation, kMaxLength, kCheckpointing,
};

constexpr std::array kModelOptions{
    kModelPrecision, kModelQuant, SettingOption{"--device", "model.device", "DEVICE"},
    kGpuLayers,      kThreads,    kTemplate,
};

constexpr std::array kTemplateOptions{
    kTemplate,
};

constexpr std::array kBatchOptions{
    SettingOption{"--batch-size", "model.generation.max_batch_size", "N"},
};

constexpr std::array kBenchOptions{
    kModelPrecision,
    kThreads,
};

constexpr std::array kQuantizeOptions{
    kModelQuant,
};

constexpr std::array kEvaluationOptions{
    kSystem,
    kMap,
    kSupervise,
    kSkipBadRows,
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
