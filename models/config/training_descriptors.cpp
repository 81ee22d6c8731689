// The table of `training:`. Ranges keep out what cannot work; what may be unwise is left to the user.
#include "config/descriptor_list.h"

namespace llamahome::config {
namespace {

constexpr std::int64_t kMaxSteps = 100'000'000;

void describeSchedule(DescriptorList& list) {
    list.add(
            "training.learning_rate", "Learning rate",
            [](auto& s) -> auto& { return s.training.learning_rate; })
        .numbers({0.0, 1.0, true, false})
        .help("Size of each correction at its highest.")
        .effect("Higher learns faster and forgets more; too high and the loss jumps about.")
        .alsoCalled({"lr"});
    list.add(
            "training.lr_schedule", "Schedule", [](auto& s) -> auto& { return s.training.lr_schedule; })
        .choices({"constant", "linear", "cosine"})
        .help("How the learning rate runs after the warm-up.")
        .effect("Linear and cosine end gently at zero; constant keeps learning to the last step.")
        .alsoCalled({"lr_scheduler_type", "scheduler", "schedule"});
    list.add(
            "training.warmup_ratio", "Warm-up", [](auto& s) -> auto& { return s.training.warmup_ratio; })
        .numbers({0.0, 1.0, false, true})
        .unit("share of the steps")
        .help("First part of the run, in which the learning rate rises from zero.")
        .effect("Longer starts more calmly; zero starts at full rate.")
        .alsoCalled({"warmup", "warmup_steps"});
    list.add(
            "training.weight_decay", "Weight decay", [](auto& s) -> auto& { return s.training.weight_decay; })
        .numbers({0.0, 1.0})
        .help("Pull of the adapter's weights toward zero at each step.")
        .effect("Higher keeps the adapter small; with LoRA it seldom matters.");
    list.add(
            "training.max_grad_norm", "Gradient clipping",
            [](auto& s) -> auto& { return s.training.max_grad_norm; })
        .numbers({0.0, 1000.0})
        .help("Longest gradient of a step; longer ones are scaled down. 0: no clipping.")
        .effect("Lower softens single odd rows.")
        .alsoCalled({"gradient_clipping", "clip", "max_norm"});
}

void describeMachine(DescriptorList& list) {
    list.add(
            "training.precision", "Precision", [](auto& s) -> auto& { return s.training.precision; })
        .choices({"auto", "bf16", "fp32"})
        .help("Number format of the matrix products; the adapter is always fp32.")
        .effect("bf16 halves memory and is no slower on processors with AVX2, where auto takes it.")
        .alsoCalled({"dtype", "torch_dtype", "fp16", "bf16"});
    list.add(
            "training.quantize", "Quantise base", [](auto& s) -> auto& { return s.training.quantize; })
        .choices({"none", "int8", "nf4", "w8a8"})
        .help("Number format that the frozen weights are kept in; w8a8: int8, and multiplied in int8.")
        .effect("int8 and nf4 need a half and a quarter of the memory; w8a8 needs as much as int8 and trains "
                "faster on processors with VNNI instructions, to a loss 1 to 2 % higher.")
        .alsoCalled({"load_in_8bit", "load_in_4bit"});
    list.add(
            "training.gradient_checkpointing", "Recompute activations",
            [](auto& s) -> auto& { return s.training.gradient_checkpointing; })
        .choices({"auto", "on", "off"})
        .help("Whether values of the forward pass are computed again instead of kept.")
        .effect("On needs far less memory and about a third more time; auto computes as few layers again as "
                "memory asks for, and none where everything fits.");
    list.add(
            "training.device", "Device", [](auto& s) -> auto& { return s.training.device; })
        .form(TextForm::Device)
        .notEmpty()
        .help("Where training runs.")
        .effect("auto takes a GPU that works, else the processor.");
    list.add(
            "training.seed", "Seed", [](auto& s) -> auto& { return s.training.seed; })
        .integers(0, std::numeric_limits<std::int64_t>::max())
        .help("Start of all randomness: split, order, first adapter, dropout.")
        .effect("The same seed, data and settings give the same run on the processor.");
}

void describeLora(DescriptorList& list) {
    list.add(
            "training.lora.r", "LoRA rank", [](auto& s) -> auto& { return s.training.lora.r; })
        .integers(1, 1024)
        .help("Width of the adapter's matrices.")
        .effect("Higher can learn more and is larger; 8 to 16 is enough for style and format.")
        .alsoCalled({"rank", "lora_r", "lora_rank"});
    list.add(
            "training.lora.alpha", "LoRA alpha", [](auto& s) -> auto& { return s.training.lora.alpha; })
        .numbers({0.0, 65536.0, true, false})
        .help("The adapter's output is scaled by alpha / r.")
        .effect("Higher acts like a higher learning rate.")
        .alsoCalled({"lora_alpha"});
    list.add(
            "training.lora.dropout", "LoRA dropout", [](auto& s) -> auto& { return s.training.lora.dropout; })
        .numbers({0.0, 1.0, false, true})
        .unit("share of the inputs")
        .help("Inputs of the adapter left out by chance at each step.")
        .effect("Higher guards small data sets against learning by heart.")
        .alsoCalled({"lora_dropout"});
    list.add(
            "training.lora.target_modules", "LoRA targets",
            [](auto& s) -> auto& { return s.training.lora.target_modules; })
        .choices({"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "all-linear"})
        .notEmpty()
        .help("Projections of every layer that get an adapter; all-linear means all seven.")
        .effect("More targets learn more and take more time and memory.")
        .alsoCalled({"lora_target", "targets", "lora_target_modules"});
    list.add(
            "training.lora.bias", "LoRA bias", [](auto& s) -> auto& { return s.training.lora.bias; })
        .choices({"none", "all", "lora_only"})
        .later({{"all", "none"}, {"lora_only", "none"}})
        .help("Whether biases are trained too.")
        .effect("Llama has no biases in its projections, so none loses nothing.");
}

void describeStopping(DescriptorList& list) {
    list.add(
            "training.early_stopping.enabled", "Early stopping",
            [](auto& s) -> auto& { return s.training.early_stopping.enabled; })
        .help("Whether the run ends when the evaluation loss no longer falls.")
        .effect("On saves time and keeps from overfitting; it needs validation rows.");
    list.add(
            "training.early_stopping.patience", "Patience",
            [](auto& s) -> auto& { return s.training.early_stopping.patience; })
        .integers(1, 10'000)
        .unit("evaluations")
        .help("Evaluations in a row without improvement that end the run.")
        .effect("Higher waits longer for a late improvement.")
        .alsoCalled({"early_stopping_patience"});
    list.add(
            "training.early_stopping.min_delta", "Least improvement",
            [](auto& s) -> auto& { return s.training.early_stopping.min_delta; })
        .numbers({0.0, 100.0})
        .help("By how much the evaluation loss must fall to count as improvement.")
        .effect("Higher stops sooner.")
        .alsoCalled({"early_stopping_threshold", "threshold"});
    list.add(
            "training.evaluation.every_steps", "Evaluate every",
            [](auto& s) -> auto& { return s.training.evaluation.every_steps; })
        .integers(0, kMaxSteps)
        .unit("steps")
        .help("Steps between evaluations; there is one at the start and one at the end. 0: four times an "
              "epoch, but at most every 5 steps.")
        .effect("Oftener shows the curve finer and costs time.")
        .alsoCalled({"eval_steps"});
    list.add(
            "training.evaluation.prompts", "Sample prompts",
            [](auto& s) -> auto& { return s.training.evaluation.prompts; })
        .help(
            "Questions answered before, while and after it trains, to compare. Empty: the first of the data.")
        .effect("Each costs the time of its answers.");
    list.add(
            "training.evaluation.answers", "Sample answers",
            [](auto& s) -> auto& { return s.training.evaluation.answers; })
        .choices({"each", "ends"})
        .help("When the sample prompts are answered: at each evaluation, or before and after training only.")
        .effect("Each evaluation takes some seconds longer, and shows what is learned when.");
    list.add(
            "training.checkpoint.every_steps", "Checkpoint every",
            [](auto& s) -> auto& { return s.training.checkpoint.every_steps; })
        .integers(0, kMaxSteps)
        .unit("steps")
        .help("Steps between checkpoints. 0: at each evaluation.")
        .effect("Oftener loses less when the machine stops.")
        .alsoCalled({"save_steps"});
    list.add(
            "training.checkpoint.every_minutes", "Checkpoint at least every",
            [](auto& s) -> auto& { return s.training.checkpoint.every_minutes; })
        .integers(0, 100'000)
        .unit("minutes")
        .help("Longest time between checkpoints. 0: no limit.")
        .effect("Shorter loses less when the machine stops.");
    list.add(
            "training.checkpoint.keep", "Checkpoints kept",
            [](auto& s) -> auto& { return s.training.checkpoint.keep; })
        .integers(1, 1000)
        .help("Newest checkpoints kept; the best one is always kept.")
        .effect("More take more disk space.")
        .alsoCalled({"save_total_limit"});
}

} // namespace

void describeTraining(DescriptorList& list) {
    list.add(
            "training.batch_size", "Batch size", [](auto& s) -> auto& { return s.training.batch_size; })
        .integers(1, 65536)
        .autoIs(0)
        .unit("rows")
        .help("Rows that go through the model at once.")
        .effect(
            "Higher is faster up to a point and needs more memory; the result depends on the product with "
            "gradient_accumulation only. auto leaves a step its 4 times gradient_accumulation rows and takes "
            "as "
            "many of them at once as fit into memory.")
        .alsoCalled({"per_device_train_batch_size", "micro_batch_size", "train_batch_size"});
    list.add(
            "training.gradient_accumulation", "Accumulation",
            [](auto& s) -> auto& { return s.training.gradient_accumulation; })
        .integers(1, 65536)
        .unit("batches")
        .help("Batches whose gradients make one step.")
        .effect("Higher makes steps calmer and fewer, without more memory.")
        .alsoCalled({"gradient_accumulation_steps", "grad_accum", "accumulation"});
    list.add(
            "training.max_workers", "Workers", [](auto& s) -> auto& { return s.training.max_workers; })
        .integers(1, 256)
        .unit("threads")
        .help("Threads that prepare data.")
        .effect("More prepare large files faster on machines with more cores.")
        .alsoCalled({"num_workers", "dataloader_num_workers"});
    list.add(
            "training.max_length", "Longest row", [](auto& s) -> auto& { return s.training.max_length; })
        .integers(8, 1'048'576)
        .unit("tokens")
        .help("Longer rows are cut there, and counted.")
        .effect("Longer needs more memory and time for rows that are that long.")
        .alsoCalled({"max_seq_length", "max_seq_len", "cutoff_len", "sequence_length", "block_size"});
    list.add(
            "training.validation_split", "Validation share",
            [](auto& s) -> auto& { return s.training.validation_split; })
        .numbers({0.0, 0.9})
        .unit("share of the rows")
        .help("Rows kept back to measure on, at most 2,000. 0: none.")
        .effect("More measures more exactly and leaves less to learn from.")
        .alsoCalled({"val_size", "val_set_size", "validation_ratio", "test_size"});
    list.add(
            "training.num_epochs", "Epochs", [](auto& s) -> auto& { return s.training.num_epochs; })
        .integers(1, 100'000)
        .help("How often the run goes through the data.")
        .effect("More learns the data better and, past a point, by heart.")
        .alsoCalled({"epochs", "num_train_epochs"});
    list.add(
            "training.max_steps", "Most steps", [](auto& s) -> auto& { return s.training.max_steps; })
        .integers(0, kMaxSteps)
        .unit("steps")
        .help("Above 0 it sets the length of the run instead of the epochs. 0: as many as the epochs need.")
        .effect("Bounds the time of a run.")
        .alsoCalled({"steps"});
    describeSchedule(list);
    describeMachine(list);
    describeLora(list);
    describeStopping(list);
}

} // namespace llamahome::config
