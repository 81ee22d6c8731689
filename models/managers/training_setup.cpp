#include "managers/training_setup.h"

#include <algorithm>
#include <utility>

#include "config/setting_parse.h"
#include "config/settings_writer.h"
#include "core/error_codes.h"
#include "jobs/library/samples.h"
#include "managers/model_manager.h"
#include "managers/question_desk.h"
#include "managers/row_pages.h"
#include "managers/run_job.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/window_words.h"

namespace llamahome::managers {
namespace {

constexpr int kRestMs = 150;
/// Bounds of what is taken back from a file that anybody may have written.
constexpr qsizetype kMostChanges = 200;
constexpr qsizetype kLongestChange = 8192;

template <typename Wanted>
std::string fingerprint(const TrainingChoice& choice, const config::Settings& settings, Wanted wanted) {
    std::string text = choice.model->path.string();
    for (const std::filesystem::path& file : choice.data)
        text += '\n' + file.string();
    for (const config::SettingDescriptor& setting : config::allSettings())
        if (wanted(setting.key)) text += '\n' + setting.key + '=' + config::settingText(setting, settings);
    return text;
}

std::string checkFingerprint(const TrainingChoice& choice, const config::Settings& settings) {
    return fingerprint(choice, settings, [](const std::string& key) {
        return key.starts_with("data.") || key == "training.max_length";
    });
}

std::string sizesFingerprint(const TrainingChoice& choice, const config::Settings& settings) {
    const std::string validation = choice.validation ? choice.validation->string() : std::string();
    return validation + '\n' + fingerprint(choice, settings, [](const std::string& key) {
               return key.starts_with("data.") || key == "training.max_length" ||
                      key == "training.validation_split" || key == "training.seed";
           });
}

std::string forecastFingerprint(const TrainingChoice& choice, const config::Settings& settings) {
    return fingerprint(choice, settings, [](const std::string& key) {
        return key.starts_with("training.") || key.starts_with("model.memory.");
    });
}

/// All that the speed depends on.
std::string speedFingerprint(const TrainingChoice& choice, const config::Settings& settings) {
    return fingerprint(choice, settings, [](const std::string& key) {
        return key == "training.max_length" || key == "training.batch_size" || key == "training.precision" ||
               key == "training.quantize" || key == "training.gradient_checkpointing" ||
               key == "training.device" || key == "training.lora.r" || key == "training.lora.dropout" ||
               key == "training.lora.target_modules" || key == "model.threads" || key.starts_with("data.");
    });
}

} // namespace

TrainingSetup::TrainingSetup(ManagerContext& context, ModelManager& models, SettingsManager& settings,
                             QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_models(models)
    , m_settings(settings)
    , m_trial(context) {
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMs);
    connect(&m_rest, &QTimer::timeout, this, &TrainingSetup::resolve);
    connect(&m_models, &ModelManager::modelsChanged, this, &TrainingSetup::lookUpModel);
    connect(&m_models, &ModelManager::samplesInstalled, this, &TrainingSetup::readSamples);
    connect(&m_settings, &SettingsManager::settingsChanged, this, &TrainingSetup::edited);
    connect(&m_trial, &SpeedTrial::changed, this, [this] {
        m_forecastFor.clear(); // its time is another
        if (!m_isResolving) lookAhead();
        settle();
    });
    readSamples();
    edited();
}

TrainingSetup::~TrainingSetup() {
    if (m_checkJob) m_checkJob->cancel();
}

void TrainingSetup::chooseModel(const QString& name) {
    if (name == m_modelName) return;
    m_modelName = name;
    lookUpModel();
}

void TrainingSetup::lookUpModel() {
    auto entry = m_modelName.isEmpty() ? std::nullopt : m_models.find(m_modelName);
    if (entry && !entry->isUsable()) entry.reset();
    const bool isOther =
        entry.has_value() != m_choice.model.has_value() || (entry && entry->path != m_choice.model->path);
    m_choice.model = std::move(entry);
    if (!isOther) {
        settle();
        return;
    }
    dropCheck();
    edited();
}

void TrainingSetup::chooseData(const QStringList& paths) {
    std::vector<std::filesystem::path> files;
    for (const QString& path : paths)
        files.push_back(pathFromQt(path));
    if (files.empty() && m_choice.data.empty()) return;
    m_choice.data = std::move(files);
    checkAgain(); // the same files too: what was wrong in them may be mended
}

void TrainingSetup::chooseValidation(const QString& path) {
    m_choice.validation = path.isEmpty() ? std::nullopt : std::optional(pathFromQt(path));
    edited();
}

void TrainingSetup::choosePreset(const QString& name) {
    if (fromQt(name) == m_choice.preset) return;
    m_choice.preset = fromQt(name);
    edited();
}

void TrainingSetup::setRunName(const QString& name) {
    m_choice.runName = fromQt(name);
    edited();
}

std::optional<QString> TrainingSetup::setSetting(const QString& key, const QString& text) {
    const std::string name = fromQt(key);
    const config::SettingDescriptor* setting = config::findSetting(name);
    if (setting == nullptr) return tr("There is no setting %1").arg(key);
    const auto parsed = config::parseSettingText(*setting, fromQt(text), {});
    if (!parsed.value) return toQt(parsed.problem);
    const auto isSame = [&](const config::OptionValue& one) { return one.key == name; };
    std::erase_if(m_choice.overrides, isSame);
    config::Settings changed = m_resolved.base;
    setting->set(changed, *parsed.value);
    if (config::settingText(*setting, changed) != config::settingText(*setting, m_resolved.base))
        m_choice.overrides.push_back({name, fromQt(text), std::string(kFormOrigin)});
    edited();
    return std::nullopt;
}

void TrainingSetup::resetSetting(const QString& key) {
    std::erase_if(m_choice.overrides,
                  [name = fromQt(key)](const config::OptionValue& one) { return one.key == name; });
    edited();
}

void TrainingSetup::resetSettings() {
    m_choice.overrides.clear();
    edited();
}

void TrainingSetup::chooseRun(const jobs::RunRecord& run, const config::Settings& settings) {
    m_choice.preset.clear();
    m_choice.runName.clear();
    m_choice.validation = run.validationFile ? std::optional(run.validationFile->path) : std::nullopt;
    m_choice.overrides.clear();
    m_repeated = RepeatedRun{run.commandLine, settings};
    chooseModel(toQt(run.family + "/" + run.version));
    edited();
}

void TrainingSetup::apply(const FitChange& change) {
    for (const config::OptionValue& setting : change.settings)
        setSetting(toQt(setting.key), toQt(setting.value));
}

void TrainingSetup::checkAgain() {
    dropCheck();
    edited();
}

QStringList TrainingSetup::dataFiles() const {
    QStringList files;
    for (const std::filesystem::path& file : m_choice.data)
        files << pathToQt(file);
    return files;
}

QString TrainingSetup::presetName() const {
    return toQt(m_choice.preset);
}

QString TrainingSetup::settingText(const QString& key) const {
    const config::SettingDescriptor* setting = config::findSetting(fromQt(key));
    return setting != nullptr ? toQt(config::settingText(*setting, settings())) : QString();
}

QStringList TrainingSetup::changedSettings() const {
    QStringList keys;
    for (const config::OptionValue& one : m_choice.overrides)
        keys << toQt(one.key);
    return keys;
}

QStringList TrainingSetup::changes() const {
    QStringList lines;
    for (const config::OptionValue& one : m_choice.overrides)
        lines << toQt(one.key + '=' + one.value);
    return lines;
}

void TrainingSetup::takeChanges(const QStringList& changes) {
    for (const QString& line : changes.first(std::min(changes.size(), kMostChanges))) {
        const QString key = line.section(u'=', 0, 0);
        if (line.size() <= kLongestChange && isOfRun(fromQt(key))) setSetting(key, line.section(u'=', 1));
    }
}

const std::vector<config::Preset>& TrainingSetup::presets() const {
    return m_settings.presets();
}

bool TrainingSetup::canSkipBadRows() const {
    return m_report && m_report->summary.badRows > 0 && m_report->summary.usableRows() > 0 &&
           !settings().data.skip_bad_rows;
}

RowPages* TrainingSetup::makeRowPages(QObject* parent) const {
    if (!m_report || !m_choice.model || m_isResolving) return nullptr;
    return new RowPages(m_context, m_choice.data, m_choice.model->path, settings(), parent);
}

QuestionDesk* TrainingSetup::makeQuestionDesk(QObject* parent) const {
    return new QuestionDesk(m_context, parent);
}

QStringList TrainingSetup::notices() const {
    QStringList words;
    if (!m_choice.model || m_choice.data.empty()) return words;
    for (const std::string& notice : m_resolved.report.resolved.notices)
        words << noticeText(notice);
    if (m_outlook)
        for (const std::string& notice : m_outlook->forecast.notices)
            words << noticeText(notice);
    return words;
}

void TrainingSetup::measureSpeed() {
    if (m_outlook && m_choice.model && !m_isResolving)
        m_trial.begin({speedFingerprint(m_choice, settings()),
                       [workspace = m_context.workspace, choice = m_choice, resolved = m_resolved] {
                           return planOf(workspace, choice, resolved);
                       },
                       m_outlook->forecast, m_modelName, m_choice.model->path});
}

QString TrainingSetup::commandLine() const {
    return toQt(m_resolved.commandLine);
}

void TrainingSetup::readSamples() {
    runTask<std::vector<std::filesystem::path>>(
        m_context.filePool, m_context.jobs,
        [root = m_context.workspace.root] { return jobs::listSamples(root); }, this,
        [this](const std::vector<std::filesystem::path>& files) {
            QStringList paths;
            for (const std::filesystem::path& file : files)
                paths << pathToQt(file);
            if (paths == m_samples) return;
            m_samples = paths;
            Q_EMIT samplesChanged();
        });
}

void TrainingSetup::edited() {
    ++m_generation;
    m_isResolving = true;
    m_rest.start();
    settle();
    Q_EMIT choiceChanged();
}

void TrainingSetup::resolve() {
    using LookedUp = std::pair<TrainingChoice, ResolvedChoice>;
    runTask<LookedUp>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace, choice = m_choice, repeated = m_repeated]() -> LookedUp {
            const TrainingChoice whole = repeated ? choiceLike(workspace, choice, *repeated) : choice;
            return {whole, resolveChoice(workspace, whole)};
        },
        this,
        [this, generation = m_generation](LookedUp found) {
            if (generation == m_generation) takeResolved(std::move(found.first), std::move(found.second));
        });
}

void TrainingSetup::takeResolved(TrainingChoice choice, ResolvedChoice resolved) {
    if (m_repeated) {
        m_choice.preset = std::move(choice.preset);
        m_choice.overrides = std::move(choice.overrides);
        m_repeated.reset();
    }
    m_resolved = std::move(resolved);
    m_isResolving = false;
    lookAhead();
    settle();
    Q_EMIT choiceChanged();
}

void TrainingSetup::lookAhead() {
    if (!m_choice.model || m_choice.data.empty() || !m_resolved.report.problems.empty()) return dropCheck();
    if (checkFingerprint(m_choice, settings()) != m_checkedFor) {
        dropCheck();
        return readData(true);
    }
    if (m_isChecking || !m_report || m_report->obstacle) return;
    if (sizesFingerprint(m_choice, settings()) != m_sizesFor) return readData(false);
    if (m_sizes && forecastFingerprint(m_choice, settings()) != m_forecastFor) forecast();
}

void TrainingSetup::dropCheck() {
    if (m_checkJob) m_checkJob->cancel();
    ++m_checks;
    m_isChecking = false;
    m_checkedFor.clear();
    m_sizesFor.clear();
    m_report.reset();
    m_sizes.reset();
    m_reportProblem.reset();
    dropForecast();
}

void TrainingSetup::dropForecast() {
    ++m_forecasts;
    m_isForecasting = false;
    m_forecastFor.clear();
    m_outlook.reset();
    m_outlookProblem.reset();
}

void TrainingSetup::readData(bool withReport) {
    m_checkedFor = checkFingerprint(m_choice, settings());
    m_sizesFor = sizesFingerprint(m_choice, settings());
    m_isChecking = true;
    m_progress = {};
    const QString name = pathToQt(m_choice.data.front().filename());
    const std::size_t more = m_choice.data.size() - 1;
    Job& job = m_context.jobs.start(JobKind::Inspect,
                                    more > 0 ? tr("Checking %1 and %2 more").arg(name, QString::number(more))
                                             : tr("Checking %1").arg(name));
    job.setFolders({m_choice.model->path}); // its tokenizer is read
    m_checkJob = &job;
    connect(&job, &Job::changed, this, [this, check = &job] {
        if (m_checkJob != check) return;
        m_progress = check->progress();
        Q_EMIT checked();
    });
    runJob<DataFound>(
        m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock,
        [workspace = m_context.workspace, choice = m_choice, resolved = m_resolved,
         withReport](const JobControl& control) -> Result<DataFound> {
            const jobs::TrainPlan plan = planOf(workspace, choice, resolved);
            DataFound found;
            if (withReport) {
                auto report = jobs::inspectData(plan.dataFiles, plan.modelFolder, plan.settings,
                                                control.cancel, control.progress);
                if (!report) return report.error();
                found.report = std::move(*report);
                if (found.report->obstacle) return found;
            }
            auto sizes = jobs::readRowSizes(plan, control.cancel, control.progress);
            if (sizes)
                found.sizes = std::make_shared<const jobs::RowSizes>(std::move(*sizes));
            else
                found.problem = sizes.error();
            return found;
        },
        this,
        [this, check = ++m_checks](Result<DataFound> found) {
            if (check == m_checks) takeData(std::move(found));
        });
}

void TrainingSetup::takeData(Result<DataFound> found) {
    m_isChecking = false;
    if (found) {
        if (found->report) m_report = std::move(found->report);
        m_sizes = std::move(found->sizes);
        m_outlookProblem = std::move(found->problem);
    } else {
        m_reportProblem = found.error();
    }
    if (!m_sizes) m_outlook.reset();
    m_forecastFor.clear(); // rows may be others
    lookAhead();
    settle();
}

void TrainingSetup::forecast() {
    const auto before = std::move(m_outlook);
    dropForecast();
    m_outlook = before; // shown until the new one is there
    m_forecastFor = forecastFingerprint(m_choice, settings());
    m_isForecasting = true;
    runTask<Result<TrainingOutlook>>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace, choice = m_choice, resolved = m_resolved, sizes = m_sizes,
         rate = m_trial.rateFor(speedFingerprint(m_choice, settings()))] {
            return managers::lookAhead(planOf(workspace, choice, resolved), *sizes, workspace.root, rate);
        },
        this,
        [this, forecast = m_forecasts](Result<TrainingOutlook> outlook) {
            if (forecast == m_forecasts) takeOutlook(std::move(outlook));
        });
}

void TrainingSetup::takeOutlook(Result<TrainingOutlook> outlook) {
    m_isForecasting = false;
    if (outlook) {
        m_outlook = std::move(*outlook);
    } else {
        m_outlook.reset();
        m_outlookProblem = outlook.error();
    }
    settle();
}

std::optional<Error> TrainingSetup::findProblem() const {
    if (!m_modelName.isEmpty() && !m_choice.model && m_models.isListed())
        return Error{codes::kModelNotInstalled,
                     fromQt(tr("%1 is not ready to be trained: get, import or verify it on the Models page")
                                .arg(m_modelName))};
    if (!m_resolved.report.problems.empty()) return config::problemsError(m_resolved.report.problems);
    if (m_reportProblem) return m_reportProblem;
    if (m_report && m_report->obstacle) return m_report->obstacle;
    if (m_outlookProblem) return m_outlookProblem;
    return m_outlook ? m_outlook->misfit : std::nullopt;
}

void TrainingSetup::settle() {
    m_problem = findProblem();
    SetupState state = SetupState::NothingChosen;
    const bool isMisfit =
        m_outlook && m_outlook->misfit && m_problem && m_problem->code == m_outlook->misfit->code;
    if (m_choice.model && !m_choice.data.empty()) {
        if (isMisfit)
            state = SetupState::DoesNotFit;
        else if (!m_problem && m_outlook && !m_isChecking)
            state = SetupState::Ready;
        else if (isLookingAhead())
            state = SetupState::Checking;
    }
    m_state = state;
    Q_EMIT checked();
}

} // namespace llamahome::managers
