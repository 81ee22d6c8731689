#include "jobs/library/card_licence.h"

#include "config/yaml_tree.h"
#include "core/ascii.h"
#include "core/file_layer.h"
#include "formats/file_text.h"
#include "jobs/export/model_card.h"

namespace llamahome::jobs {
namespace {

constexpr std::uint64_t kMaxCardBytes = 1U << 20;
constexpr std::size_t kMaxLicenceBytes = 100;
constexpr std::string_view kFence = "---";

/// Up to the next line end, which is taken away with it.
std::string_view takeLine(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// What stands between the two fences at the beginning; empty where there are none.
std::string_view headOf(std::string_view card) {
    if (takeLine(card) != kFence) return {};
    const char* const begin = card.data();
    while (!card.empty()) {
        const char* const line = card.data();
        if (takeLine(card) == kFence) return {begin, static_cast<std::size_t>(line - begin)};
    }
    return {};
}

std::string textOf(const config::YamlNode& head, std::string_view key) {
    const config::YamlNode* value = head.find(key);
    if (value == nullptr || value->kind != config::YamlNode::Kind::Scalar ||
        value->text.size() > kMaxLicenceBytes || !formats::isPlainText(value->text))
        return {};
    return value->text;
}

} // namespace

std::string licenceOfCard(std::string_view card) {
    const config::YamlNode head = config::parseYaml(headOf(card), kModelCardName).root;
    std::string licence = textOf(head, "license");
    if (lowerAscii(licence) != "other") return licence;
    std::string name = textOf(head, "license_name");
    return name.empty() ? licence : name;
}

std::string licenceByCard(const std::filesystem::path& folder) {
    const auto card = readFile(folder / kModelCardName, kMaxCardBytes);
    return card ? licenceOfCard(*card) : std::string();
}

} // namespace llamahome::jobs
