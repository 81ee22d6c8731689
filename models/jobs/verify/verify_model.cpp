#include "jobs/verify/verify_model.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/log.h"
#include "core/quantity.h"
#include "core/shell_quote.h"
#include "formats/hub/model_weights.h"
#include "formats/safetensors/safetensors_reader.h"
#include "jobs/library/damage_mark.h"
#include "jobs/verify/adapter_fit.h"
#include "jobs/verify/file_checks.h"
#include "jobs/verify/model_checks.h"

namespace llamahome::jobs {
namespace {

constexpr const char* kOnlyDeep = "only with --deep, which reads every byte";

/// Runs the checks of one folder in order and writes the report.
class Verification {
public:
    Verification(const ModelEntry& entry, const std::optional<ModelEntry>& base, const CancelToken& cancel,
                 const ProgressSink& progress)
        : m_entry(entry)
        , m_base(base)
        , m_cancel(cancel)
        , m_progress(progress) {}

    Result<VerifyReport> run(bool deep) {
        checkManifest();
        if (m_entry.kind == kAdapterKind)
            checkAdapter();
        else
            checkModel();
        checkBytes(deep);
        m_report.isDeep = deep;
        if (m_cancel.isCancelled())
            return Error{codes::kCancelled, "the check of " + m_entry.name + " was stopped"};
        suggestRepairs();
        return std::move(m_report);
    }

private:
    CheckResult& add(const std::string& name, CheckStatus status, const std::string& reason) {
        m_report.checks.push_back({name, status, reason, {}});
        return m_report.checks.back();
    }
    void pass(const std::string& name, const std::string& reason) { add(name, CheckStatus::Passed, reason); }
    void skip(const std::string& name, const std::string& reason) {
        add(name, CheckStatus::NotChecked, reason);
    }
    CheckResult& warn(const std::string& name, const Error& error) {
        CheckResult& row = add(name, CheckStatus::Warned, error.message);
        row.code = std::string(error.code.text);
        return row;
    }
    CheckResult& fail(const std::string& name, const Error& error) {
        CheckResult& row = add(name, CheckStatus::Failed, error.message);
        row.code = std::string(error.code.text);
        m_report.ok = false;
        if (!m_report.error) m_report.error = error;
        return row;
    }
    /// A summary or an error, as a row.
    void report(const std::string& name, const Result<std::string>& result, CheckStatus otherwise) {
        if (result)
            pass(name, *result);
        else if (otherwise == CheckStatus::Warned)
            warn(name, result.error());
        else
            fail(name, result.error());
    }

    void checkManifest();
    void reportFiles(const std::string& name, const std::vector<FileProblem>& problems);
    void checkModel();
    void checkTensors(const formats::ModelConfig& config);
    void checkWords(const formats::ModelConfig& config);
    void checkAdapter();
    void checkBytes(bool deep);
    void checkNumbers();
    void suggestRepairs();

    const ModelEntry& m_entry;
    const std::optional<ModelEntry>& m_base;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    std::optional<Manifest> m_manifest;
    bool m_isForeign = false; ///< a folder that was not imported
    VerifyReport m_report;
};

void Verification::checkManifest() {
    auto manifest = readManifest(m_entry.path);
    if (!manifest && manifest.error().code == codes::kFileNotFound) {
        m_isForeign = true;
        warn("files",
             Error{codes::kModelNotInstalled,
                   "the folder was not imported, so its sizes and hashes are not known; take it over with `" +
                       shellLine({"llamahome", "import", displayPath(m_entry.path)}) + "`"});
        return;
    }
    if (!manifest) {
        fail("files", manifest.error()).repair = Repair{RepairKind::RecordAnew};
        return;
    }
    m_manifest = std::move(*manifest);
    const std::vector<FileProblem> problems = checkSizes(m_entry.path, *m_manifest);
    if (problems.empty())
        pass("files",
             formatCount(m_manifest->files.size()) + " files, " + formatBytes(m_manifest->totalBytes()));
    else
        reportFiles("files", problems);
    const std::vector<std::string> unlisted = unlistedFiles(m_entry.path, *m_manifest);
    if (!unlisted.empty())
        warn("other files",
             Error{codes::kManifestShape, formatCount(unlisted.size()) + " not of this model, the first is " +
                                              unlisted.front() + "; they are not used"});
}

/// The first problem in words, the rest counted; the repair is that which all of them need.
void Verification::reportFiles(const std::string& name, const std::vector<FileProblem>& problems) {
    Error error = problems.front().error;
    Repair repair{RepairKind::RecordAnew};
    for (const FileProblem& problem : problems) {
        const bool isUnreadable = problem.error.code == codes::kFilePermission;
        if (isUnreadable) repair.files.push_back(problem.name);
        if (!isUnreadable && !mayBeRecordedAnew(problem.name)) repair.kind = RepairKind::GetAgain;
    }
    if (!repair.files.empty()) repair.kind = RepairKind::MakeReadable;
    if (problems.size() > 1) error.message += ", and " + formatCount(problems.size() - 1) + " more";
    if (repair.kind == RepairKind::GetAgain)
        error.message += hasFilesOfHub(*m_manifest) ? "; download the model again, which fetches that only"
                                                     : "; import the model again";
    fail(name, error).repair = std::move(repair);
}

void Verification::checkModel() {
    const auto config = checkConfiguration(m_entry.path);
    if (config) {
        pass("configuration", configurationSummary(*config));
        checkTensors(*config);
        checkWords(*config);
    } else {
        fail("configuration", config.error()).repair = Repair{RepairKind::GetAgain};
        for (const char* name : {"index", "weights", "tied weights", "tokenizer", "special tokens"})
            skip(name, "the configuration, which says what to expect, cannot be used");
    }
    report("template", checkTemplate(m_entry.path), CheckStatus::Warned);
    report("licence", checkLicence(m_entry.path, m_entry.licence), CheckStatus::Warned);
}

void Verification::checkTensors(const formats::ModelConfig& config) {
    const IndexCheck index = checkIndex(m_entry.path);
    CheckResult& row = !index.error                          ? add("index", index.status, index.reason)
                       : index.status == CheckStatus::Failed ? fail("index", *index.error)
                                                             : warn("index", *index.error);
    row.repair = index.repair;
    if (index.status == CheckStatus::Failed) {
        for (const char* name : {"weights", "tied weights"})
            skip(name, "the index does not lead to them");
        return;
    }
    const auto weights = checkWeights(m_entry.path, config);
    report("weights", weights, CheckStatus::Failed);
    if (!weights) {
        m_report.checks.back().repair = Repair{RepairKind::GetAgain};
        return skip("tied weights", "the weights are not those of the configuration");
    }
    report("tied weights", checkTiedWeights(m_entry.path, config), CheckStatus::Warned);
}

void Verification::checkWords(const formats::ModelConfig& config) {
    const auto tokenizer = checkTokenizer(m_entry.path, config);
    if (!tokenizer) {
        const bool isSpecial = tokenizer.error().code == codes::kSpecialToken;
        if (isSpecial) skip("tokenizer", "the files beside it name a token that is not there");
        fail(isSpecial ? "special tokens" : "tokenizer", tokenizer.error()).repair =
            Repair{RepairKind::GetAgain};
        if (!isSpecial) skip("special tokens", "there is no tokenizer to look for them in");
        return;
    }
    pass("tokenizer", formatCount(tokenizer->vocabSize()) + " tokens, the model has " +
                          formatCount(static_cast<std::uint64_t>(config.vocab_size)) + " rows");
    for (const std::string& notice : tokenizer->notices())
        add("tokenizer", CheckStatus::Warned, notice);
    report("special tokens", checkSpecialTokens(m_entry.path, *tokenizer), CheckStatus::Warned);
}

void Verification::checkAdapter() {
    const auto adapter = formats::readPeftAdapter(m_entry.path);
    if (!adapter) {
        fail("adapter", adapter.error());
        return skip("base", "the adapter cannot be read");
    }
    pass("adapter", "rank " + std::to_string(adapter->r) + " on " + formatCount(adapter->pairs.size()) +
                        " projections of " + adapter->baseModel);
    if (!m_base)
        return skip("base", (adapter->baseModel.empty() ? "no base is named"
                                                        : adapter->baseModel + " is not installed") +
                                std::string(", so nothing tells whether the adapter fits"));
    const auto fits = checkAdapterFits(*m_base, m_entry.path, *adapter);
    if (!fits)
        fail("base", fits.error());
    else
        report("base", checkTrainedOn(*m_base, m_entry, adapter->baseModel), CheckStatus::Warned);
}

void Verification::checkBytes(bool deep) {
    if (!deep) {
        skip("hashes", m_manifest ? kOnlyDeep : "none are recorded");
        return skip("numbers", kOnlyDeep);
    }
    if (m_manifest) {
        const std::vector<FileProblem> problems =
            checkHashes(m_entry.path, *m_manifest, m_cancel, m_progress);
        if (problems.empty())
            pass("hashes", "every byte as imported");
        else
            reportFiles("hashes", problems);
    } else {
        skip("hashes", "none are recorded");
    }
    checkNumbers();
}

void Verification::checkNumbers() {
    std::unique_ptr<formats::TensorSource> source;
    if (m_entry.kind == kAdapterKind) {
        auto reader = formats::SafetensorsReader::open(m_entry.path / "adapter_model.safetensors");
        if (reader) source = std::move(*reader);
    } else if (auto weights = formats::openModelWeights(m_entry.path)) {
        source = std::move(*weights);
    }
    if (source == nullptr) return skip("numbers", "the weights cannot be read");
    const auto finite = checkFinite(*source, displayPath(m_entry.path), m_cancel, m_progress);
    if (finite)
        pass("numbers", "all finite");
    else
        fail("numbers", finite.error()).repair = Repair{RepairKind::GetAgain};
}

/// Recording anew is sound only where nothing but the files' list failed; else they must come again.
void Verification::suggestRepairs() {
    const auto isFailed = [](const CheckResult& row) { return row.status == CheckStatus::Failed; };
    const bool isWhole =
        std::none_of(m_report.checks.begin(), m_report.checks.end(), [&](const CheckResult& row) {
            return isFailed(row) && !(row.repair && row.repair->kind == RepairKind::RecordAnew);
        });
    for (CheckResult& row : m_report.checks)
        if (row.repair && row.repair->kind == RepairKind::RecordAnew && !isWhole)
            row.repair->kind = RepairKind::GetAgain;
    if (m_manifest && m_entry.kind == kModelKind && hasFilesOfHub(*m_manifest))
        for (CheckResult& row : m_report.checks)
            if (row.repair && row.repair->kind == RepairKind::GetAgain)
                row.repair->kind = RepairKind::FetchAgain;
    if (m_entry.kind != kAdapterKind && !m_isForeign) return;
    // An adapter that was trained here cannot be had again from anywhere; a folder that was not imported is
    // not removed by a name.
    for (CheckResult& row : m_report.checks)
        if (row.repair && row.repair->kind == RepairKind::GetAgain) row.repair.reset();
}

/// LIB-09 where a file is a link to what is not there: that is no damage.
Result<void> checkOnline(const ModelEntry& entry) {
    const auto manifest = readManifest(entry.path);
    if (!manifest) return {};
    const auto away = missingLink(entry.path, *manifest);
    if (!away) return {};
    return Error{codes::kModelOffline, entry.name + " is offline: " + *away};
}

/// Whether the list of models shows that by itself, for as long as it is so; `base`: the model is whole, and
/// only does not go with another.
bool isSeenByLists(const CheckResult& row) {
    const bool isOfFiles = row.name == "files" && row.code != codes::kFilePermission.text;
    return isOfFiles || row.name == "base";
}

/// What to keep of a failed check: what was found, without the next step.
std::string problemOf(const ModelEntry& entry, const CheckResult& row) {
    std::string text = row.reason.substr(0, row.reason.rfind("; "));
    const std::string folder = displayPath(entry.path) + "/";
    for (std::size_t at = 0; (at = text.find(folder, at)) != std::string::npos;)
        text.erase(at, folder.size());
    return text;
}

} // namespace

std::string_view checkStatusName(CheckStatus status) {
    switch (status) {
    case CheckStatus::Passed:
        return "passed";
    case CheckStatus::Warned:
        return "warned";
    case CheckStatus::Failed:
        return "failed";
    case CheckStatus::NotChecked:
        return "not checked";
    }
    return "failed";
}

Result<VerifyReport> verifyModel(const ModelEntry& entry, bool deep, const CancelToken& cancel,
                                 const ProgressSink& progress, const std::optional<ModelEntry>& base) {
    if (entry.state == ModelState::Absent || entry.state == ModelState::Partial)
        return Error{codes::kModelNotInstalled, entry.name +
                                                    " is not installed: there is nothing to verify; get it "
                                                    "with `llamahome download " +
                                                    downloadWords(entry) + "`"};
    if (auto online = checkOnline(entry); !online) return online.error();
    return Verification(entry, base, cancel, progress).run(deep);
}

void keepVerdict(const ModelEntry& entry, const VerifyReport& report, FileLayer& files) {
    if (!isThere(entry.path / kManifestName)) return; // nobody's, or being removed
    const auto failed = std::find_if(report.checks.begin(), report.checks.end(), [](const CheckResult& row) {
        return row.status == CheckStatus::Failed && !isSeenByLists(row);
    });
    const std::optional<Damage> old = readDamage(entry.path);
    Result<void> kept;
    if (failed != report.checks.end()) {
        const Damage damage{problemOf(entry, *failed), report.isDeep || (old && old->isDeep)};
        if (old != damage) kept = writeDamage(files, entry.path, damage);
    } else if (old && (report.isDeep || !old->isDeep)) {
        kept = clearDamage(files, entry.path);
    }
    if (!kept)
        logLine(LogLevel::Warning, "jobs",
                entry.name + ": what the check found is not kept: " + kept.error().message);
}

} // namespace llamahome::jobs
