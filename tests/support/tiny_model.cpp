#include "support/tiny_model.h"

#include <array>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "core/file_layer.h"
#include "core/json.h"
#include "core/philox.h"
#include "formats/half.h"
#include "formats/hub/tensor_names.h"
#include "formats/safetensors/safetensors_writer.h"
#include "formats/tokenizer/byte_alphabet.h"
#include "support/checked.h"

namespace llamahome::testing {
namespace fs = std::filesystem;
namespace {

using formats::DType;
using formats::TensorInfo;

/// SmolLM2-135M-Instruct's, byte for byte.
constexpr std::string_view kChatTemplate =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
    "Face<|im_end|>\n' }}"
    "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

constexpr std::array<std::string_view, 3> kSpecials{"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kMerges{
    {{"t", "h"}, {"th", "e"}, {"i", "n"}, {" ", "the"}, {"a", "n"}}};

Json addedToken(std::int32_t id, std::string_view content) {
    return Json{{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"normalized", false}, {"special", true}};
}

Json tokenizerJson() {
    Json vocabulary = Json::object();
    Json added = Json::array();
    std::int32_t next = 0;
    for (const std::string_view special : kSpecials) {
        added.push_back(addedToken(next, special));
        vocabulary[std::string(special)] = next++;
    }
    for (int byte = 0; byte < 256; ++byte)
        vocabulary[formats::spellingOfBytes(std::string(1, static_cast<char>(byte)))] = next++;
    Json merges = Json::array();
    for (const auto& [left, right] : kMerges) {
        const std::string first = formats::spellingOfBytes(left);
        const std::string second = formats::spellingOfBytes(right);
        merges.push_back(Json::array({first, second}));
        vocabulary[first + second] = next++;
    }
    const Json byteLevel{
        {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
    const Json digits{{"type", "Digits"}, {"individual_digits", true}};
    return Json{
        {"version", "1.0"},
        {"truncation", nullptr},
        {"padding", nullptr},
        {"added_tokens", added},
        {"normalizer", nullptr},
        {"pre_tokenizer", Json{{"type", "Sequence"}, {"pretokenizers", Json::array({digits, byteLevel})}}},
        {"post_processor", nullptr},
        {"decoder", byteLevel},
        {"model", Json{{"type", "BPE"},
                       {"dropout", nullptr},
                       {"unk_token", nullptr},
                       {"continuing_subword_prefix", nullptr},
                       {"end_of_word_suffix", nullptr},
                       {"fuse_unk", false},
                       {"byte_fallback", false},
                       {"ignore_merges", false},
                       {"vocab", vocabulary},
                       {"merges", merges}}}};
}

Json tokenizerConfigJson(const formats::ModelConfig& config) {
    Json decoder = Json::object();
    for (std::size_t i = 0; i < kSpecials.size(); ++i) {
        Json token = addedToken(static_cast<std::int32_t>(i), kSpecials[i]);
        token.erase("id");
        decoder[std::to_string(i)] = token;
    }
    return Json{{"add_prefix_space", false},
                {"added_tokens_decoder", decoder},
                {"bos_token", "<|endoftext|>"},
                {"chat_template", kChatTemplate},
                {"clean_up_tokenization_spaces", false},
                {"eos_token", "<|im_end|>"},
                {"model_max_length", config.max_position_embeddings},
                {"pad_token", "<|endoftext|>"},
                {"tokenizer_class", "GPT2Tokenizer"},
                {"unk_token", "<|endoftext|>"}};
}

void writeJsonFile(const fs::path& path, const Json& json) {
    checked(writeFileAtomically(systemFiles(), path, writeJson(json)));
}

/// Matrices uniform with the standard deviation 1/sqrt(in), norms within a tenth of one.
std::vector<std::byte> drawTensor(const TensorInfo& tensor, PhiloxStream& stream) {
    const bool isNorm = tensor.shape.size() == 1;
    const float spread = isNorm ? 0.1F : std::sqrt(3.0F / static_cast<float>(tensor.shape.back()));
    std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.byteSize()));
    const std::size_t width = formats::elementBytes(tensor.dtype);
    for (std::size_t at = 0; at < bytes.size(); at += width) {
        const float value = (isNorm ? 1.0F : 0.0F) + spread * (2.0F * stream.nextUniform() - 1.0F);
        const std::uint16_t half =
            tensor.dtype == DType::F16 ? formats::floatToHalf(value) : formats::floatToBfloat16(value);
        if (tensor.dtype == DType::F32)
            std::memcpy(bytes.data() + at, &value, width);
        else
            std::memcpy(bytes.data() + at, &half, width);
    }
    return bytes;
}

} // namespace

formats::ModelConfig tinyConfig() {
    formats::ModelConfig config;
    config.vocab_size = kTinyVocabulary;
    config.hidden_size = 64;
    config.intermediate_size = 96;
    config.num_hidden_layers = 2;
    config.num_attention_heads = 4;
    config.num_key_value_heads = 2;
    config.head_dim = 16;
    config.max_position_embeddings = 512;
    config.rms_norm_eps = 1e-5;
    config.tie_word_embeddings = true;
    config.torch_dtype = "bfloat16";
    config.bos_token_id = kEndOfText;
    config.eos_token_ids = {kImEnd};
    return config;
}

void writeTinyWeights(const fs::path& folder, const formats::ModelConfig& config, std::uint64_t seed,
                      DType dtype) {
    std::vector<TensorInfo> plan = formats::expectedTensors(config);
    for (TensorInfo& tensor : plan)
        tensor.dtype = dtype;
    plan = formats::safetensorsOrder(std::move(plan));
    const auto writer = checked(formats::SafetensorsWriter::create(
        systemFiles(), folder / "model.safetensors", plan, {{"format", "pt"}}));
    std::uint64_t stream = 0;
    for (const TensorInfo& tensor : plan) {
        PhiloxStream numbers(seed, stream++);
        checked(writer->write(tensor, drawTensor(tensor, numbers)));
    }
    checked(writer->finish());
}

void writeTinyModel(const fs::path& folder, const formats::ModelConfig& config, std::uint64_t seed,
                    DType dtype) {
    fs::create_directories(folder);
    writeJsonFile(folder / "config.json", formats::modelConfigJson(config));
    writeJsonFile(folder / "generation_config.json",
                  Json{{"_from_model_config", true}, {"bos_token_id", kEndOfText}, {"eos_token_id", kImEnd}});
    writeJsonFile(folder / "tokenizer.json", tokenizerJson());
    writeJsonFile(folder / "tokenizer_config.json", tokenizerConfigJson(config));
    writeJsonFile(
        folder / "special_tokens_map.json",
        Json{{"bos_token", "<|endoftext|>"}, {"eos_token", "<|im_end|>"}, {"pad_token", "<|endoftext|>"}});
    checked(writeFileAtomically(systemFiles(), folder / "LICENSE", "A licence for tests.\n"));
    writeTinyWeights(folder, config, seed, dtype);
}

} // namespace llamahome::testing
