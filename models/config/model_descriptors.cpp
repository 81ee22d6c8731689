// The table of `model:`.
#include "config/descriptor_list.h"

namespace llamahome::config {
namespace {

constexpr std::int64_t kMaxMib = 1LL << 30;

void describeHub(DescriptorList& list) {
    list.add(
            "model.hub.endpoint", "Hub address", [](auto& s) -> auto& { return s.model.hub.endpoint; })
        .form(TextForm::Url)
        .notEmpty()
        .help("Where models are downloaded from.")
        .effect("A mirror with the Hub's interface can be named here; a token is sent to this address only.")
        .alsoCalled({"hf_endpoint"});
    list.add(
            "model.hub.mirror", "Second address", [](auto& s) -> auto& { return s.model.hub.mirror; })
        .form(TextForm::Url)
        .help("Asked when the first address does not answer; empty: none.")
        .effect("Never gets a token.");
    list.add(
            "model.hub.network", "Network", [](auto& s) -> auto& { return s.model.hub.network; })
        .choices({"on", "loopback", "off"})
        .help("Which addresses may be reached: all, this machine only, or none.")
        .effect("off works with what is there.")
        .alsoCalled({"offline"});
    list.add(
            "model.hub.plain_http", "Without encryption",
            [](auto& s) -> auto& { return s.model.hub.plain_http; })
        .help("Whether addresses that begin with http:// may be asked beyond this machine.")
        .effect("Anybody on the way can read and change what is fetched; a token is never sent there.")
        .alsoCalled({"allow_http"});
    list.add(
            "model.hub.max_mb_per_second", "Speed limit",
            [](auto& s) -> auto& { return s.model.hub.max_mb_per_second; })
        .numbers({0.0, 100'000.0})
        .unit("MB/s")
        .help("The most that downloads take of the line, all together. 0: no limit.")
        .effect("Leaves room for others on the line; a change holds at once.")
        .alsoCalled({"limit_rate", "bandwidth"});
}

void describeGeneration(DescriptorList& list) {
    list.add(
            "model.generation.max_new_tokens", "Longest answer",
            [](auto& s) -> auto& { return s.model.generation.max_new_tokens; })
        .integers(1, 1'048'576)
        .unit("tokens")
        .help("An answer ends there at the latest.")
        .effect("Longer answers take longer.")
        .alsoCalled({"max_tokens", "n_predict"});
    list.add(
            "model.generation.temperature", "Temperature",
            [](auto& s) -> auto& { return s.model.generation.temperature; })
        .numbers({0.0, 100.0})
        .help("How freely words are chosen. 0: always the likeliest.")
        .effect("Higher is more varied and less reliable.");
    list.add(
            "model.generation.top_p", "Top p", [](auto& s) -> auto& { return s.model.generation.top_p; })
        .numbers({0.0, 1.0, true, false})
        .help("Only the likeliest words that together reach this probability are considered. 1: all.")
        .effect("Lower is safer and less varied.");
    list.add(
            "model.generation.top_k", "Top k", [](auto& s) -> auto& { return s.model.generation.top_k; })
        .integers(0, 1'000'000)
        .help("Only that many likeliest words are considered. 0: all.")
        .effect("Lower is safer and less varied.");
    list.add(
            "model.generation.min_p", "Min p", [](auto& s) -> auto& { return s.model.generation.min_p; })
        .numbers({0.0, 1.0})
        .help("Words less likely than this share of the likeliest are left out. 0: none.")
        .effect("Higher is safer and less varied.");
    list.add(
            "model.generation.repetition_penalty", "Repetition penalty",
            [](auto& s) -> auto& { return s.model.generation.repetition_penalty; })
        .numbers({0.0, 10.0, true, false})
        .help("Makes words that were used less likely. 1: not at all.")
        .effect("A little above 1 breaks loops; much above 1 spoils grammar.");
    list.add(
            "model.generation.seed", "Seed", [](auto& s) -> auto& { return s.model.generation.seed; })
        .integers(0, std::numeric_limits<std::int64_t>::max())
        .help("Start of the randomness of answers.")
        .effect("The same seed and prompt give the same answer.");
    list.add(
            "model.generation.max_seq_len", "Context",
            [](auto& s) -> auto& { return s.model.generation.max_seq_len; })
        .integers(16, 1'048'576)
        .unit("tokens")
        .help("Longest conversation that the model sees, answer included; never above the model's own limit.")
        .effect("Longer needs more memory for the cache of keys and values.")
        .alsoCalled({"context_length", "n_ctx", "num_ctx"});
    list.add(
            "model.generation.max_batch_size", "Prompts at once",
            [](auto& s) -> auto& { return s.model.generation.max_batch_size; })
        .integers(1, 1024)
        .forLater()
        .help("Most prompts that are answered at the same time.")
        .effect("More is faster for long lists and needs more memory.");
}

} // namespace

void describeModel(DescriptorList& list) {
    list.add(
            "model.data_root", "Data folder", [](auto& s) -> auto& { return s.model.data_root; })
        .form(TextForm::Path)
        .help("Folder of models, data and runs; empty: the platform's data folder.")
        .effect("What lies in the former folder stays there.")
        .alsoCalled({"root", "data_dir"});
    list.add(
            "model.library_folders", "Further model folders",
            [](auto& s) -> auto& { return s.model.library_folders; })
        .form(TextForm::Path)
        .help("Folders with models beside the data folder's, on other drives for one; begins at the next "
              "start.")
        .effect("Models there are used where they lie, also from a drive that is read-only; "
                "`llamahome move` takes a model there and back.");
    list.add(
            "model.precision", "Precision", [](auto& s) -> auto& { return s.model.precision; })
        .choices({"auto", "bf16", "fp32"})
        .help("Number format of the matrix products in chat, generation and evaluation.")
        .effect("bf16 halves memory and is no slower on processors with AVX2, where auto takes it.");
    list.add(
            "model.quant", "Quantise", [](auto& s) -> auto& { return s.model.quant; })
        .choices({"none", "f16", "bf16", "int8", "nf4", "w8a8"})
        .help("none, f16 and bf16: weights as they are; int8, nf4: quantised on loading; w8a8: as int8, and "
              "prompts are multiplied in int8.")
        .effect(
            "int8 and nf4 need a half and a quarter of the memory; w8a8 reads prompts faster than int8 on "
            "processors with VNNI instructions, at some loss of precision.")
        .alsoCalled({"quantize", "quantization", "load_in_4bit", "load_in_8bit"});
    list.add(
            "model.device", "Device", [](auto& s) -> auto& { return s.model.device; })
        .form(TextForm::Device)
        .notEmpty()
        .help("Where chat, generation and evaluation run.")
        .effect("auto takes a GPU that works, else the processor.");
    list.add(
            "model.gpu_layers", "Layers on the GPU", [](auto& s) -> auto& { return s.model.gpu_layers; })
        .integers(0, 10'000)
        .autoIs(-1)
        .unit("layers")
        .forLater()
        .help("Layers that are put on the GPU; the rest stays with the processor.")
        .effect("auto puts as many there as fit.")
        .alsoCalled({"n_gpu_layers", "num_gpu_layers", "ngl"});
    list.add(
            "model.threads", "Threads", [](auto& s) -> auto& { return s.model.threads; })
        .integers(1, 1024)
        .autoIs(0)
        .unit("threads")
        .help("Threads of the processor that compute.")
        .effect("auto takes one a core; fewer leave room for other programs.")
        .alsoCalled({"num_threads", "n_threads"});
    describeHub(list);
    list.add(
            "model.chat.system", "System message", [](auto& s) -> auto& { return s.model.chat.system; })
        .help("Said to the model before a new conversation; empty: the template's own default.")
        .effect("Sets tone and task.");
    describeGeneration(list);
    list.add(
            "model.memory.limit_mib", "Memory limit",
            [](auto& s) -> auto& { return s.model.memory.limit_mib; })
        .integers(0, kMaxMib)
        .unit("MiB")
        .help("Most memory that a job may plan with. 0: what the machine has.")
        .effect("Jobs that would need more are refused before they start.");
    list.add(
            "model.memory.reserve_mib", "Memory left free",
            [](auto& s) -> auto& { return s.model.memory.reserve_mib; })
        .integers(0, kMaxMib)
        .unit("MiB")
        .help("Memory left to the system and to other programs.")
        .effect("Higher refuses sooner and keeps the machine responsive.");
    list.add(
            "model.cache.size_mib", "Cache size", [](auto& s) -> auto& { return s.model.cache.size_mib; })
        .integers(0, kMaxMib)
        .unit("MiB")
        .forLater()
        .help("Processed data kept for the next run; the oldest unused goes first. 0: none.")
        .effect("More starts known data sets faster.")
        .alsoCalled({"cache_size"});
}

} // namespace llamahome::config
