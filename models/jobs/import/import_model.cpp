#include "jobs/import/import_model.h"

#include <algorithm>
#include <map>

#include "core/error_codes.h"
#include "core/quantity.h"
#include "formats/meta/meta_checklist.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/import/adapter_base.h"
#include "jobs/import/import_conversion.h"
#include "jobs/import/import_files.h"
#include "jobs/import/import_name.h"
#include "jobs/import/import_source.h"
#include "jobs/import/source_proof.h"
#include "jobs/library/copy_file.h"
#include "jobs/library/disk_room.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/model_spec.h"
#include "jobs/train/finished_adapter.h"
#include "jobs/verify/file_checks.h"
#include "jobs/verify/model_checks.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShownNames = 3;
constexpr std::string_view kFirstSeen = "first seen";

/// What stands in a folder, in words: the first names and how many more.
std::string contentOf(const fs::path& folder) {
    const std::vector<fs::path> entries = entriesOf(folder);
    if (entries.empty()) return "a file or a folder that cannot be read";
    std::string text;
    for (std::size_t i = 0; i < std::min(kShownNames, entries.size()); ++i)
        text += (i > 0 ? ", " : "") + nameOf(entries[i]);
    return entries.size() > kShownNames
               ? text + " and " + std::to_string(entries.size() - kShownNames) + " more"
               : text;
}

/// What an import finds under the name that it shall get.
enum class Standing {
    Free,
    Same,    ///< the same model, whole
    Replace, ///< a model whose place it takes
    InPlace, ///< the source itself
};

/// The first name in the folder of a model that is not the model's; empty where all are. By its names where
/// the manifest cannot be read.
std::string strangerIn(const fs::path& folder, const Result<Manifest>& manifest, bool isAdapter) {
    if (manifest) {
        const std::vector<std::string> unlisted = unlistedFiles(folder, *manifest);
        return unlisted.empty() ? std::string() : unlisted.front();
    }
    for (const fs::path& entry : entriesOf(folder)) {
        const std::string name = nameOf(entry);
        if (!isProgramsOwn(name) && !(isAdapter ? belongsToAdapter(name) : belongsToModel(name))) return name;
    }
    return {};
}

/// One import under way: what is known of it at the start, then its steps in order.
class Import {
public:
    Import(const ImportSource& source, ModelName name, bool isInstruct, const RootLock& lock,
           const ImportRequest& request, FileLayer& files, const CancelToken& cancel,
           const ProgressSink& progress)
        : m_source(source)
        , m_name(std::move(name))
        , m_isInstruct(isInstruct)
        , m_lock(lock)
        , m_request(request)
        , m_files(files)
        , m_cancel(cancel)
        , m_progress(progress)
        , m_target(modelFolder(lock.root(), m_name.family, m_name.version))
        , m_staging(lock.root(), m_name.family, m_name.version)
        , m_proof(source, cancel, progress) {}

    /// IMP-03 when the name is taken. `there`: what the library knows under it.
    Result<Standing> standing(const std::optional<ModelEntry>& there);
    Result<void> checkSpace() const;
    /// The structure of a folder, before its first byte is copied; of an adapter also its base.
    Result<void> checkSource(const Library& library);
    /// Makes the model's folder visible as a whole. On failure nothing of it stays.
    Result<void> run(Standing standing);
    void note(std::string text) {
        if (!text.empty()) m_notes.push_back(std::move(text));
    }
    /// After run(): what the user should know.
    std::vector<std::string> notes() const { return m_notes; }

private:
    Result<Standing> taken(const std::optional<ModelEntry>& there);
    Result<Standing> elsewhere(const ModelEntry& there);
    /// Files of the source in its own folder, which becomes a model of the library.
    Result<void> adopt();
    Result<void> fill();
    Result<void> publish();
    Result<void> replace();
    Result<void> takeFiles();
    Result<void> proveHashes(const Manifest& manifest) const;
    Result<Manifest> labels();
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
    const RootLock& m_lock;
    const ImportRequest& m_request;
    FileLayer& m_files;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    fs::path m_target;
    StagingFolder m_staging;
    SourceProof m_proof;
    std::optional<ModelEntry> m_base; ///< of an adapter
    std::vector<std::string> m_notes;
};

Error Import::exists(const std::string& why) const {
    return Error{codes::kImportExists, displayPath(m_target) + ": " + why};
}

Result<Standing> Import::standing(const std::optional<ModelEntry>& there) {
    if (there && there->path != m_target && isThere(there->path / kManifestName)) return elsewhere(*there);
    if (there && there->state == ModelState::Offline && !isThere(m_target))
        return exists("a model of that name is known, and " + there->problem + ", or " + underAnotherName());
    if (!isThere(m_target)) return Standing::Free;
    if (isThere(m_target / kManifestName)) return taken(there);
    std::error_code failure;
    if (fs::is_directory(fs::symlink_status(m_target, failure)) && fs::is_empty(m_target, failure))
        return Standing::Free;
    if (!isConverted(m_source.form) && fs::equivalent(m_source.place, m_target, failure))
        return Standing::InPlace;
    return exists("found " + contentOf(m_target) +
                  ", no model of LlamaHome; move this folder away or delete it, or " + underAnotherName());
}

/// Of a name that a model in one of the further folders has.
Result<Standing> Import::elsewhere(const ModelEntry& there) {
    const auto manifest = readManifest(there.path);
    if (!manifest) return manifest.error();
    const auto isSame = m_proof.isOf(*manifest);
    if (!isSame) return isSame.error();
    if (*isSame && there.isUsable()) return Standing::Same;
    return exists("the name is that of " + displayPath(there.path) + "; `llamahome remove " +
                  commandWords(there) + "` frees it, or " + underAnotherName());
}

/// Of a name that a model of the library has.
Result<Standing> Import::taken(const std::optional<ModelEntry>& there) {
    const auto manifest = readManifest(m_target);
    if (!manifest && !m_request.replace)
        return manifest.error().within(shownName() + " is there and damaged; --replace puts this one in its "
                                                     "place");
    if (manifest) {
        const auto isSame = m_proof.isOf(*manifest);
        if (!isSame) return isSame.error();
        if (*isSame && there && there->isUsable()) return Standing::Same;
        if (!*isSame && !m_request.replace)
            return exists(std::string("another ") + (isAdapter() ? "adapter" : "model") +
                          " of that name is there (from " + manifest->source +
                          "); put this one in its place with --replace, or " + underAnotherName());
    }
    const std::string stranger = strangerIn(m_target, manifest, isAdapter());
    if (stranger.empty()) return Standing::Replace;
    return exists("found " + stranger +
                  " in the folder of the model that shall be replaced, no file of it; "
                  "move that away first");
}

std::uint64_t Import::writtenBytes() const {
    if (isConverted(m_source.form) || !m_request.link) return m_source.resultBytes;
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
        note(std::move(found->note));
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
        if (m_request.link && file.isWeights) {
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

/// Of copied files; of what is converted the hashes of the source have proved it.
Result<void> Import::proveHashes(const Manifest& manifest) const {
    if (isConverted(m_source.form)) return {};
    std::map<std::string, std::string> found;
    for (const ManifestFile& file : manifest.files)
        found.emplace(file.path, file.sha256);
    for (const SourceFile& file : m_source.files)
        if (!file.expectedSha256.empty() && found[file.name] != file.expectedSha256)
            return otherThanNamed(file, found[file.name]);
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
        auto identity = m_proof.identity();
        if (!identity) return identity.error();
        manifest.sourceSha256 = std::move(*identity);
    }
    return manifest;
}

Result<void> Import::checkStaging() const {
    if (!isAdapter()) return checkModelFolder(m_staging.path());
    const auto adapter = formats::readPeftAdapter(m_staging.path());
    return adapter ? Result<void>() : Result<void>(adapter.error());
}

Result<void> Import::adopt() {
    auto manifest = labels();
    if (!manifest) return manifest.error();
    const auto files = m_proof.files();
    if (!files) return files.error();
    manifest->files = **files;
    for (std::size_t i = 0; i < manifest->files.size(); ++i) {
        const std::string& origin = m_source.files[i].origin;
        manifest->files[i].origin = origin.empty() ? std::string(kFirstSeen) : origin;
    }
    manifest->digest = manifestDigest(manifest->files);
    return writeManifest(m_files, m_target, *manifest);
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
    return writeManifest(m_files, m_staging.path(), *manifest);
}

Result<void> Import::publish() {
    if (auto renamed = m_files.rename(m_staging.path(), m_target); !renamed)
        return renamed.error().code == codes::kFileExists
                   ? exists("another import has made it meanwhile; look at it with `llamahome models`")
                   : renamed;
    return m_files.syncDirectory(m_target.parent_path());
}

/// The old model lies beside, as the new one or as what is replaced, until it is deleted, so that a cut
/// leaves it to the next import's clearing.
Result<void> Import::replace() {
    const auto removing = m_lock.removing();
    const auto exchanged = m_files.exchange(m_staging.path(), m_target);
    if (!exchanged) return exchanged.error();
    if (!*exchanged) {
        const StagingFolder aside(m_lock.root(), m_name.family, m_name.version, LeftoverKind::Replaced);
        if (auto moved = m_files.rename(m_target, aside.path()); !moved) return moved;
        if (auto moved = m_files.rename(m_staging.path(), m_target); !moved) {
            (void)m_files.rename(aside.path(), m_target);
            return moved;
        }
        (void)removeTree(m_files, aside.path());
    }
    (void)removeTree(m_files, m_staging.path());
    return m_files.syncDirectory(m_target.parent_path());
}

Result<void> Import::run(Standing standing) {
    if (standing == Standing::InPlace) return adopt();
    if (auto made = m_files.makeDirectories(m_target.parent_path()); !made) return made;
    Result<void> done = fill();
    if (done) done = standing == Standing::Replace ? replace() : publish();
    if (done) return done;
    (void)removeTree(m_files, m_staging.path());
    (void)removeIfEmpty(m_target.parent_path(), m_files);
    return done;
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

/// What the request names; else the place of a folder in the data root, where that is a name.
Result<ModelName> importedName(const ImportRequest& request, const ImportSource& source, const DataRoot& root,
                               const config::Catalog& catalog) {
    const fs::path family = source.place.parent_path();
    std::error_code failure;
    if (request.family.empty() && request.version.empty() && !isConverted(source.form) &&
        fs::equivalent(family.parent_path(), root.models(), failure))
        if (auto name = importName(catalog, nameOf(family), nameOf(source.place), source)) return name;
    return importName(catalog, request.family, request.version, source);
}

} // namespace

Result<ImportResult> importModel(const ImportRequest& request, const RootLock& lock,
                                 const config::Catalog& catalog, FileLayer& files, const CancelToken& cancel,
                                 const ProgressSink& progress) {
    auto source = inspectSource(request.source, request.places);
    if (!source) return source.error();
    if (!request.sourceName.empty()) takeSourceName(*source, request);
    if (request.link && isConverted(source->form))
        return Error{codes::kImportName,
                     "--link: " + source->name + " is converted, so it cannot be linked; leave --link out"};
    auto name = importedName(request, *source, lock.root(), catalog);
    if (!name) return name.error();
    clearLeftovers(lock, files);
    const Library library(lock.root(), catalog);
    const bool isAdapter = source->form == SourceForm::Adapter;
    const auto found = [&] {
        return isAdapter ? library.findAdapter(name->version) : library.find(name->family, name->version);
    };
    Import import(*source, *name, isInstruct(*source, *name, catalog), lock, request, files, cancel,
                  progress);
    import.note(nameDoubt(catalog, *name, *source));
    const auto standing = import.standing(found());
    if (!standing) return standing.error();
    if (*standing != Standing::Same) {
        if (*standing != Standing::InPlace)
            if (auto space = import.checkSpace(); !space) return space.error();
        if (auto checked = import.checkSource(library); !checked) return checked.error();
        if (auto done = import.run(*standing); !done) return done.error();
    }
    auto entry = found();
    if (!entry || !entry->isUsable())
        return Error{codes::kInternal, name->family + "/" + name->version + " is not there after its import"};
    ImportResult result{std::move(*entry), *standing == Standing::Same, *standing == Standing::Replace,
                        import.notes()};
    if (isAdapter)
        if (auto base = baseOfAdapter(library, result.entry)) result.base = std::move(*base);
    return result;
}

} // namespace llamahome::jobs
