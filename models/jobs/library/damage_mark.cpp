#include "jobs/library/damage_mark.h"

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/file_text.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr int kSchema = 1;
constexpr std::size_t kMaxBytes = 64U << 10;

std::optional<Damage> parseDamage(const std::string& text) {
    const auto json = parseJson(text, std::string(kDamageName), {4, kMaxBytes});
    if (!json || !json->is_object()) return {};
    const auto schema = json->find("schema");
    const auto problem = json->find("problem");
    const auto deep = json->find("deep");
    if (schema == json->end() || *schema != kSchema || problem == json->end() || !problem->is_string() ||
        deep == json->end() || !deep->is_boolean())
        return {};
    Damage damage{problem->get<std::string>(), deep->get<bool>()};
    return formats::isPlainText(damage.problem) ? std::optional(std::move(damage)) : std::nullopt;
}

} // namespace

std::optional<Damage> readDamage(const fs::path& folder) {
    const auto text = readFile(folder / kDamageName, kMaxBytes);
    if (!text && text.error().code == codes::kFileNotFound) return {};
    if (text)
        if (auto damage = parseDamage(*text)) return damage;
    return Damage{"a check found it damaged", true};
}

Result<void> writeDamage(FileLayer& files, const fs::path& folder, const Damage& damage) {
    const Json json{{"schema", kSchema}, {"problem", damage.problem}, {"deep", damage.isDeep}};
    return writeFileAtomically(files, folder / kDamageName, writeJson(json));
}

Result<void> clearDamage(FileLayer& files, const fs::path& folder) {
    if (!isThere(folder / kDamageName)) return {};
    if (auto removed = files.remove(folder / kDamageName); !removed) return removed;
    return files.syncDirectory(folder);
}

} // namespace llamahome::jobs
