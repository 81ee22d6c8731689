// SamplingDrawer: how the shown conversation is answered: system text, presets, sampling. GUI thread.
#pragma once

#include <vector>

#include <QScrollArea>

#include "managers/chat_manager.h"

class QComboBox;
class QPlainTextEdit;

namespace llamahome::widgets {

class SettingEditor;

/// Fields from the settings' descriptions; changes count for this conversation, from its next answer on.
class SamplingDrawer final : public QScrollArea {
    Q_OBJECT

public:
    explicit SamplingDrawer(managers::ChatManager& chat, QWidget* parent = nullptr);

private:
    void addEditor(const QString& key, QWidget* page);
    void showOpened();
    void showCurrent();
    void showValue(SettingEditor& editor);
    void choosePreset(int at);
    void take(const SettingEditor& editor);

    managers::ChatManager& m_chat;
    QComboBox* m_preset;
    QPlainTextEdit* m_system;
    std::vector<SettingEditor*> m_editors;
};

} // namespace llamahome::widgets
