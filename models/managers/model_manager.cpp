#include "managers/model_manager.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <variant>

#include <QPointer>

#include "config/hub_cache.h"
#include "config/lm_studio.h"
#include "config/ollama_store.h"
#include "config/settings_loader.h"
#include "core/error_codes.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/shell_quote.h"
#include "formats/hub/model_config.h"
#include "jobs/export/model_card.h"
#include "jobs/import/import_name.h"
#include "jobs/library/model_spec.h"
#include "jobs/library/samples.h"
#include "jobs/memory_estimate.h"
#include "jobs/train/adapter_record.h"
#include "managers/adapter_bases.h"
#include "managers/model_words.h"
#include "managers/run_job.h"
#include "managers/text.h"
#include "managers/train_command.h"
#include "managers/workspace_settings.h"

namespace llamahome::managers {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMemoryStep = 64U << 20; ///< free memory is another all the time; less is not told

bool mayChangeModels(JobKind kind) {
    return kind == JobKind::Import || kind == JobKind::Verify || kind == JobKind::Remove ||
           kind == JobKind::Train || kind == JobKind::Download;
}

bool isOtherMemory(std::uint64_t a, std::uint64_t b) {
    return std::max(a, b) - std::min(a, b) >= kMemoryStep;
}

ModelFacts readFacts(const jobs::ModelEntry& entry) {
    ModelFacts facts;
    if (entry.catalog) {
        facts.parameters = entry.catalog->parameters;
        facts.contextTokens = entry.catalog->contextLength;
    }
    if (entry.state == jobs::ModelState::Absent) return facts;
    if (const auto manifest = jobs::readManifest(entry.path)) {
        facts.source = manifest->source;
        facts.commit = manifest->commit;
    }
    const auto config = formats::readModelConfig(entry.path / "config.json");
    if (!config) return facts;
    facts.parameters = config->parameterCount();
    facts.contextTokens = config->max_position_embeddings;
    return facts;
}

ModelFacts readAdapterFacts(const jobs::ModelEntry& adapter, const std::string& base) {
    ModelFacts facts;
    facts.base = base;
    const auto text = jobs::readTrainingRecord(adapter.path);
    if (!text || text->empty()) return facts;
    const jobs::AdapterRecord record = jobs::parseAdapterRecord(*text);
    facts.run = record.run;
    facts.step = record.step;
    facts.totalSteps = record.totalSteps;
    facts.trainLoss = record.trainLoss;
    facts.evalLoss = record.evalLoss;
    return facts;
}

bool isSame(const std::vector<jobs::ModelEntry>& a, const std::vector<jobs::ModelEntry>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const jobs::ModelEntry& one, const jobs::ModelEntry& other) {
                          return one.name == other.name && one.state == other.state &&
                                 one.sizeBytes == other.sizeBytes && one.path == other.path &&
                                 one.problem == other.problem && one.kind == other.kind &&
                                 one.memoryToChatBytes == other.memoryToChatBytes &&
                                 one.memoryToTrainBytes == other.memoryToTrainBytes;
                      });
}

std::optional<jobs::ModelEntry> findIn(const std::vector<jobs::ModelEntry>& entries, const QString& name) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [wanted = fromQt(name)](const auto& one) { return one.name == wanted; });
    return found == entries.end() ? std::nullopt : std::optional(*found);
}

/// The entry as it is typed after a command.
void appendTyped(std::vector<std::string>& words, const std::optional<jobs::ModelEntry>& entry,
                 const QString& name) {
    if (entry && entry->catalog)
        words.insert(words.end(), {entry->family, entry->version});
    else
        words.push_back(fromQt(name));
}

/// The installed base of an adapter.
std::optional<jobs::ModelEntry> baseOf(const jobs::ModelEntry& entry, const Workspace& workspace) {
    if (entry.kind != jobs::kAdapterKind) return std::nullopt;
    auto base = jobs::baseOfAdapter(jobs::Library(workspace.root, workspace.catalog), entry);
    return base ? std::optional(std::move(*base)) : std::nullopt;
}

Result<jobs::ImportSource> inspected(const std::string& path, const jobs::SourcePlaces& places) {
    if (path.empty())
        return Error{codes::kImportSource, "import: found no path, expected a model folder or a .gguf file"};
    return jobs::inspectSource(path, places);
}

/// Not on the GUI thread: it reads where LM Studio lies.
jobs::SourcePlaces placesOf(const config::Environment& environment) {
    return {config::hubCacheFolder(environment), config::ollamaStoreFolders(environment),
            config::lmStudioFolders(environment)};
}

} // namespace

ModelManager::ModelManager(ManagerContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context) {
    connect(&m_context.jobs, &JobList::jobFinished, this, [this](const Job* job) {
        if (mayChangeModels(job->kind())) refresh();
    });
    installSamples();
    refresh();
}

void ModelManager::refresh() {
    m_isStale = m_isReading;
    if (m_isReading) return;
    m_isReading = true;
    runTask<Listing>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace] { return readListing(workspace); }, this,
        [this](Listing listing) { take(std::move(listing)); });
}

ModelManager::Listing ModelManager::readListing(const Workspace& workspace) {
    const config::Settings settings = readSettings(workspace).resolved.values;
    const jobs::Library library(workspace.root, workspace.catalog);
    Listing listing;
    listing.models = library.list();
    if (auto kept = jobs::rememberPlaces(*workspace.files, workspace.root); !kept)
        logLine(LogLevel::Warning, "managers", kept.error().message);
    listing.adapters = library.installedAdapters();
    listing.places = jobs::roomOfPlaces(workspace.root);
    listing.usableMemory = jobs::usableMemory(settings.model.memory);
    for (const jobs::ModelEntry& entry : listing.models)
        listing.facts[entry.name] = readFacts(entry);
    const auto bases = readAdapterBases(listing.models, listing.adapters);
    for (const jobs::ModelEntry& entry : listing.adapters) {
        const auto base = bases.find(entry.name);
        listing.facts[entry.name] =
            readAdapterFacts(entry, base == bases.end() ? std::string() : base->second.name);
    }
    listing.rootWords = rootWordsFor(workspace, settings);
    listing.hubEndpoint = settings.model.hub.endpoint;
    return listing;
}

void ModelManager::take(Listing listing) {
    const bool isOther = !m_isListed || !isSame(m_models, listing.models) ||
                         !isSame(m_adapters, listing.adapters) || m_facts != listing.facts ||
                         isOtherMemory(m_usableMemory, listing.usableMemory);
    m_models = std::move(listing.models);
    m_adapters = std::move(listing.adapters);
    m_places = std::move(listing.places);
    m_facts = std::move(listing.facts);
    m_rootWords = std::move(listing.rootWords);
    m_hubEndpoint = std::move(listing.hubEndpoint);
    if (isOther) m_usableMemory = listing.usableMemory; // else that which was told
    m_isListed = true;
    std::erase_if(m_reports, [this](const auto& report) { return !isThere(toQt(report.first)); });
    m_isReading = false;
    if (m_isStale) refresh();
    if (isOther) Q_EMIT modelsChanged();
    Q_EMIT listRead();
}

QString ModelManager::hubPage(const QString& name) const {
    const auto entry = find(name);
    if (!entry || entry->hubId.empty()) return {};
    return toQt(m_hubEndpoint + (m_hubEndpoint.ends_with('/') ? "" : "/") + entry->hubId);
}

void ModelManager::installSamples() {
    runTask<Result<void>>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace] {
            return jobs::installSamples(*workspace.files, workspace.shipped, workspace.root);
        },
        this,
        [this](const Result<void>& installed) {
            if (installed)
                Q_EMIT samplesInstalled();
            else
                Q_EMIT failed(installed.error());
        });
}

std::optional<jobs::ModelEntry> ModelManager::find(const QString& name) const {
    return findIn(m_models, name);
}

std::optional<jobs::ModelEntry> ModelManager::findAdapter(const QString& name) const {
    return findIn(m_adapters, name);
}

std::optional<jobs::ModelEntry> ModelManager::findAny(const QString& name) const {
    auto entry = find(name);
    return entry ? entry : findAdapter(name);
}

bool ModelManager::isThere(const QString& name) const {
    const auto entry = findAny(name);
    return entry && entry->state != jobs::ModelState::Absent && entry->state != jobs::ModelState::Partial;
}

bool ModelManager::hasUsableModel() const {
    return std::any_of(m_models.begin(), m_models.end(), [](const auto& entry) { return entry.isUsable(); });
}

ModelFacts ModelManager::facts(const QString& name) const {
    const auto found = m_facts.find(fromQt(name));
    return found == m_facts.end() ? ModelFacts{} : found->second;
}

Verdict ModelManager::verdict(std::uint64_t needed) const {
    if (needed == 0 || m_usableMemory == 0) return {Fit::Unknown, needed, 0};
    if (needed <= m_usableMemory) return {Fit::Fits, needed, 0};
    return {Fit::TooLarge, needed, needed - m_usableMemory};
}

Verdict ModelManager::chatVerdict(const jobs::ModelEntry& entry) const {
    return verdict(entry.memoryToChatBytes);
}

Verdict ModelManager::trainVerdict(const jobs::ModelEntry& entry) const {
    return verdict(entry.memoryToTrainBytes);
}

void ModelManager::inspectImport(const QString& path) {
    runTask<Result<jobs::ImportSource>>(
        m_context.filePool, m_context.jobs,
        [path = fromQt(path), environment = m_context.workspace.environment] {
            return inspected(path, placesOf(environment));
        },
        this,
        [this, path](Result<jobs::ImportSource> source) {
            if (!source) {
                Q_EMIT importRefused(path, source.error());
                return;
            }
            ImportProposal proposal;
            proposal.path = path;
            proposal.resultBytes = source->resultBytes;
            proposal.isConverted = jobs::isConverted(source->form);
            proposal.source = std::move(*source);
            const auto name = jobs::importName(m_context.workspace.catalog, {}, {}, proposal.source);
            proposal.family = name ? toQt(name->family) : QStringLiteral("local");
            proposal.version = toQt(name ? name->version : proposal.source.suggestedName);
            Q_EMIT importProposed(proposal);
        });
}

Result<ModelWords> ModelManager::importName(const ImportProposal& proposal, const QString& family,
                                            const QString& version) const {
    if (family.isEmpty() || version.isEmpty())
        return Error{codes::kImportName,
                     "found an empty name, expected family and version, for example local and my-model"};
    const auto name =
        jobs::importName(m_context.workspace.catalog, fromQt(family), fromQt(version), proposal.source);
    if (!name) return name.error();
    return ModelWords{toQt(name->family), toQt(name->version)};
}

QString ModelManager::importDoubt(const ImportProposal& proposal, const ModelWords& name) const {
    return toQt(jobs::nameDoubt(m_context.workspace.catalog, {fromQt(name.family), fromQt(name.version)},
                                proposal.source));
}

std::optional<jobs::ModelEntry> ModelManager::entryOf(const ImportWish& wish) const {
    auto entry = wish.family == QStringLiteral("finetuned") ? findAdapter(wish.version)
                                                            : find(wish.family + u'/' + wish.version);
    const bool isThere = entry && entry->state != jobs::ModelState::Absent;
    return isThere ? entry : std::nullopt;
}

Job* ModelManager::importModel(const ImportWish& wish) {
    const auto there = entryOf(wish);
    const auto used = there ? useOf(toQt(there->name), there->path) : std::nullopt;
    if (there && !used && (wish.replace || !there->isUsable())) Q_EMIT removalBegins(there->path);
    Job& job =
        m_context.jobs.start(JobKind::Import, tr("Importing %1").arg(wish.family + u'/' + wish.version));
    job.setCommandLine(importCommand(wish));
    if (there && !used) job.setFolders({there->path});
    const jobs::ImportRequest asked{pathFromQt(wish.path), fromQt(wish.family), fromQt(wish.version),
                                    wish.link, wish.replace};
    runJob<jobs::ImportResult>(
        m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock,
        [lock = &m_context.lock, asked, used,
         workspace = m_context.workspace](const JobControl& control) -> Result<jobs::ImportResult> {
            if (used) return *used;
            const auto held = lock->acquire();
            if (!held) return held.error();
            jobs::ImportRequest request = asked;
            request.places = placesOf(workspace.environment);
            return jobs::importModel(request, **held, workspace.catalog, *workspace.files, control.cancel,
                                     control.progress);
        },
        this,
        [this, job = QPointer<Job>(&job)](const Result<jobs::ImportResult>& result) {
            if (!result) return;
            m_reports.erase(result->entry.name);
            Q_EMIT imported(job, *result);
        });
    return &job;
}

Job* ModelManager::verify(const QString& name, bool deep) {
    const auto entry = findAny(name);
    if (!entry) return nullptr;
    const auto removal = removalOf(name);
    Job& job = m_context.jobs.start(JobKind::Verify, tr("Verifying %1").arg(name));
    if (!removal) job.setFolders({entry->path});
    job.setCommandLine(verifyCommand(name, deep));
    runJob<jobs::VerifyReport>(
        m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock,
        [entry = *entry, deep, removal,
         workspace = m_context.workspace](const JobControl& control) -> Result<jobs::VerifyReport> {
            if (removal) return *removal;
            auto report =
                jobs::verifyModel(entry, deep, control.cancel, control.progress, baseOf(entry, workspace));
            if (report) jobs::keepVerdict(entry, *report, *workspace.files);
            return report;
        },
        this,
        [this, name, entry = *entry, job = QPointer<Job>(&job)](const Result<jobs::VerifyReport>& report) {
            if (!report) return;
            if (job)
                job->setOutcome(report->error
                                    ? tr("damaged: %1").arg(withoutFolder(report->error->message, entry))
                                    : tr("whole"));
            if (isThere(name)) m_reports[fromQt(name)] = *report;
            Q_EMIT verified(job, name, *report);
        });
    return &job;
}

Job* ModelManager::repair(const QString& name, const jobs::Repair& repair) {
    const auto entry = findAny(name);
    if (!entry) return nullptr;
    const auto used = useOf(name, entry->path);
    Job& job = m_context.jobs.start(JobKind::Verify, tr("Repairing %1").arg(name));
    if (!used) job.setFolders({entry->path});
    job.setCommandLine(toQt(jobs::repairCommand(*entry, repair)));
    runJob<std::monostate>(
        m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock,
        [lock = &m_context.lock, entry = *entry, repair, used,
         workspace = m_context.workspace](const JobControl& control) -> Result<std::monostate> {
            if (used) return *used;
            const auto held = lock->acquire();
            if (!held) return held.error();
            const auto done =
                jobs::repairModel(entry, repair, **held, *workspace.files, control.cancel, control.progress);
            return done ? Result<std::monostate>(std::monostate()) : done.error();
        },
        this, [](const Result<std::monostate>&) {});
    return &job;
}

const jobs::VerifyReport* ModelManager::lastReport(const QString& name) const {
    const auto found = m_reports.find(fromQt(name));
    return found == m_reports.end() ? nullptr : &found->second;
}

void ModelManager::planRemoval(const QString& name) {
    const auto entry = findAny(name);
    if (!entry) return;
    if (const auto used = useOf(name, entry->path)) {
        Q_EMIT removalRefused(name, *used);
        return;
    }
    struct Planned {
        jobs::RemovalPlan plan;
        jobs::Dependents dependents;
    };
    const bool isModel = find(name).has_value();
    runTask<Result<Planned>>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace, entry = *entry, isModel]() -> Result<Planned> {
            auto plan = jobs::planRemoval(workspace.root, entry, jobs::RemovalBasis::Names);
            if (!plan) return plan.error();
            Planned planned{std::move(*plan), {}};
            if (isModel)
                planned.dependents =
                    jobs::dependentsOf(jobs::Library(workspace.root, workspace.catalog), entry);
            return planned;
        },
        this,
        [this, name](const Result<Planned>& planned) {
            if (planned)
                Q_EMIT removalPlanned(name, planned->plan, planned->dependents);
            else
                Q_EMIT removalRefused(name, planned.error());
        });
}

std::optional<Error> ModelManager::useOf(const QString& name, const fs::path& folder) const {
    const Job* user = m_context.jobs.userOf(folder);
    if (user == nullptr) return std::nullopt;
    if (user->kind() == JobKind::Remove)
        return Error{codes::kRemoveRefused,
                     fromQt(tr("%1 is being removed already: wait until that has ended").arg(name))};
    return Error{codes::kRemoveRefused,
                 fromQt(tr("%1 is in use (%2): stop that first, then try again").arg(name, user->title()))};
}

std::optional<Error> ModelManager::removalOf(const QString& name) const {
    const auto entry = findAny(name);
    const Job* user = entry ? m_context.jobs.userOf(entry->path) : nullptr;
    if (user == nullptr || user->kind() != JobKind::Remove) return std::nullopt;
    return Error{
        codes::kModelNotInstalled,
        fromQt(tr("%1 is being removed: choose another one, or get it again when it is gone").arg(name))};
}

Job* ModelManager::remove(const jobs::RemovalPlan& plan) {
    const QString name = toQt(plan.name);
    const auto used = useOf(name, plan.folder);
    if (!used) Q_EMIT removalBegins(plan.folder);
    Job& job = m_context.jobs.start(JobKind::Remove, tr("Removing %1").arg(name));
    if (!used) job.setFolders({plan.folder});
    job.setCommandLine(removeCommand(name, plan.isByName));
    runJob<std::uint64_t>(
        m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock,
        [lock = &m_context.lock, plan, used,
         files = m_context.workspace.files](const JobControl&) -> Result<std::uint64_t> {
            if (used) return *used;
            const auto held = lock->acquire();
            if (!held) return held.error();
            return jobs::removeModel(plan, **held, *files);
        },
        this,
        [this, name](const Result<std::uint64_t>& freed) {
            if (!freed) return;
            m_reports.erase(fromQt(name));
            Q_EMIT removed(name, *freed);
        });
    return &job;
}

QString ModelManager::commandLine(std::vector<std::string> words) const {
    words.insert(words.begin(), m_rootWords.begin(), m_rootWords.end());
    words.insert(words.begin(), "llamahome");
    return toQt(shellLine(words));
}

QString ModelManager::importCommand(const ImportWish& wish) const {
    std::vector<std::string> words{"import", fromQt(wish.path), "--as", fromQt(wish.family),
                                   fromQt(wish.version)};
    if (wish.link) words.push_back("--link");
    if (wish.replace) words.push_back("--replace");
    return commandLine(std::move(words));
}

QString ModelManager::verifyCommand(const QString& name, bool deep) const {
    std::vector<std::string> words{"verify"};
    appendTyped(words, findAny(name), name);
    if (deep) words.push_back("--deep");
    return commandLine(std::move(words));
}

QString ModelManager::removeCommand(const QString& name, bool isByName) const {
    std::vector<std::string> words{"remove"};
    appendTyped(words, findAny(name), name);
    if (isByName) words.push_back("--force");
    return commandLine(std::move(words));
}

} // namespace llamahome::managers
