#include "config/chat_template_file.h"

#include <algorithm>
#include <array>

#include "config/yaml_tree.h"
#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome::config {
namespace {

constexpr std::array<std::string_view, 4> kRoles{"system", "user", "assistant", "tool"};

class Reader {
public:
    explicit Reader(std::string file)
        : m_file(std::move(file)) {}

    Result<TemplateFile> read(const YamlNode& root) {
        for (const YamlEntry& entry : root.entries) {
            if (auto taken = take(entry); !taken) return taken.error();
        }
        for (const std::string_view role : {"user", "assistant"}) {
            const auto isIt = [&](const TemplateRole& one) { return one.role == role; };
            if (std::none_of(m_result.roles.begin(), m_result.roles.end(), isIt))
                return Error{codes::kTemplateUnknown,
                             m_file + ": found no `" + std::string(role) +
                                 "`, expected what stands before and after its texts, as " +
                                 std::string(role) + ": {before: \"...\", after: \"...\"}"};
        }
        return std::move(m_result);
    }

private:
    Result<void> take(const YamlEntry& entry) {
        if (entry.key == "start") return takeText(entry, m_result.start);
        if (entry.key == "end") return takeText(entry, m_result.end);
        if (std::find(kRoles.begin(), kRoles.end(), entry.key) == kRoles.end())
            return refuse(entry,
                          "found `" + entry.key + "`, expected start, end, system, user, assistant or tool");
        if (entry.value.kind != YamlNode::Kind::Map)
            return refuse(entry, entry.key + ": expected {before: text, after: text}");
        TemplateRole role{entry.key, {}, {}};
        for (const YamlEntry& part : entry.value.entries) {
            if (part.key != "before" && part.key != "after")
                return refuse(part, entry.key + ": found `" + part.key + "`, expected before or after");
            if (auto taken = takeText(part, part.key == "before" ? role.before : role.after); !taken)
                return taken;
        }
        m_result.roles.push_back(std::move(role));
        return {};
    }

    Result<void> takeText(const YamlEntry& entry, std::string& text) const {
        if (entry.value.kind != YamlNode::Kind::Scalar && entry.value.kind != YamlNode::Kind::Null)
            return refuse(entry, entry.key + ": expected a text, in quotes where it holds # or a line end");
        text = entry.value.text;
        return {};
    }

    Error refuse(const YamlEntry& entry, const std::string& what) const {
        return Error{codes::kTemplateUnknown, m_file + ":" + std::to_string(entry.line) + ": " + what};
    }

    std::string m_file;
    TemplateFile m_result;
};

} // namespace

bool namesTemplateFile(std::string_view value) {
    return value.ends_with(".yaml") || value.ends_with(".yml");
}

Result<TemplateFile> readTemplateFile(const std::filesystem::path& path) {
    const std::string file = displayPath(path);
    const auto text = readFile(path, YamlLimits().maxBytes);
    if (!text) return text.error();
    const YamlDocument document = parseYaml(*text, file);
    if (!document.problems.empty()) return Error{codes::kTemplateUnknown, document.problems.front().text()};
    return Reader(file).read(document.root);
}

} // namespace llamahome::config
