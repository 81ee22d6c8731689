#include "widgets/training_form.h"

#include <QApplication>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "config/setting_descriptor.h"
#include "managers/text.h"
#include "widgets/data_chooser.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/setting_editor.h"
#include "widgets/settings_fold.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::toQt;

namespace {

const QString kModelKey = QStringLiteral("training/model");
const QString kDataKey = QStringLiteral("training/data");
const QString kRecentKey = QStringLiteral("training/recentData");
const QString kPresetKey = QStringLiteral("training/preset");
const QString kChangesKey = QStringLiteral("training/changes");
constexpr int kLeastCharacters = 16;

QLabel* makeLabel(const QString& text, QWidget* buddy, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setBuddy(buddy);
    return label;
}

} // namespace

TrainingForm::TrainingForm(managers::TrainingSetup& setup, managers::ModelManager& models,
                           WindowMemory& memory, QWidget* parent)
    : QWidget(parent)
    , m_setup(setup)
    , m_models(models)
    , m_memory(memory)
    , m_model(new QComboBox(this))
    , m_data(new DataChooser(setup, memory, kRecentKey, this))
    , m_report(look::makeNote({}, this))
    , m_lookInside(new QPushButton(tr("Look &inside…"), this))
    , m_preset(new QComboBox(this))
    , m_presetNote(look::makeNote({}, this))
    , m_overruled(look::makeNote({}, this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2 * look::kGrid);
    column->addWidget(makeChoices());
    column->addWidget(makeSettings());
    m_fold = new SettingsFold(setup, this); // after the fields above it, for the order of the Tab key
    column->addWidget(m_fold, 1);
    connect(m_model, &QComboBox::activated, this,
            [this](int index) { chooseModel(m_model->itemData(index).toString()); });
    connect(m_preset, &QComboBox::activated, this, &TrainingForm::takePreset);
    connect(m_lookInside, &QPushButton::clicked, this, &TrainingForm::lookInsideWanted);
    connect(m_fold, &SettingsFold::opened, this, &TrainingForm::foldOpened);
    connect(&m_models, &managers::ModelManager::modelsChanged, this, &TrainingForm::listModels);
    connect(&m_setup, &managers::TrainingSetup::choiceChanged, this, &TrainingForm::refresh);
    connect(&m_setup, &managers::TrainingSetup::checked, this, &TrainingForm::refreshReport);
    restoreChoices();
    listModels();
    refresh();
    refreshReport();
}

QWidget* TrainingForm::makeChoices() {
    auto* choices = new QWidget(this);
    auto* grid = new QGridLayout(choices);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(look::kGrid);
    grid->setVerticalSpacing(look::kGrid / 2);
    for (QComboBox* combo : {m_model, m_preset}) {
        combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        combo->setMinimumContentsLength(kLeastCharacters);
    }
    m_model->setObjectName(QStringLiteral("modelChooser"));
    m_model->setPlaceholderText(tr("Choose a model"));
    m_model->setToolTip(tr("The model that learns; it stays as it is, what is learned goes into an adapter"));
    m_preset->setObjectName(QStringLiteral("presetChooser"));
    m_preset->setToolTip(tr("Settings for a purpose"));
    m_report->setObjectName(QStringLiteral("dataReport"));
    m_report->setWordWrap(true);
    m_lookInside->setObjectName(QStringLiteral("lookInside"));
    m_presetNote->setObjectName(QStringLiteral("presetNote"));
    m_presetNote->setWordWrap(true);
    grid->addWidget(makeLabel(tr("&Model"), m_model, choices), 0, 0);
    grid->addWidget(makeLabel(tr("&Data"), m_data, choices), 0, 1);
    grid->addWidget(makeLabel(tr("P&reset"), m_preset, choices), 0, 3);
    grid->addWidget(m_model, 1, 0);
    grid->addWidget(m_data, 1, 1);
    grid->addWidget(m_lookInside, 1, 2);
    grid->addWidget(m_preset, 1, 3);
    grid->addWidget(m_report, 2, 1, 1, 2, Qt::AlignTop);
    grid->addWidget(m_presetNote, 2, 3, Qt::AlignTop);
    grid->setColumnStretch(0, 3);
    grid->setColumnStretch(1, 3);
    grid->setColumnStretch(3, 4);
    return choices;
}

QWidget* TrainingForm::makeSettings() {
    auto* settings = new QWidget(this);
    auto* grid = new QGridLayout(settings);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(look::kGrid);
    grid->setVerticalSpacing(look::kGrid / 2);
    addEditor("training.num_epochs", tr("&Epochs"), *grid, 0);
    addEditor("training.learning_rate", tr("Learnin&g rate"), *grid, 1);
    addEditor("training.max_length", tr("Le&ngth"), *grid, 2);
    addEditor("training.batch_size", tr("&Batch"), *grid, 3);
    addEditor("training.gradient_accumulation", tr("× Acc&umulation"), *grid, 4);
    addEditor("training.lora.r", tr("Ran&k"), *grid, 5);
    m_overruled->setObjectName(QStringLiteral("overruledEpochs"));
    m_overruled->setWordWrap(true);
    grid->addWidget(m_overruled, 2, 0, 1, static_cast<int>(m_editors.size()));
    return settings;
}

void TrainingForm::addEditor(const char* key, const QString& label, QGridLayout& grid, int column) {
    const config::SettingDescriptor& setting = *config::findSetting(key);
    auto* editor = new SettingEditor(setting, this);
    editor->setText(SettingEditor::textOf(setting, m_setup.settings()));
    auto* name = makeLabel(label, editor, this);
    name->setToolTip(toQt(setting.help + "\n" + setting.effect));
    grid.addWidget(name, 0, column);
    grid.addWidget(editor, 1, column, Qt::AlignTop);
    grid.setColumnStretch(column, 1);
    const auto take = [this, editor, id = toQt(setting.key)](const QString& text) {
        if (!editor->isRight()) return;
        if (const auto problem = m_setup.setSetting(id, text)) editor->showProblem(*problem);
    };
    connect(editor, &SettingEditor::edited, this, take);
    m_editors.push_back(editor);
}

void TrainingForm::restoreChoices() {
    const QStringList files = m_memory.value(kDataKey).toStringList(); // kept anew at each change
    m_setup.choosePreset(m_memory.value(kPresetKey).toString());
    m_setup.chooseData(files);
    m_setup.chooseModel(m_memory.value(kModelKey).toString());
}

void TrainingForm::chooseModel(const QString& name) {
    m_memory.setValue(kModelKey, name);
    m_setup.chooseModel(name);
}

void TrainingForm::chooseData(const QStringList& paths) {
    m_data->choose(paths);
}

void TrainingForm::chooseRun(const managers::RunDetails& details) {
    m_hasTakenChanges = true; // they give way to those of the run
    QStringList files;
    for (const jobs::RunDataFile& file : details.info.record.dataFiles)
        files << managers::pathToQt(file.path);
    m_setup.chooseRun(details.info.record, *details.settings);
    m_memory.setValue(kModelKey, m_setup.modelName());
    chooseData(files);
}

void TrainingForm::focusFirst() {
    if (m_model->currentIndex() < 0)
        m_model->setFocus();
    else
        m_data->setFocus();
}

void TrainingForm::browseData() {
    m_data->browse();
}

void TrainingForm::writeData() {
    m_data->write();
}

bool TrainingForm::isFoldOpen() const {
    return m_fold->isOpen();
}

void TrainingForm::listModels() {
    m_model->clear();
    for (const jobs::ModelEntry& entry : m_models.models())
        if (entry.isUsable()) m_model->addItem(toQt(entry.name), toQt(entry.name));
    m_model->setPlaceholderText(m_model->count() == 0 ? tr("No model here yet: see Models")
                                                      : tr("Choose a model"));
    // With one model there is nothing to choose; one that is gone is no choice where there are others.
    if (m_model->count() > 0 && m_model->findData(m_setup.modelName()) < 0)
        chooseModel(m_model->count() == 1 ? m_model->itemData(0).toString() : QString());
    m_model->setCurrentIndex(m_model->findData(m_setup.modelName()));
}

void TrainingForm::listPresets() {
    const auto& presets = m_setup.presets();
    if (m_preset->count() != static_cast<int>(presets.size()) + 1) {
        m_preset->clear();
        m_preset->addItem(tr("Standard"), QString());
        for (const config::Preset& preset : presets)
            m_preset->addItem(toQt(preset.title.empty() ? preset.name : preset.title), toQt(preset.name));
    }
    const int index = m_preset->findData(m_setup.presetName());
    m_preset->setCurrentIndex(index);
    m_presetNote->setText(index > 0 ? toQt(presets[static_cast<std::size_t>(index) - 1].description)
                                    : tr("The values from the Settings page."));
}

void TrainingForm::takePreset(int index) {
    m_setup.choosePreset(m_preset->itemData(index).toString());
}

void TrainingForm::refresh() {
    m_model->setCurrentIndex(m_model->findData(m_setup.modelName()));
    m_memory.setValue(kDataKey, m_setup.dataFiles());
    m_memory.setValue(kPresetKey, m_setup.presetName());
    listPresets();
    if (!m_setup.isResolving()) takeKeptChanges();
    if (m_hasTakenChanges) m_memory.setValue(kChangesKey, m_setup.changes());
    if (m_setup.isResolving()) return;
    for (SettingEditor* editor : m_editors) {
        const QString text = SettingEditor::textOf(editor->setting(), m_setup.settings());
        const bool isTyping = editor->isAncestorOf(QApplication::focusWidget());
        if (!isTyping && editor->text() != text) editor->setText(text);
    }
    showOverruled();
}

void TrainingForm::showOverruled() {
    if (m_setup.isResolving()) return;
    const QString words = overruledEpochsText(m_setup.settings().training, m_setup.outlook());
    m_overruled->setText(words);
    m_overruled->setVisible(!words.isEmpty());
}

/// Once the values without the form are known, against which they are changes.
void TrainingForm::takeKeptChanges() {
    if (m_hasTakenChanges) return;
    const QStringList kept = m_memory.value(kChangesKey).toStringList();
    m_hasTakenChanges = true;
    m_setup.takeChanges(kept);
}

void TrainingForm::refreshReport() {
    const auto& report = m_setup.dataReport();
    m_lookInside->setEnabled(report.has_value());
    m_report->setText(report ? dataText(*report) : QString());
    showOverruled();
}

} // namespace llamahome::widgets
