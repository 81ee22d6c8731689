#include "jobs/train/adapter_record.h"

#include <charconv>
#include <cmath>
#include <initializer_list>

#include "config/yaml_tree.h"
#include "jobs/train/finished_adapter.h"

namespace llamahome::jobs {
namespace {

std::string textAt(const config::YamlNode& root, std::initializer_list<const char*> path) {
    const config::YamlNode* node = &root;
    for (const char* key : path)
        node = node == nullptr ? nullptr : node->find(key);
    return node == nullptr ? std::string() : node->text;
}

template <typename Number>
std::optional<Number> numberAt(const config::YamlNode& root, std::initializer_list<const char*> path) {
    const std::string text = textAt(root, path);
    Number number{};
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
        return std::nullopt;
    return number;
}

} // namespace

AdapterRecord parseAdapterRecord(const std::string& trainingRecord) {
    const config::YamlNode root = config::parseYaml(trainingRecord, kTrainingRecordName).root;
    AdapterRecord record;
    record.run = textAt(root, {"run"});
    record.baseDigest = textAt(root, {"base", "digest"});
    record.end = textAt(root, {"result", "end"});
    record.step = numberAt<std::int64_t>(root, {"result", "adapter_step"}).value_or(0);
    record.totalSteps = numberAt<std::int64_t>(root, {"result", "total_steps"}).value_or(0);
    record.trainLoss = numberAt<double>(root, {"result", "train_loss"});
    record.evalLoss = numberAt<double>(root, {"result", "adapter_eval_loss"});
    return record;
}

} // namespace llamahome::jobs
