#include "config/catalog_reader.h"

#include <algorithm>
#include <cmath>

#include "core/error_codes.h"
#include "core/shown_text.h"

namespace llamahome::config {
namespace {

constexpr std::size_t kMaxVersions = 1000;
constexpr double kMaxMemoryGb = 1e6;

bool isFolderName(std::string_view name) {
    const auto isInner = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && name.front() != '.' && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), isInner);
}

/// Reads fields of one family; the first thing wrong is kept, and reading goes on with empty values.
class FamilyReader {
public:
    FamilyReader(CatalogFamily& family, const Json& json, std::string what)
        : m_family(family)
        , m_json(json)
        , m_what(std::move(what)) {}

    std::optional<Error> read() {
        if (!isFolderName(m_family.name)) fail("", "is no name for a folder; use a-z, 0-9, '.', '_' and '-'");
        if (!m_json.is_object()) fail("", "found no object, expected {formats, versions, default_version}");
        if (m_failure) return m_failure;
        m_family.title = text(m_json, "title");
        if (m_family.title.empty()) m_family.title = m_family.name;
        readVersions();
        readMemory();
        readDetails();
        readDefault();
        return m_failure;
    }

private:
    void fail(const std::string& field, const std::string& message) {
        if (m_failure) return;
        const std::string place = field.empty() ? "" : "." + field;
        const std::string family = isFolderName(m_family.name) ? m_family.name : quotedText(m_family.name);
        m_failure = Error{codes::kCatalogShape, m_what + ": " + family + place + ": " + message};
    }

    std::string text(const Json& object, const std::string& field) {
        const auto found = object.find(field);
        if (found == object.end()) return {};
        if (found->is_string()) return found->get<std::string>();
        fail(field, "found no text, expected one");
        return {};
    }

    std::uint64_t count(const Json& object, const std::string& field) {
        const auto found = object.find(field);
        if (found == object.end()) return 0;
        if (found->is_number_unsigned()) return found->get<std::uint64_t>();
        fail(field, "found no whole number from 0, expected one");
        return 0;
    }

    bool flag(const Json& object, const std::string& field, bool fallback) {
        const auto found = object.find(field);
        if (found == object.end()) return fallback;
        if (found->is_boolean()) return found->get<bool>();
        fail(field, "found neither true nor false");
        return fallback;
    }

    std::vector<std::string> texts(const Json& object, const std::string& field) {
        const auto found = object.find(field);
        if (found == object.end()) return {};
        std::vector<std::string> list;
        if (found->is_array() && found->size() <= kMaxVersions)
            for (const Json& item : *found)
                if (item.is_string()) list.push_back(item.get<std::string>());
        if (!found->is_array() || list.size() != found->size())
            fail(field, "found no list of texts, expected one");
        return list;
    }

    void readVersions() {
        const auto formats = texts(m_json, "formats");
        for (const std::string& name : texts(m_json, "versions")) {
            if (!isFolderName(name)) fail("versions", quotedText(name) + " is no name for a folder");
            if (m_family.find(name) != nullptr) fail("versions", quotedText(name) + " is there twice");
            CatalogVersion version;
            version.family = m_family.name;
            version.version = name;
            version.formats = formats;
            version.instruct = name.ends_with("-instruct");
            version.licence = text(m_json, "licence");
            version.contextLength = static_cast<std::int64_t>(count(m_json, "context_length"));
            version.gated = flag(m_json, "gated", false);
            m_family.versions.push_back(std::move(version));
        }
        if (m_family.versions.empty()) fail("versions", "found none, expected at least one");
    }

    /// One number for all, a list in the order of the versions, or an object by version.
    void readMemory() {
        const auto found = m_json.find("min_gpu_memory");
        if (found == m_json.end()) return;
        if (found->is_array() && found->size() != m_family.versions.size())
            return fail("min_gpu_memory", "found " + std::to_string(found->size()) + " numbers for " +
                                              std::to_string(m_family.versions.size()) + " versions");
        if (found->is_object())
            for (const auto& [name, value] : found->items())
                if (m_family.find(name) == nullptr)
                    fail("min_gpu_memory", quotedText(name) + " is not among the versions");
        for (std::size_t i = 0; i < m_family.versions.size(); ++i) {
            const Json* value = &*found;
            if (found->is_array()) value = &(*found)[i];
            if (found->is_object()) {
                const auto own = found->find(m_family.versions[i].version);
                if (own == found->end()) continue;
                value = &*own;
            }
            const double gigabytes = value->is_number() ? value->get<double>() : -1.0;
            if (!std::isfinite(gigabytes) || gigabytes < 0.0 || gigabytes > kMaxMemoryGb)
                return fail("min_gpu_memory", "expected a number of GB from 0");
            m_family.versions[i].min_gpu_memory = gigabytes;
        }
    }

    void readDetails() {
        const auto found = m_json.find("details");
        if (found == m_json.end()) return;
        if (!found->is_object()) return fail("details", "found no object, expected one entry a version");
        for (const auto& [name, value] : found->items()) {
            const auto version =
                std::find_if(m_family.versions.begin(), m_family.versions.end(),
                             [&, &wanted = name](const auto& v) { return v.version == wanted; });
            if (version == m_family.versions.end())
                return fail("details", quotedText(name) + " is not among the versions");
            if (!value.is_object())
                return fail("details", quotedText(name) + ": found no object, expected one");
            readDetail(*version, value);
        }
    }

    void readDetail(CatalogVersion& version, const Json& detail) {
        version.hubId = text(detail, "hub_id");
        version.parameters = count(detail, "parameters");
        version.sizeBytes = count(detail, "download_bytes");
        version.note = text(detail, "note");
        version.aliases = texts(detail, "aliases");
        version.formerHubIds = texts(detail, "former_hub_ids");
        version.instruct = flag(detail, "instruct", version.instruct);
        version.gated = flag(detail, "gated", version.gated);
        if (detail.contains("licence")) version.licence = text(detail, "licence");
        if (detail.contains("context_length"))
            version.contextLength = static_cast<std::int64_t>(count(detail, "context_length"));
        if (detail.contains("formats")) version.formats = texts(detail, "formats");
    }

    void readDefault() {
        m_family.defaultVersion = text(m_json, "default_version");
        if (m_family.defaultVersion.empty() && !m_family.versions.empty())
            m_family.defaultVersion = m_family.versions.front().version;
        if (m_family.find(m_family.defaultVersion) == nullptr)
            fail("default_version", quotedText(m_family.defaultVersion) + " is not among the versions");
    }

    CatalogFamily& m_family;
    const Json& m_json;
    std::string m_what;
    std::optional<Error> m_failure;
};

} // namespace

Result<CatalogFamily> readCatalogFamily(const std::string& name, const Json& json, const std::string& what) {
    CatalogFamily family;
    family.name = name;
    if (auto failure = FamilyReader(family, json, what).read()) return *failure;
    return family;
}

} // namespace llamahome::config
