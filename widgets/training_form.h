// TrainingForm: model, data, preset and the settings that matter, for the next run. GUI thread.
#pragma once

#include <vector>

#include <QWidget>

#include "managers/model_manager.h"
#include "managers/run_manager.h"
#include "managers/training_setup.h"
#include "widgets/window_memory.h"

class QComboBox;
class QGridLayout;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace llamahome::widgets {

class DataChooser;
class SettingEditor;
class SettingsFold;

class TrainingForm final : public QWidget {
    Q_OBJECT

public:
    TrainingForm(managers::TrainingSetup& setup, managers::ModelManager& models, WindowMemory& memory,
                 QWidget* parent = nullptr);

    void chooseModel(const QString& name);
    void chooseData(const QStringList& paths);
    /// Model, data and settings of a run; it has settings.
    void chooseRun(const managers::RunDetails& details);
    /// The first field that still waits for a choice.
    void focusFirst();
    /// Asks for data files.
    void browseData();
    /// Opens the table in which data is written.
    void writeData();
    bool isFoldOpen() const;

Q_SIGNALS:
    void lookInsideWanted();
    /// The fold of all settings takes the free room of the page, or gives it back.
    void foldOpened(bool open);

private:
    QWidget* makeChoices();
    QWidget* makeSettings();
    void addEditor(const char* key, const QString& label, QGridLayout& grid, int column);
    void listModels();
    void listPresets();
    void takePreset(int index);
    void refresh();
    void refreshReport();
    void showOverruled();
    void restoreChoices();
    void takeKeptChanges();

    managers::TrainingSetup& m_setup;
    managers::ModelManager& m_models;
    WindowMemory& m_memory;
    QComboBox* m_model;
    DataChooser* m_data;
    QLabel* m_report;
    QPushButton* m_lookInside;
    QComboBox* m_preset;
    QLabel* m_presetNote;
    QLabel* m_overruled; ///< why the epochs do not count
    SettingsFold* m_fold;
    std::vector<SettingEditor*> m_editors;
    bool m_hasTakenChanges = false; ///< those that were kept; later ones are kept
};

} // namespace llamahome::widgets
