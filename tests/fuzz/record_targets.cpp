// Settings, the catalogue, and the records that the program writes and reads back.
#include <algorithm>
#include <array>
#include <string>

#include "config/catalog.h"
#include "config/chat_template_file.h"
#include "config/settings_file.h"
#include "config/yaml_edit.h"
#include "config/yaml_tree.h"
#include "core/error_codes.h"
#include "core/json.h"
#include "fuzz_target.h"
#include "jobs/chat/conversation_store.h"
#include "jobs/import/import_ollama.h"
#include "jobs/import/ollama_template.h"
#include "jobs/library/damage_mark.h"
#include "jobs/library/data_root.h"
#include "jobs/library/manifest.h"
#include "jobs/train/metric_log.h"
#include "jobs/train/run_record.h"

namespace llamahome::fuzz {
namespace {

void settings(std::string_view bytes) {
    const auto file = config::parseSettingsFile(bytes, "settings.yaml", config::FileRole::Settings);
    for (const config::SettingProblem& problem : file.problems)
        requireGoodError({problem.code, problem.text()});
    if (!config::parseYaml(bytes, "settings.yaml").problems.empty()) return;
    const std::string changed = config::setYamlValue(std::string(bytes), {"training", "lora", "r"}, "16");
    const auto read = config::parseYaml(changed, "settings.yaml");
    require(read.problems.empty(), "a text that is changed still parses");
    const config::YamlNode* node = read.root.find("training");
    for (const char* key : {"lora", "r"})
        node = node == nullptr ? nullptr : node->find(key);
    require(node != nullptr && node->text == "16", "what was changed is there");
}

void templateFile(std::string_view bytes) {
    const auto read = config::readTemplateFile(scratchFile("own.yaml", bytes));
    if (accepted(read)) require(read->roles.size() >= 2, "a template has words for user and assistant");
}

void catalog(std::string_view bytes) {
    const auto json = parseJson(bytes, "models.json");
    if (accepted(json)) (void)accepted(config::Catalog::parse(*json, "models.json"));
}

void conversation(std::string_view bytes) {
    static const jobs::DataRoot root = [] {
        const jobs::DataRoot made{scratchFolder() / "root"};
        std::filesystem::create_directories(made.chats());
        return made;
    }();
    scratchFile("root/data/chats/a.json", bytes);
    const auto read = jobs::readConversation(root, "a");
    if (accepted(read)) (void)jobs::historyOf(*read);
    require(jobs::listConversations(root).size() == 1, "a conversation is listed however damaged it is");
}

void ollamaManifest(std::string_view bytes) {
    const std::filesystem::path manifest = scratchFolder() / "store/manifests/host/library/model/tag";
    static const bool isMade = std::filesystem::create_directories(manifest.parent_path()) &&
                               std::filesystem::create_directories(scratchFolder() / "store/blobs");
    require(isMade, "there is a store");
    scratchFile("store/manifests/host/library/model/tag", bytes);
    if (!jobs::isOllamaManifest(manifest)) return;
    require(!accepted(jobs::inspectOllama(manifest)), "a store without blobs has no model");
}

void ollamaTemplate(std::string_view bytes) {
    const std::string name = jobs::chatTemplateOf(bytes, {"<s>", "</s>"});
    const auto known = text::ChatTemplate::names();
    require(name.empty() || std::find(known.begin(), known.end(), name) != known.end(),
            "a template is a known one or none");
}

void metrics(std::string_view bytes) {
    (void)accepted(jobs::readMetrics(scratchFile("metrics.jsonl", bytes)));
}

void manifest(std::string_view bytes) {
    const auto read = jobs::parseManifest(bytes, "llamahome.json");
    if (accepted(read)) (void)read->totalBytes();
}

void damageMark(std::string_view bytes) {
    const auto damage = jobs::readDamage(scratchFile(jobs::kDamageName, bytes).parent_path());
    require(damage.has_value(), "a mark that cannot be read is a damage too");
    requireGoodError({codes::kVerifyMissing, damage->problem});
}

void runRecord(std::string_view bytes) {
    const auto json = parseJson(bytes, "run.json");
    if (!accepted(json)) return;
    const auto record = jobs::parseRunRecord(*json, "run.json");
    if (!accepted(record)) return;
    require(accepted(jobs::parseRunRecord(jobs::runRecordJson(*record), "run.json")),
            "a record that is read can be written and read again");
}

constexpr std::array kTargets{FuzzTarget{"settings", settings},
                              FuzzTarget{"template_file", templateFile},
                              FuzzTarget{"catalog", catalog},
                              FuzzTarget{"conversation", conversation},
                              FuzzTarget{"ollama_manifest", ollamaManifest},
                              FuzzTarget{"ollama_template", ollamaTemplate},
                              FuzzTarget{"metrics", metrics},
                              FuzzTarget{"manifest", manifest},
                              FuzzTarget{"damage_mark", damageMark},
                              FuzzTarget{"run_record", runRecord}};

} // namespace

std::span<const FuzzTarget> recordTargets() {
    return kTargets;
}

} // namespace llamahome::fuzz
