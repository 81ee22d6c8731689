#include "managers/export_manager.h"

#include <algorithm>

#include "core/error_codes.h"
#include "jobs/library/model_spec.h"
#include "managers/run_job.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

using jobs::ExportFormat;

/// The request of a wish, with the entries as the disk has them now.
Result<jobs::ExportRequest> requestOf(const Workspace& workspace, const ExportWish& wish, bool isAdapter) {
    const jobs::Library library(workspace.root, workspace.catalog);
    jobs::ExportRequest request;
    request.format = wish.format;
    request.target = pathFromQt(wish.target);
    if (const auto type = formats::ggufFileTypeOf(fromQt(wish.type))) request.type = *type;
    if (isAdapter) {
        auto adapter = jobs::resolveAdapter(library, fromQt(wish.name));
        if (!adapter) return adapter.error();
        auto base = jobs::baseOfAdapter(library, *adapter);
        if (!base) return base.error();
        request.adapter = std::move(*adapter);
        request.base = std::move(*base);
        return request;
    }
    jobs::ModelRequest model;
    model.words = {fromQt(wish.name)};
    auto base = jobs::resolveModel(library, model);
    if (!base) return base.error();
    request.base = std::move(*base);
    return request;
}

Result<ExportForecast> forecastOf(const jobs::ExportRequest& request) {
    const auto bytes = jobs::forecastExport(request);
    if (!bytes) return bytes.error();
    ExportForecast forecast;
    forecast.bytes = *bytes;
    if (!request.target.empty())
        if (auto can = jobs::checkExportTarget(request, *bytes); !can) forecast.target = can.error();
    return forecast;
}

} // namespace

ExportManager::ExportManager(ManagerContext& context, const ModelManager& models, QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_models(models) {}

std::vector<ExportForm> ExportManager::forms(const QString& name) const {
    const auto word = [](const char* text) { return QString::fromLatin1(text); };
    if (m_models.findAdapter(name))
        return {{ExportFormat::Gguf, tr("Model with it, one GGUF file (llama.cpp)"), word("gguf"),
                 word(".gguf"), true},
                {ExportFormat::Ollama, tr("Model with it, folder for Ollama"), word("ollama"), {}, true},
                {ExportFormat::Hub, tr("Model with it, folder in Hub layout"), word("merge"), {}, false},
                {ExportFormat::Peft, tr("Adapter alone, folder for PEFT"), word("hf"), {}, false},
                {ExportFormat::GgufAdapter, tr("Adapter alone, GGUF file (llama.cpp)"), word("gguf-adapter"),
                 word(".gguf"), false}};
    return {{ExportFormat::Gguf, tr("One GGUF file (llama.cpp)"), word("gguf"), word(".gguf"), true},
            {ExportFormat::Ollama, tr("Folder for Ollama"), word("ollama"), {}, true},
            {ExportFormat::Hub, tr("Folder in Hub layout (transformers)"), word("hf"), {}, false}};
}

QStringList ExportManager::types() {
    QStringList names;
    for (const std::string& name : formats::ggufFileTypeNames())
        names << toQt(name);
    return names;
}

void ExportManager::ask(const ExportWish& wish, std::function<void(const Result<ExportForecast>&)> then) {
    const bool isAdapter = m_models.findAdapter(wish.name).has_value();
    runTask<Result<ExportForecast>>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace, wish, isAdapter]() -> Result<ExportForecast> {
            const auto request = requestOf(workspace, wish, isAdapter);
            if (!request) return request.error();
            return forecastOf(*request);
        },
        this,
        [this, asked = ++m_asked, then = std::move(then)](const Result<ExportForecast>& forecast) {
            if (asked == m_asked) then(forecast);
        });
}

void ExportManager::forecast(const ExportWish& wish) {
    ask(wish, [this](const Result<ExportForecast>& forecast) {
        if (forecast)
            Q_EMIT forecasted(*forecast);
        else
            Q_EMIT refused(forecast.error());
    });
}

void ExportManager::startChecked(const ExportWish& wish) {
    ask(wish, [this, wish](const Result<ExportForecast>& forecast) {
        if (!forecast)
            Q_EMIT refused(forecast.error());
        else if (forecast->target)
            Q_EMIT refused(*forecast->target);
        else
            Q_EMIT started(start(wish));
    });
}

Job* ExportManager::start(const ExportWish& wish) {
    const bool isAdapter = m_models.findAdapter(wish.name).has_value();
    Job& job = m_context.jobs.start(JobKind::Export, tr("Exporting %1").arg(wish.name));
    job.setCommandLine(command(wish));
    const auto entry = isAdapter ? m_models.findAdapter(wish.name) : m_models.find(wish.name);
    if (entry) job.setFolders({entry->path});
    runJob<jobs::ExportResult>(
        m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock,
        [workspace = m_context.workspace, wish,
         isAdapter](const JobControl& control) -> Result<jobs::ExportResult> {
            const auto request = requestOf(workspace, wish, isAdapter);
            if (!request) return request.error();
            return jobs::exportModel(*request, *workspace.files, control.cancel, control.progress);
        },
        this,
        [this, job = QPointer<Job>(&job)](const Result<jobs::ExportResult>& result) {
            if (result) Q_EMIT exported(job, *result);
        });
    return &job;
}

QString ExportManager::command(const ExportWish& wish) const {
    const auto all = forms(wish.name);
    const auto form = std::find_if(all.begin(), all.end(),
                                   [&](const ExportForm& one) { return one.format == wish.format; });
    if (form == all.end()) return {};
    const bool isMerge = form->word == QStringLiteral("merge");
    std::vector<std::string> words{isMerge ? "merge" : "export"};
    if (m_models.findAdapter(wish.name)) {
        words.insert(words.end(), {"--adapter", fromQt(wish.name)});
    } else {
        words.push_back(fromQt(wish.name));
    }
    if (!isMerge) words.insert(words.end(), {"--format", fromQt(form->word)});
    if (form->isPacked) words.insert(words.end(), {"--type", fromQt(wish.type.toLower())});
    words.insert(words.end(), {"--out", fromQt(wish.target)});
    return m_models.commandLine(std::move(words));
}

} // namespace llamahome::managers
