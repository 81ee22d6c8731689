#include "jobs/turn_end_check.h"

#include <algorithm>

#include "config/yaml_tree.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "jobs/finished_adapter.h"
#include "jobs/model_card.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

Error disagree(const fs::path& folder, const std::string& text) {
    return Error{codes::kExportCheck, displayPath(folder) + ": " + text};
}

/// The template that was set for the training; empty where none was.
Result<std::string> trainedTemplate(const fs::path& folder, const std::string& trainingRecord) {
    const config::YamlDocument record = config::parseYaml(trainingRecord, kTrainingRecordName);
    if (!record.problems.empty())
        return disagree(folder,
                        "how the adapter was trained cannot be read: " + record.problems.front().text());
    const config::YamlNode* node = &record.root;
    for (const char* key : {"settings", "data", "template"})
        node = node == nullptr ? nullptr : node->find(key);
    return node == nullptr ? std::string() : node->text;
}

} // namespace

Result<std::string> checkTurnEnd(const fs::path& folder, const std::string& trainingRecord) {
    const auto tokenizer = text::Tokenizer::load(folder);
    if (!tokenizer) return tokenizer.error();
    const auto own = text::ChatTemplate::load(folder);
    if (!own) return own.error();
    const auto trained = trainedTemplate(folder, trainingRecord);
    if (!trained) return trained.error();
    if (!trained->empty() && *trained != own->name())
        return disagree(folder,
                        "has the template " + own->name() + ", the adapter was trained with " + *trained +
                            "; another program would ask it in the wrong form. Train with the model's own "
                            "template, or use the adapter here");
    const std::string end = own->turnEnd().empty() ? own->endOfText() : own->turnEnd();
    if (end.empty()) return std::string("has no token that ends an answer: a base model without turns");
    const auto id = tokenizer->idOf(end);
    if (!id)
        return disagree(folder,
                        "its template ends answers with " + end + ", which is no token of its tokenizer");
    const auto& ends = tokenizer->endTokens();
    if (std::find(ends.begin(), ends.end(), *id) == ends.end())
        return disagree(folder, "its template ends answers with " + end +
                                    ", at which generation does not stop by its configuration");
    return "answers end with " + end + " in template, tokenizer and configuration";
}

} // namespace llamahome::jobs
