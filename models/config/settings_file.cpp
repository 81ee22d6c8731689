#include "config/settings_file.h"

#include <array>
#include <charconv>
#include <system_error>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/shown_text.h"

namespace llamahome::config {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxFileBytes = 1U << 20;
constexpr std::array<std::string_view, 7> kSecretNames{"token",    "hf_token", "api_key",     "apikey",
                                                       "password", "secret",   "access_token"};

bool isSecretName(std::string_view name) {
    for (const std::string_view secret : kSecretNames)
        if (name == secret) return true;
    return false;
}

/// Walks the tree down to known keys.
class Flattener {
public:
    Flattener(SettingsFile& result, const std::string& file, FileRole role)
        : m_result(result)
        , m_file(file)
        , m_role(role) {}

    void readRoot(const YamlNode& root) {
        for (const YamlEntry& entry : root.entries) {
            if (entry.key == "schema") continue;
            if (m_role == FileRole::Preset && entry.key == "title")
                m_result.title = entry.value.text;
            else if (m_role == FileRole::Preset && entry.key == "description")
                m_result.description = entry.value.text;
            else if (entry.key == "lora" || entry.key == "early_stopping")
                readEntry("training." + entry.key, entry);
            else
                readEntry(entry.key, entry);
        }
    }

private:
    void readEntry(const std::string& key, const YamlEntry& entry) {
        if (const SettingDescriptor* setting = findSetting(key)) {
            addSetting(*setting, entry);
        } else if (!isSection(key)) {
            addUnknown(key, entry);
        } else if (entry.value.kind == YamlNode::Kind::Map) {
            for (const YamlEntry& child : entry.value.entries)
                readEntry(key + "." + child.key, child);
        } else if (entry.value.kind != YamlNode::Kind::Null) {
            addProblem(codes::kSettingKind, entry.line, key,
                       key + ": found a value, expected a section with settings below it");
        }
    }

    void addSetting(const SettingDescriptor& setting, const YamlEntry& entry) {
        for (const FileEntry& before : m_result.entries) {
            if (before.setting != &setting) continue;
            addProblem(codes::kSettingTwice, entry.line, setting.key,
                       setting.key + ": found twice, first in line " + std::to_string(before.line) +
                           "; remove one");
            return;
        }
        m_result.entries.push_back({&setting, entry.line, entry.value});
    }

    void addUnknown(const std::string& key, const YamlEntry& entry) {
        if (isSecretName(entry.key)) {
            addProblem(codes::kSettingSecret, entry.line, key,
                       key +
                           ": secrets do not belong in settings; remove it and use HF_TOKEN or the Hub's own "
                           "token file");
            return;
        }
        const std::string nearest = nearestSettingKey(key);
        addProblem(codes::kSettingUnknown, entry.line, key,
                   key + ": no such setting" +
                       (nearest.empty() ? "; `llamahome config show` lists all" : "; nearest is " + nearest),
                   nearest);
    }

    void addProblem(ErrorCode code, int line, const std::string& key, const std::string& message,
                    const std::string& nearest = {}) {
        m_result.problems.push_back({code, m_file, line, key, message, nearest});
    }

    SettingsFile& m_result;
    const std::string& m_file;
    FileRole m_role;
};

} // namespace

std::optional<SettingProblem> checkSchema(const YamlNode& root, const std::string& file) {
    const YamlNode* schema = root.find("schema");
    if (schema == nullptr) return {};
    int number = 0;
    const char* end = schema->text.data() + schema->text.size();
    const auto read = std::from_chars(schema->text.data(), end, number);
    const bool isNumber = read.ec == std::errc() && read.ptr == end;
    if (isNumber && number >= 1 && number <= kSettingsSchema) return {};
    const std::string known = std::to_string(kSettingsSchema);
    const std::string message = isNumber && number > kSettingsSchema
                                    ? "schema: found " + std::to_string(number) + ", this program knows " +
                                          known + "; a newer LlamaHome wrote the file, use that one"
                                    : "schema: found " + quotedText(schema->text) + ", expected " + known;
    return SettingProblem{codes::kSettingsSchema, file, schema->line, "schema", message};
}

SettingsFile parseSettingsFile(std::string_view text, const std::string& file, FileRole role) {
    SettingsFile result;
    YamlDocument document = parseYaml(text, file);
    result.problems = std::move(document.problems);
    if (auto wrong = checkSchema(document.root, file)) {
        result.problems.push_back(*wrong);
        return result; // the meaning of its keys is not known
    }
    if (document.root.kind == YamlNode::Kind::Null && result.problems.empty())
        result.notices.push_back(file + " has no settings; the defaults hold");
    Flattener(result, file, role).readRoot(document.root);
    return result;
}

SettingsFile readSettingsFile(const fs::path& path, FileRole role) {
    const std::string file = displayPath(path);
    const auto text = readFile(path, kMaxFileBytes);
    if (!text) {
        SettingsFile result;
        result.problems.push_back({text.error().code, {}, 0, {}, text.error().message});
        return result;
    }
    SettingsFile result = parseSettingsFile(*text, file, role);
    std::error_code failure;
    for (SettingProblem& problem : result.problems)
        if (problem.code == codes::kYamlSyntax && fs::exists(lastGoodCopy(path), failure))
            problem.message += "; the last good copy is " + displayPath(lastGoodCopy(path));
    return result;
}

fs::path lastGoodCopy(const fs::path& path) {
    fs::path copy = path;
    copy += ".last-good";
    return copy;
}

} // namespace llamahome::config
