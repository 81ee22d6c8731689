// SettingsFold: all settings of training and data, folded and searchable, for one run. GUI thread.
#pragma once

#include <vector>

#include <QWidget>

#include "config/setting_descriptor.h"
#include "managers/training_setup.h"

class QLabel;
class QLineEdit;
class QScrollArea;
class QToolButton;
class QVBoxLayout;

namespace llamahome::widgets {

class RunExtras;
class SettingEditor;

/// Its rows are made when it is first opened. Changes count for the next run only; the settings' own page is
/// where defaults are kept.
class SettingsFold final : public QWidget {
    Q_OBJECT

public:
    explicit SettingsFold(managers::TrainingSetup& setup, QWidget* parent = nullptr);

    bool isOpen() const;
    void setOpen(bool open);

Q_SIGNALS:
    void opened(bool open);

private:
    struct Row {
        const config::SettingDescriptor* setting = nullptr;
        QWidget* widget = nullptr;
        SettingEditor* editor = nullptr;
        QToolButton* reset = nullptr;
    };

    void makeRows();
    void addRow(const config::SettingDescriptor& setting, QVBoxLayout& column);
    void filter(const QString& words);
    void refresh();

    managers::TrainingSetup& m_setup;
    QToolButton* m_toggle;
    QToolButton* m_resetAll;
    QWidget* m_panel;
    RunExtras* m_extras;
    QLineEdit* m_search;
    QScrollArea* m_area;
    QLabel* m_nothing;
    std::vector<Row> m_rows;
};

} // namespace llamahome::widgets
