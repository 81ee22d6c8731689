// SettingCard: one setting with its field, what it does, where its value comes from, and reset. GUI thread.
#pragma once

#include <QString>
#include <QWidget>

#include "managers/settings_manager.h"

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace llamahome::widgets {

class SettingEditor;

/// A change is written when it is committed and right; what is wrong is said in place and not written.
class SettingCard final : public QWidget {
    Q_OBJECT

public:
    /// `manager` outlives it.
    explicit SettingCard(managers::SettingsManager& manager, QWidget* parent = nullptr);

    /// Null: what to do first.
    void showSetting(const config::SettingDescriptor* setting);
    QString key() const;
    void focusEditor();

private:
    void build();
    void refresh();
    void showPlace();
    void save(const QString& text);

    managers::SettingsManager& m_manager;
    const config::SettingDescriptor* m_setting = nullptr;
    SettingEditor* m_editor = nullptr;
    QVBoxLayout* m_editorPlace;
    QLabel* m_title;
    QLabel* m_key;
    QLabel* m_help;
    QLabel* m_effect;
    QLabel* m_place;
    QLabel* m_restart;
    QPushButton* m_reset;
};

} // namespace llamahome::widgets
