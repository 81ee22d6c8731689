#include "jobs/import/import_model.h"

#include <algorithm>
#include <map>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/quantity.h"
#include "formats/meta/meta_checklist.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/import/adapter_base.h"
#include "jobs/import/import_conversion.h"
#include "jobs/import/import_files.h"
#include "jobs/import/import_name.h"
#include "jobs/import/import_source.h"
#include "jobs/library/copy_file.h"
#include "jobs/library/disk_room.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/model_spec.h"
#include "jobs/verify/model_checks.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShownNames = 3;
constexpr std::string_view kFirstSeen = "first seen";

/// What the Hub's cache and Ollama's store call a file is its hash.
Error otherHash(const SourceFile& file, const std::string& found) {
    return Error{codes::kHashMismatch, displayPath(file.path) + ": found SHA-256 " + found +
                                           ", expected that of its name; get the model again from where it "
                                           "came"};
}

/// What stands in a folder, in words: the first names and how many more.
std::string contentOf(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator one(folder, failure), end; !failure && one != end; one.increment(failure))
        names.push_back(displayPath(one->path().filename()));
    if (names.empty()) return "a file or a folder that cannot be read";
    std::sort(names.begin(), names.end());
    std::string text;
    for (std::size_t i = 0; i < std::min(kShownNames, names.size()); ++i)
        text += (i > 0 ? ", " : "") + names[i];
    return names.size() > kShownNames ? text + " and " + std::to_string(names.size() - kShownNames) + " more"
                                      : text;
}

/// One import under way: what is known of it at the start, then its steps in order.
class Import {
public:
    Import(const ImportSource& source, ModelName name, bool isInstruct, const RootLock& lock, bool link,
           FileLayer& files, const CancelToken& cancel, const ProgressSink& progress)
        : m_source(source)
        , m_name(std::move(name))
        , m_isInstruct(isInstruct)
        , m_link(link)
        , m_files(files)
        , m_cancel(cancel)
        , m_progress(progress)
        , m_target(modelFolder(lock.root(), m_name.family, m_name.version))
        , m_staging(lock.root(), m_name.family, m_name.version) {}

    /// True when the same model is there already; IMP-03 when another one is.
    Result<bool> isInstalled();
    Result<void> checkSpace() const;
    /// The structure of a folder, before its first byte is copied; of an adapter also its base.
    Result<void> checkSource(const Library& library);
    /// Makes the model's folder visible as a whole. On failure nothing of it stays.
    Result<void> run();
    /// After run(): what the user should know.
    std::vector<std::string> notes() const { return m_notes; }

private:
    Result<void> fill();
    Result<void> takeFiles();
    Result<void> proveHashes(const Manifest& manifest) const;
    Result<Manifest> labels();
    Result<std::vector<ManifestFile>> sourceHashes();
    Result<void> identify();
    Result<void> checkStaging() const;
    Error exists(const std::string& why) const;
    Error ofSource(Error error) const;
    bool isAdapter() const { return m_source.form == SourceForm::Adapter; }
    std::string shownName() const {
        return isAdapter() ? m_name.version : m_name.family + "/" + m_name.version;
    }
    /// For the end of a message.
    std::string underAnotherName() const {
        return std::string("import under another name, as in `--as ") +
               (isAdapter() ? "NAME`" : "local NAME`");
    }
    std::uint64_t writtenBytes() const;

    const ImportSource& m_source;
    ModelName m_name;
    bool m_isInstruct; ///< of a Meta source
    bool m_link;
    FileLayer& m_files;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    fs::path m_target;
    StagingFolder m_staging;
    std::string m_sourceHash;         ///< of what is converted
    std::optional<ModelEntry> m_base; ///< of an adapter
    std::vector<std::string> m_notes;
};

Error Import::exists(const std::string& why) const {
    return Error{codes::kImportExists, displayPath(m_target) + ": " + why};
}

Result<std::vector<ManifestFile>> Import::sourceHashes() {
    Progress state{"hashing the source", 0, 0, "bytes"};
    for (const SourceFile& file : m_source.files)
        state.total += file.sizeBytes;
    std::vector<ManifestFile> files;
    for (const SourceFile& file : m_source.files) {
        const std::uint64_t before = state.done;
        const auto digest = sha256File(file.path, m_cancel, [&](const Progress& step) {
            state.done = before + std::min(step.done, file.sizeBytes);
            if (m_progress) m_progress(state);
        });
        if (!digest) return digest.error();
        if (!file.expectedSha256.empty() && *digest != file.expectedSha256) return otherHash(file, *digest);
        state.done = before + file.sizeBytes;
        files.push_back({file.name, file.sizeBytes, *digest, {}});
    }
    return files;
}

/// A converted model is known by what it was made of: one file's hash, else one over the hashes of all.
Result<void> Import::identify() {
    if (!m_sourceHash.empty()) return {};
    const auto files = sourceHashes();
    if (!files) return files.error();
    std::string hash = files->front().sha256;
    const auto isPart = [](const ManifestFile& file) { return !isSideFile(file.path); };
    if (m_source.form == SourceForm::Meta) {
        hash = manifestDigest(*files);
    } else if (std::count_if(files->begin(), files->end(), isPart) > 1) {
        Sha256 all;
        for (const ManifestFile& file : *files)
            if (isPart(file)) all.update(file.sha256 + '\n');
        hash = all.hexDigest();
    }
    m_sourceHash = hash;
    return {};
}

Result<bool> Import::isInstalled() {
    std::error_code failure;
    if (!fs::exists(fs::symlink_status(m_target, failure))) return false;
    const auto manifest = readManifest(m_target);
    if (!manifest) {
        if (manifest.error().code != codes::kFileNotFound) return manifest.error();
        if (fs::is_directory(fs::symlink_status(m_target, failure)) && fs::is_empty(m_target, failure))
            return false;
        return exists("found " + contentOf(m_target) +
                      ", no model of LlamaHome; move this folder away or delete it, or " +
                      underAnotherName());
    }
    bool isSame = false;
    if (isConverted(m_source.form)) {
        if (auto known = identify(); !known) return known.error();
        // Once it stood in place of the commit.
        isSame = manifest->sourceSha256 == m_sourceHash || manifest->commit == "sha256:" + m_sourceHash;
    } else {
        const auto files = sourceHashes();
        if (!files) return files.error();
        isSame = manifest->digest == manifestDigest(*files);
    }
    if (isSame) return true;
    return exists(std::string("another ") + (isAdapter() ? "adapter" : "model") +
                  " of that name is there (from " + manifest->source +
                  "); remove it with `llamahome remove " +
                  (isAdapter() ? m_name.version : m_name.family + " " + m_name.version) + "`, or " +
                  underAnotherName());
}

std::uint64_t Import::writtenBytes() const {
    if (isConverted(m_source.form) || !m_link) return m_source.resultBytes;
    std::uint64_t bytes = 0;
    for (const SourceFile& file : m_source.files)
        if (!file.isWeights) bytes += file.sizeBytes;
    return bytes;
}

Result<void> Import::checkSpace() const {
    return checkDiskRoom(m_target, writtenBytes(), "the import of " + shownName(), "with --root DIR");
}

Result<void> Import::checkSource(const Library& library) {
    if (isAdapter()) {
        auto found = findAdapterBase(library, m_source.place);
        if (!found) return found.error();
        m_base = std::move(found->base);
        if (!found->note.empty()) m_notes.push_back(std::move(found->note));
        return {};
    }
    if (m_source.form == SourceForm::Meta)
        return formats::checkMetaChecklist(m_source.place, m_cancel, m_progress);
    if (m_source.form == SourceForm::HubFolder) return checkModelFolder(m_source.place);
    if (m_source.form == SourceForm::Gguf) return {};
    // The weights were looked at when the source was inspected.
    const auto config = checkConfiguration(m_source.place);
    if (!config) return config.error();
    const auto tokenizer = checkTokenizer(m_source.place, *config);
    return tokenizer ? Result<void>() : tokenizer.error();
}

/// What is wrong with the staging folder, said of the place it was taken from: a person can look at that.
Error Import::ofSource(Error error) const {
    const std::string staging = displayPath(m_staging.path());
    const std::string place = displayPath(m_source.place);
    for (std::string* text : {&error.message, &error.detail})
        for (std::size_t at = 0; (at = text->find(staging, at)) != std::string::npos; at += place.size())
            text->replace(at, staging.size(), place);
    return error;
}

Result<void> Import::takeFiles() {
    m_notes.insert(m_notes.end(), m_source.notes.begin(), m_source.notes.end());
    if (isConverted(m_source.form)) {
        auto notes = convertSource(m_source, m_isInstruct, m_files, m_staging.path(), m_cancel, m_progress);
        if (!notes) return notes.error();
        m_notes.insert(m_notes.end(), notes->begin(), notes->end());
        return {};
    }
    Progress state{"copying", 0, writtenBytes(), "bytes"};
    for (const SourceFile& file : m_source.files) {
        const fs::path to = m_staging.path() / file.name;
        if (m_link && file.isWeights) {
            if (auto linked = m_files.symlink(file.path, to); !linked) return linked;
            continue;
        }
        const auto copied = copyFile(m_files, file.path, to, m_cancel, [&](std::uint64_t bytes) {
            state.done = std::min(state.done + bytes, state.total);
            if (m_progress) m_progress(state);
        });
        if (!copied) return copied;
    }
    return {};
}

/// Of copied files; of what is converted sourceHashes() has proved it.
Result<void> Import::proveHashes(const Manifest& manifest) const {
    if (isConverted(m_source.form)) return {};
    std::map<std::string, std::string> found;
    for (const ManifestFile& file : manifest.files)
        found.emplace(file.path, file.sha256);
    for (const SourceFile& file : m_source.files)
        if (!file.expectedSha256.empty() && found[file.name] != file.expectedSha256)
            return otherHash(file, found[file.name]);
    return {};
}

Result<Manifest> Import::labels() {
    Manifest manifest;
    manifest.family = m_name.family;
    manifest.version = m_name.version;
    manifest.source = m_source.name;
    manifest.commit = m_source.commit;
    if (isAdapter()) {
        manifest.kind = kAdapterKind;
        if (m_base) {
            manifest.family = m_base->family;
            manifest.version = m_base->version;
        }
    }
    if (isConverted(m_source.form)) {
        if (auto known = identify(); !known) return known.error();
        manifest.sourceSha256 = m_sourceHash;
    }
    return manifest;
}

Result<void> Import::checkStaging() const {
    if (!isAdapter()) return checkModelFolder(m_staging.path());
    const auto adapter = formats::readPeftAdapter(m_staging.path());
    return adapter ? Result<void>() : Result<void>(adapter.error());
}

Result<void> Import::fill() {
    auto named = labels();
    if (!named) return named.error();
    if (auto made = m_files.makeDirectory(m_staging.path()); !made) return made;
    if (auto taken = takeFiles(); !taken) return taken;
    if (auto checked = checkStaging(); !checked) return ofSource(checked.error());
    auto manifest = buildManifest(m_staging.path(), std::move(*named), kFirstSeen, m_cancel, m_progress);
    if (!manifest) return manifest.error();
    if (auto proved = proveHashes(*manifest); !proved) return proved;
    for (ManifestFile& file : manifest->files)
        for (const SourceFile& given : m_source.files)
            if (given.name == file.path && !given.expectedSha256.empty()) file.origin = given.origin;
    if (auto written = writeManifest(m_files, m_staging.path(), *manifest); !written) return written;
    if (auto renamed = m_files.rename(m_staging.path(), m_target); !renamed)
        return renamed.error().code == codes::kFileExists
                   ? exists("another import has made it meanwhile; look at it with `llamahome models`")
                   : renamed;
    return m_files.syncDirectory(m_target.parent_path());
}

Result<void> Import::run() {
    if (auto made = m_files.makeDirectories(m_target.parent_path()); !made) return made;
    const auto filled = fill();
    if (filled) return filled;
    (void)removeTree(m_files, m_staging.path());
    std::error_code failure;
    if (fs::is_empty(m_target.parent_path(), failure) && !failure)
        (void)m_files.remove(m_target.parent_path());
    return filled;
}

/// What a download knows of its files and their folder does not tell.
void takeSourceName(ImportSource& source, const ImportRequest& request) {
    source.name = request.sourceName;
    source.commit = request.commit;
    const std::size_t slash = source.name.find('/');
    if (request.commit.empty() || slash == std::string::npos) return;
    source.organisation = source.name.substr(0, slash);
    source.suggestedName = source.name.substr(slash + 1);
    source.isInstructByName = saysInstruct(source.suggestedName);
}

/// Meta's files do not say it: the catalogue does for its own models, the names that they come under for
/// others.
bool isInstruct(const ImportSource& source, const ModelName& name, const config::Catalog& catalog) {
    const auto known = catalog.find(name.family, name.version);
    return source.isInstructByName || (known && known->instruct) || saysInstruct(name.version);
}

} // namespace

Result<ImportResult> importModel(const ImportRequest& request, const RootLock& lock,
                                 const config::Catalog& catalog, FileLayer& files, const CancelToken& cancel,
                                 const ProgressSink& progress) {
    auto source = inspectSource(request.source, request.hubCache);
    if (!source) return source.error();
    if (!request.sourceName.empty()) takeSourceName(*source, request);
    if (request.link && isConverted(source->form))
        return Error{codes::kImportName,
                     "--link: " + source->name + " is converted, so it cannot be linked; leave --link out"};
    auto name = importName(catalog, request.family, request.version, *source);
    if (!name) return name.error();
    clearLeftovers(lock, files);
    const Library library(lock.root(), catalog);
    Import import(*source, *name, isInstruct(*source, *name, catalog), lock, request.link, files, cancel,
                  progress);
    const auto installed = import.isInstalled();
    if (!installed) return installed.error();
    if (!*installed) {
        if (auto space = import.checkSpace(); !space) return space.error();
        if (auto checked = import.checkSource(library); !checked) return checked.error();
        if (auto done = import.run(); !done) return done.error();
    }
    const bool isAdapter = source->form == SourceForm::Adapter;
    auto entry = isAdapter ? library.findAdapter(name->version) : library.find(name->family, name->version);
    if (!entry)
        return Error{codes::kInternal, name->family + "/" + name->version + " is not there after its import"};
    if (!entry->isUsable())
        return Error{codes::kModelDamaged, entry->name + " is there already, but " +
                                               std::string(stateName(entry->state)) + ": " + entry->problem +
                                               "; remove it with `llamahome remove " + commandWords(*entry) +
                                               "` and import it again"};
    ImportResult result{std::move(*entry), *installed, import.notes()};
    if (isAdapter)
        if (auto base = baseOfAdapter(library, result.entry)) result.base = std::move(*base);
    return result;
}

} // namespace llamahome::jobs
