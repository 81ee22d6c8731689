#include "jobs/library/manifest.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/error_codes.h"
#include "core/hash.h"
#include "core/json.h"
#include "formats/checked_math.h"
#include "formats/file_text.h"
#include "formats/hub/hub_names.h"
#include "formats/hub/model_weights.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr int kSchema = 1;
constexpr std::size_t kMaxManifestBytes = 4U << 20;
constexpr std::size_t kMaxFiles = 4096;
constexpr std::size_t kMaxNameBytes = 255;
constexpr const char* kSourceHash = "source_sha256";
constexpr std::size_t kDigestDigits = 64;

bool isDigest(std::string_view text) {
    return text.size() == kDigestDigits && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

/// A name that is one folder entry, whatever the system, and not hidden.
bool isSafeName(std::string_view name) {
    return !name.empty() && name.size() <= kMaxNameBytes && name.front() != '.' &&
           formats::isPlainFileName(name);
}

/// Fields of a manifest; the first thing wrong is kept.
class ManifestReader {
public:
    ManifestReader(const Json& json, std::string what)
        : m_json(json)
        , m_what(std::move(what)) {}

    Result<Manifest> read() {
        if (!m_json.is_object()) return wrong("found no object");
        const auto schema = m_json.find("schema");
        if (schema == m_json.end() || !schema->is_number_integer()) return wrong("schema: found no number");
        if (*schema != kSchema)
            return Error{codes::kManifestSchema, m_what + ": found schema " + schema->dump() + ", expected " +
                                                     std::to_string(kSchema) +
                                                     "; it was written by a newer LlamaHome, use that"};
        Manifest manifest;
        manifest.kind = text(m_json, "kind");
        manifest.family = text(m_json, "family");
        manifest.version = text(m_json, "version");
        manifest.source = text(m_json, "source");
        manifest.commit = text(m_json, "commit");
        if (m_json.contains(kSourceHash)) manifest.sourceSha256 = text(m_json, kSourceHash);
        manifest.digest = text(m_json, "digest");
        if (!m_failure) readFiles(manifest);
        if (!m_failure) check(manifest);
        if (m_failure) return *m_failure;
        return manifest;
    }

private:
    Error wrong(const std::string& text) const {
        return Error{codes::kManifestShape, m_what + ": " + text + "; import it again"};
    }
    void fail(const std::string& text) {
        if (!m_failure) m_failure = wrong(text);
    }

    std::string text(const Json& object, const char* key) {
        const auto found = object.find(key);
        if (found != object.end() && found->is_string()) return found->get<std::string>();
        fail(std::string(key) + ": found no text");
        return {};
    }

    void readFiles(Manifest& manifest) {
        const auto list = m_json.find("files");
        if (list == m_json.end() || !list->is_array()) return fail("files: found no list");
        if (list->empty() || list->size() > kMaxFiles)
            return fail("files: found " + std::to_string(list->size()) + ", expected 1 to " +
                        std::to_string(kMaxFiles));
        std::set<std::string> names;
        std::uint64_t total = 0;
        for (const Json& entry : *list) {
            if (!entry.is_object()) return fail("files: found an entry that is no object");
            ManifestFile file{text(entry, "path"), 0, text(entry, "sha256"), text(entry, "origin")};
            const auto size = entry.find("size");
            if (size == entry.end() || !size->is_number_unsigned())
                return fail("files: found a size that is none");
            file.sizeBytes = size->get<std::uint64_t>();
            const auto sum = formats::checkedAdd(total, file.sizeBytes);
            if (!sum) return fail("files: the sizes are larger than any disk");
            total = *sum;
            if (!isSafeName(file.path) || lowerAscii(file.path) == kManifestName)
                return fail("files: " + formats::quotedText(file.path) + " is no plain file name");
            if (!names.insert(lowerAscii(file.path)).second)
                return fail("files: " + formats::quotedText(file.path) + " is listed twice");
            if (!isDigest(file.sha256)) return fail("files: " + file.path + " has no SHA-256");
            manifest.files.push_back(std::move(file));
        }
    }

    void check(const Manifest& manifest) {
        if (manifest.kind != kModelKind && manifest.kind != kAdapterKind)
            return fail("kind: found " + formats::quotedText(manifest.kind) + ", expected model or adapter");
        for (const std::string& name : {manifest.family, manifest.version})
            if (!isSafeName(name)) return fail(formats::quotedText(name) + " is no plain name");
        if (!manifest.sourceSha256.empty() && !isDigest(manifest.sourceSha256))
            return fail(std::string(kSourceHash) + ": is no SHA-256");
        if (manifest.digest != manifestDigest(manifest.files))
            fail("digest: is not that of the files listed");
    }

    const Json& m_json;
    std::string m_what;
    std::optional<Error> m_failure;
};

bool isPartOfDigest(std::string_view name) {
    // Written into manifests: not to be changed with the list of what a tokenizer is read from.
    constexpr std::array<std::string_view, 9> kNames{
        formats::kModelConfigFile, formats::kTokenizerFile,    formats::kTokenizerModel,
        formats::kTokenizerConfig, formats::kChatTemplateFile, formats::kWeightsIndex,
        "special_tokens_map.json", "adapter_config.json",      "params.json"};
    return name.ends_with(".safetensors") || name.ends_with(".pth") ||
           std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// Names and sizes of the files that belong into the manifest of `folder`.
Result<std::map<std::string, std::uint64_t>> filesOf(const fs::path& folder) {
    std::error_code failure;
    std::map<std::string, std::uint64_t> found;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        const std::string name = displayPath(entry->path().filename());
        std::error_code unreadable;
        if (isProgramsOwn(name) || fs::is_directory(entry->path(), unreadable)) continue;
        if (!isSafeName(name))
            return Error{codes::kManifestShape, displayPath(folder) + ": file name " +
                                                    formats::quotedText(name) + " cannot be kept; rename it"};
        const auto size = fileSize(entry->path());
        if (!size) return size.error();
        found.emplace(name, *size);
    }
    if (failure)
        return Error{codes::kFileRead,
                     "cannot read folder " + displayPath(folder) + ": " + failure.message()};
    return found;
}

} // namespace

bool isProgramsOwn(std::string_view name) {
    return name.starts_with("llamahome.");
}

std::uint64_t Manifest::totalBytes() const {
    std::uint64_t total = 0;
    for (const ManifestFile& file : files)
        total += file.sizeBytes;
    return total;
}

Result<Manifest> parseManifest(std::string_view text, const std::string& what) {
    const auto json = parseJson(text, what, {8, kMaxManifestBytes});
    if (!json) return Error{codes::kManifestShape, json.error().message, json.error().detail};
    return ManifestReader(*json, what).read();
}

Result<Manifest> readManifest(const fs::path& folder) {
    const fs::path path = folder / kManifestName;
    const auto text = readFile(path, kMaxManifestBytes);
    if (!text) return text.error();
    return parseManifest(*text, displayPath(path));
}

Result<void> writeManifest(FileLayer& files, const fs::path& folder, const Manifest& manifest) {
    Json json{{"schema", kSchema},           {"kind", manifest.kind},     {"family", manifest.family},
              {"version", manifest.version}, {"source", manifest.source}, {"commit", manifest.commit},
              {"files", Json::array()},      {"digest", manifest.digest}};
    if (!manifest.sourceSha256.empty()) json[kSourceHash] = manifest.sourceSha256;
    for (const ManifestFile& file : manifest.files)
        json["files"].push_back(Json{
            {"path", file.path}, {"size", file.sizeBytes}, {"sha256", file.sha256}, {"origin", file.origin}});
    return writeFileAtomically(files, folder / kManifestName, writeJson(json));
}

Result<Manifest> buildManifest(const fs::path& folder, Manifest labels, std::string_view origin,
                               const CancelToken& cancel, const ProgressSink& progress) {
    const auto found = filesOf(folder);
    if (!found) return found.error();
    Progress state{"hashing", 0, 0, "bytes"};
    for (const auto& [name, size] : *found)
        state.total += size;
    labels.files.clear();
    for (const auto& [name, size] : *found) {
        const std::uint64_t before = state.done;
        const auto digest = sha256File(folder / name, cancel, [&, size = size](const Progress& step) {
            state.done = before + std::min(step.done, size);
            if (progress) progress(state);
        });
        if (!digest) return digest.error();
        state.done = before + size;
        labels.files.push_back({name, size, *digest, std::string(origin)});
    }
    if (progress) progress(state);
    labels.digest = manifestDigest(labels.files);
    return labels;
}

bool isFromHub(const Manifest& manifest) {
    return manifest.source.find('/') != std::string::npos && !manifest.commit.empty() &&
           !manifest.commit.starts_with("sha256:");
}

bool hasFilesOfHub(const Manifest& manifest) {
    return isFromHub(manifest) && manifest.sourceSha256.empty();
}

std::string manifestDigest(const std::vector<ManifestFile>& files) {
    std::map<std::string, std::string> counted;
    for (const ManifestFile& file : files)
        if (isPartOfDigest(file.path)) counted.emplace(file.path, file.sha256);
    Digest hash(DigestKind::Sha256);
    for (const auto& [name, digest] : counted)
        hash.update(name + '\n' + digest + '\n');
    return hash.hex();
}

} // namespace llamahome::jobs
