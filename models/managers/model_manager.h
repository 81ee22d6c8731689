// ModelManager: the models and adapters of the data root, and the jobs on them: import, verify, remove. GUI
// thread; all files are touched on the file pool.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <QObject>
#include <QString>

#include "core/error.h"
#include "core/result.h"
#include "jobs/import/import_model.h"
#include "jobs/import/import_source.h"
#include "jobs/library/library.h"
#include "jobs/library/library_folders.h"
#include "jobs/library/remove_model.h"
#include "jobs/verify/repair_model.h"
#include "jobs/verify/verify_model.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

/// What of a model's own configuration the list of models does not tell. 0: not known.
struct ModelFacts {
    std::uint64_t parameters = 0;
    std::int64_t contextTokens = 0;
    std::string source; ///< of an installed model: a Hub id, or the name of a file or folder
    std::string commit; ///< of the source on the Hub; empty: none is known
    std::string base;   ///< of an adapter: the model that it was trained on, as it can be shown
    std::string run;    ///< of an adapter that was trained here, as what follows
    std::int64_t step = 0;
    std::int64_t totalSteps = 0;
    std::optional<double> trainLoss;
    std::optional<double> evalLoss;

    friend bool operator==(const ModelFacts&, const ModelFacts&) = default;
};

enum class Fit { Unknown, Fits, TooLarge };

/// Whether a job on a model fits into this machine's memory.
struct Verdict {
    Fit fit = Fit::Unknown;
    std::uint64_t neededBytes = 0;
    std::uint64_t shortBytes = 0; ///< of TooLarge: how much is missing
};

/// What an import of a path would take over, and the name it would get.
struct ImportProposal {
    QString path;
    QString family; ///< proposed by the source's name
    QString version;
    std::uint64_t resultBytes = 0; ///< of the model's folder
    bool isConverted = false;      ///< converted; cannot be linked
    jobs::ImportSource source;
};

/// What an import is asked for.
struct ImportWish {
    QString path; ///< or what else inspectImport() takes
    QString family;
    QString version;
    bool link = false;
    bool replace = false; ///< takes the place of another model of that name, once the new one is whole
};

/// One name in its two parts.
struct ModelWords {
    QString family;
    QString version;
};

class ModelManager final : public QObject {
    Q_OBJECT

public:
    /// Puts the bundled samples into the data root and reads the list; both end later, by signal. `context`
    /// outlives it.
    explicit ModelManager(ManagerContext& context, QObject* parent = nullptr);

    /// Reads the list anew; modelsChanged() follows where it differs. Done by itself after each job.
    void refresh();
    /// False until the first list is there.
    bool isListed() const { return m_isListed; }
    /// As jobs::Library lists them: catalogued models, then other installed ones.
    const std::vector<jobs::ModelEntry>& models() const { return m_models; }
    const std::vector<jobs::ModelEntry>& adapters() const { return m_adapters; }
    /// By jobs::ModelEntry::name: "smollm2/135m-instruct".
    std::optional<jobs::ModelEntry> find(const QString& name) const;
    std::optional<jobs::ModelEntry> findAdapter(const QString& name) const;
    /// Whether a model is there that can be used.
    bool hasUsableModel() const;
    /// The folders that hold models, the data root's own first, as the last reading found them; listRead()
    /// follows each.
    const std::vector<jobs::ModelPlace>& places() const { return m_places; }
    /// Of a model or adapter, by name.
    ModelFacts facts(const QString& name) const;

    /// The page of a model on the Hub, or the mirror, of the settings; empty for one that is not there.
    QString hubPage(const QString& name) const;

    /// Memory that a job may plan with, after limit and reserve of the settings; 0: not known yet.
    std::uint64_t usableMemory() const { return m_usableMemory; }
    Verdict chatVerdict(const jobs::ModelEntry& entry) const;
    Verdict trainVerdict(const jobs::ModelEntry& entry) const;

    /// Looks at a folder or GGUF file; importProposed() or importRefused() follows.
    void inspectImport(const QString& path);
    /// The name under which `proposal` would be kept: catalogued spelling, or the error of a wrong one. Looks
    /// at no file.
    Result<ModelWords> importName(const ImportProposal& proposal, const QString& family,
                                  const QString& version) const;
    /// Why `proposal` can hardly be the catalogue's model of that name, as importName() gives it, in words;
    /// empty where nothing speaks against it. Looks at no file.
    QString importDoubt(const ImportProposal& proposal, const ModelWords& name) const;
    /// Ends with imported(), or with the job's error: RM-01 while a job works with the model of that name.
    /// removalBegins() comes first where a model is there whose place it takes.
    Job* importModel(const ImportWish& wish);

    /// Why no job can begin to work with the model or adapter of that name: it is being removed. Nothing
    /// where it is not, and for an unknown name. LIB-03.
    std::optional<Error> removalOf(const QString& name) const;

    /// `name` of a model or an adapter. Null where there is none of that name. Ends with verified(), or with
    /// the job's error, that of removalOf() for one; a report with failed checks is no error of the job.
    Job* verify(const QString& name, bool deep);
    /// Does what a row of the report offers. Null where there is none of that name. Ends with the job;
    /// verify() tells what came of it. RM-01 while another job works with the folder.
    Job* repair(const QString& name, const jobs::Repair& repair);
    /// The last report of this session for that name; null: none, or it is not there any more.
    const jobs::VerifyReport* lastReport(const QString& name) const;

    /// What removal would do; removalPlanned() or removalRefused() follows, the latter too while a job works
    /// with it. Null name: nothing happens.
    void planRemoval(const QString& name);
    /// Ends with removed(), or with the job's error. removalBegins() comes first. From here on until the job
    /// ends no other begins to work with that folder.
    Job* remove(const jobs::RemovalPlan& plan);

    /// For a shell: "llamahome import … --as smollm2 135m-instruct".
    QString importCommand(const ImportWish& wish) const;
    QString verifyCommand(const QString& name, bool deep) const;
    /// `isByName`: as the plan has it.
    QString removeCommand(const QString& name, bool isByName = false) const;
    /// "llamahome WORDS", with --root where a shell would take another one.
    QString commandLine(std::vector<std::string> words) const;

Q_SIGNALS:
    /// models(), adapters(), facts or memory are others.
    void modelsChanged();
    /// The list was read, and is what it was or another. For what keeps more of the disk than models() has.
    void listRead();
    /// The bundled data sets are in the data root.
    void samplesInstalled();
    /// Something that no job tells: samples that cannot be installed.
    void failed(const llamahome::Error& error);
    void importProposed(const llamahome::managers::ImportProposal& proposal);
    void importRefused(const QString& path, const llamahome::Error& error);
    void imported(const llamahome::managers::Job* job, const llamahome::jobs::ImportResult& result);
    void verified(const llamahome::managers::Job* job, const QString& name,
                  const llamahome::jobs::VerifyReport& report);
    /// `dependents` need the model and stay; none of an adapter.
    void removalPlanned(const QString& name, const llamahome::jobs::RemovalPlan& plan,
                        const llamahome::jobs::Dependents& dependents);
    void removalRefused(const QString& name, const llamahome::Error& error);
    /// Whoever holds the model of that folder between two jobs lets it go now.
    void removalBegins(const std::filesystem::path& folder);
    void removed(const QString& name, quint64 freedBytes);

private:
    struct Listing {
        std::vector<jobs::ModelEntry> models;
        std::vector<jobs::ModelEntry> adapters;
        std::vector<jobs::ModelPlace> places;
        std::map<std::string, ModelFacts> facts;
        std::uint64_t usableMemory = 0;
        std::string hubEndpoint;
        std::vector<std::string> rootWords; ///< {"--root", PATH} where a shell would take another root
    };

    static Listing readListing(const Workspace& workspace);
    void take(Listing listing);
    void installSamples();
    std::optional<jobs::ModelEntry> findAny(const QString& name) const;
    /// Of the model or adapter that has the wish's name.
    std::optional<jobs::ModelEntry> entryOf(const ImportWish& wish) const;
    /// Whether files of it are there, by the last list.
    bool isThere(const QString& name) const;
    /// RM-01 names the job that works with the folder; nothing where none does.
    std::optional<Error> useOf(const QString& name, const std::filesystem::path& folder) const;
    Verdict verdict(std::uint64_t needed) const;

    ManagerContext& m_context;
    std::vector<jobs::ModelEntry> m_models;
    std::vector<jobs::ModelEntry> m_adapters;
    std::vector<jobs::ModelPlace> m_places;
    std::map<std::string, ModelFacts> m_facts;
    std::map<std::string, jobs::VerifyReport> m_reports;
    std::vector<std::string> m_rootWords;
    std::string m_hubEndpoint;
    std::uint64_t m_usableMemory = 0;
    bool m_isListed = false;
    bool m_isReading = false;
    bool m_isStale = false; ///< asked for while a reading is under way
};

} // namespace llamahome::managers
