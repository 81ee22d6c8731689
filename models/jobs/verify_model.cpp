#include "jobs/verify_model.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/quantity.h"
#include "formats/hub/model_weights.h"
#include "formats/peft/peft_adapter.h"
#include "formats/safetensors/safetensors_reader.h"
#include "jobs/model_checks.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// Runs the checks of one folder in order and writes the report.
class Verification {
public:
    Verification(const ModelEntry& entry, const CancelToken& cancel, const ProgressSink& progress)
        : m_entry(entry)
        , m_cancel(cancel)
        , m_progress(progress) {}

    Result<VerifyReport> run(bool deep) {
        checkManifest();
        if (m_entry.kind == kAdapterKind)
            checkAdapter();
        else
            checkModel();
        if (deep) {
            if (m_manifest) checkHashes();
            checkNumbers();
        }
        if (m_cancel.isCancelled())
            return Error{codes::kCancelled, "the check of " + m_entry.name + " was stopped"};
        return std::move(m_report);
    }

private:
    void pass(const std::string& name, const std::string& reason) {
        m_report.checks.push_back({name, CheckStatus::Passed, reason, {}});
    }
    void warn(const std::string& name, const Error& error) {
        m_report.checks.push_back({name, CheckStatus::Warned, error.message, std::string(error.code.text)});
    }
    void fail(const std::string& name, const Error& error) {
        m_report.checks.push_back({name, CheckStatus::Failed, error.message, std::string(error.code.text)});
        m_report.ok = false;
        if (!m_report.error) m_report.error = error;
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
    Result<std::string> checkSizes() const;
    std::vector<std::string> unlistedFiles() const;
    void checkModel();
    void checkAdapter();
    void checkHashes();
    void checkNumbers();

    const ModelEntry& m_entry;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    std::optional<Manifest> m_manifest;
    VerifyReport m_report;
};

void Verification::checkManifest() {
    auto manifest = readManifest(m_entry.path);
    if (manifest) {
        m_manifest = std::move(*manifest);
        report("files", checkSizes(), CheckStatus::Failed);
    } else if (manifest.error().code == codes::kFileNotFound) {
        warn("files",
             Error{codes::kModelNotInstalled,
                   "no llamahome.json: the folder was not imported, so its sizes and hashes are not known"});
    } else {
        fail("files", manifest.error());
    }
    if (!m_manifest) return;
    const std::vector<std::string> unlisted = unlistedFiles();
    if (!unlisted.empty())
        warn("other files", Error{codes::kManifestShape, std::to_string(unlisted.size()) +
                                                             " not of this model, the first is " +
                                                             unlisted.front() + "; they are not used"});
}

Result<std::string> Verification::checkSizes() const {
    for (const ManifestFile& file : m_manifest->files) {
        const auto size = fileSize(m_entry.path / file.path);
        if (!size)
            return Error{codes::kVerifyMissing,
                         displayPath(m_entry.path / file.path) +
                             ": missing or no regular file; remove the model and get it again",
                         size.error().message};
        if (*size != file.sizeBytes)
            return Error{codes::kVerifySize, displayPath(m_entry.path / file.path) + ": found " +
                                                 std::to_string(*size) + " bytes, expected " +
                                                 std::to_string(file.sizeBytes) +
                                                 "; remove the model and get it again"};
    }
    return std::to_string(m_manifest->files.size()) + " files, " + formatBytes(m_manifest->totalBytes());
}

std::vector<std::string> Verification::unlistedFiles() const {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator one(m_entry.path, failure), end; !failure && one != end;
         one.increment(failure)) {
        const std::string name = displayPath(one->path().filename());
        const auto& files = m_manifest->files;
        if (name != kManifestName && std::none_of(files.begin(), files.end(), [&](const ManifestFile& file) {
                return file.path == name;
            }))
            names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

void Verification::checkModel() {
    const fs::path& folder = m_entry.path;
    const auto config = checkConfiguration(folder);
    if (!config) return fail("configuration", config.error());
    pass("configuration", configurationSummary(*config));
    report("weights", checkWeights(folder, *config), CheckStatus::Failed);
    const auto tokenizer = checkTokenizer(folder, *config);
    if (!tokenizer) {
        fail("tokenizer", tokenizer.error());
    } else {
        pass("tokenizer", std::to_string(tokenizer->vocabSize()) + " entries");
        for (const std::string& notice : tokenizer->notices())
            m_report.checks.push_back({"tokenizer", CheckStatus::Warned, notice, {}});
        report("special tokens", checkSpecialTokens(*tokenizer), CheckStatus::Warned);
    }
    report("template", checkTemplate(folder), CheckStatus::Warned);
    report("licence", checkLicence(folder, m_entry.licence), CheckStatus::Warned);
}

void Verification::checkAdapter() {
    const auto adapter = formats::readPeftAdapter(m_entry.path);
    if (!adapter) return fail("adapter", adapter.error());
    pass("adapter", "rank " + std::to_string(adapter->r) + " on " + std::to_string(adapter->pairs.size()) +
                        " projections of " + adapter->baseModel);
}

void Verification::checkHashes() {
    Progress state{"hashing", 0, m_manifest->totalBytes(), "bytes"};
    for (const ManifestFile& file : m_manifest->files) {
        const fs::path path = m_entry.path / file.path;
        const std::uint64_t before = state.done;
        const auto digest = sha256File(path, m_cancel, [&](const Progress& step) {
            state.done = before + std::min(step.done, file.sizeBytes);
            if (m_progress) m_progress(state);
        });
        if (m_cancel.isCancelled()) return;
        if (!digest) return fail("hashes", digest.error());
        if (*digest != file.sha256)
            return fail("hashes",
                        Error{codes::kHashMismatch,
                              displayPath(path) + ": its bytes are not those that were imported; remove "
                                                  "the model and get it again",
                              "found " + *digest + ", expected " + file.sha256});
        state.done = before + file.sizeBytes;
    }
    pass("hashes", "every byte as imported");
}

void Verification::checkNumbers() {
    std::unique_ptr<formats::TensorSource> source;
    if (m_entry.kind == kAdapterKind) {
        auto reader = formats::SafetensorsReader::open(m_entry.path / "adapter_model.safetensors");
        if (reader) source = std::move(*reader);
    } else if (auto weights = formats::openModelWeights(m_entry.path)) {
        source = std::move(*weights);
    }
    if (source == nullptr) return; // reported by the check of the structure
    const auto finite = checkFinite(*source, displayPath(m_entry.path), m_cancel, m_progress);
    if (finite)
        pass("numbers", "all finite");
    else
        fail("numbers", finite.error());
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
    }
    return "failed";
}

Result<VerifyReport> verifyModel(const ModelEntry& entry, bool deep, const CancelToken& cancel,
                                 const ProgressSink& progress) {
    if (entry.state == ModelState::Absent || entry.state == ModelState::Partial)
        return Error{codes::kModelNotInstalled, entry.name +
                                                    " is not installed: there is nothing to verify; take "
                                                    "over files that you have with `llamahome import PATH "
                                                    "--as " +
                                                    commandWords(entry) + "`"};
    return Verification(entry, cancel, progress).run(deep);
}

} // namespace llamahome::jobs
