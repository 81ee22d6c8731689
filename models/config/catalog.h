// The catalogue of known models: .config/models.json as values. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace llamahome::config {

/// One model of the catalogue. What the file leaves out is empty or zero.
struct CatalogVersion {
    std::string family;
    std::string version;
    std::string hubId;                ///< "meta-llama/Llama-3.2-1B"
    std::vector<std::string> formats; ///< forms it can be had in: meta, hub, gguf
    double min_gpu_memory = 0.0;      ///< GB, as the catalogue says; the computed forecast decides
    std::uint64_t parameters = 0;
    std::uint64_t sizeBytes = 0; ///< of the download
    std::string licence;
    std::int64_t contextLength = 0;        ///< tokens
    bool instruct = false;                 ///< made for conversations
    bool gated = false;                    ///< the licence is accepted on the Hub, and a token is needed
    std::string note;                      ///< one or two sentences for people
    std::vector<std::string> aliases;      ///< other names of the same version
    std::vector<std::string> formerHubIds; ///< names that the Hub redirects
};

/// A version's name in parts: "3.2-1b-instruct" is generation 3.2, 1e9, instruct; "135m" has no generation.
struct VersionName {
    std::string generation;
    double size = 0.0; ///< parameters by name
    bool instruct = false;
};

/// Nothing when the name is not of that form.
std::optional<VersionName> parseVersionName(std::string_view version);
/// "70b", "135M" as parameters; nothing when it is no size.
std::optional<double> parseModelSize(std::string_view size);

struct CatalogFamily {
    std::string name;
    std::string title;
    std::string defaultVersion;
    std::vector<CatalogVersion> versions; ///< in the file's order

    /// By version or alias; null when it is not there.
    const CatalogVersion* find(std::string_view version) const;
};

class Catalog {
public:
    /// Reads models.json. CAT-01 names the file, the family and the field. The short form of a family is
    /// enough: {formats, versions, default_version, min_gpu_memory}; unknown fields are ignored.
    static Result<Catalog> load(const std::filesystem::path& path);
    /// The same from JSON; `what` is its name in messages.
    static Result<Catalog> parse(const Json& json, const std::string& what);

    const std::vector<CatalogFamily>& families() const { return m_families; }
    /// Null when there is none.
    const CatalogFamily* findFamily(std::string_view family) const;

    /// Family and version as people type them. CAT-02 and CAT-03 name the known and the nearest.
    Result<CatalogVersion> find(std::string_view family, std::string_view version) const;
    /// CAT-02 for an unknown family.
    Result<CatalogVersion> defaultVersion(std::string_view family) const;
    /// The entry of a Hub id, a former one included; the case of letters does not count.
    std::optional<CatalogVersion> findHubId(std::string_view id) const;

    /// What to offer for a version that does not exist: "known: 3.3-70b; nearest in size: 3.1-8b". `known`
    /// are those of the same generation, else all; the nearest is left out when it is among few known ones.
    std::string nearest(std::string_view family, std::string_view version) const;

private:
    std::vector<CatalogFamily> m_families;
};

} // namespace llamahome::config
