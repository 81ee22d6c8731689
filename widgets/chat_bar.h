// ChatBar: which model answers, with which adapter and how much of it. GUI thread.
#pragma once

#include <QWidget>

#include "managers/chat_manager.h"
#include "managers/model_manager.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QToolButton;

namespace llamahome::widgets {

class ChatBar final : public QWidget {
    Q_OBJECT

public:
    ChatBar(managers::ChatManager& chat, managers::ModelManager& models, QWidget* parent = nullptr);

    QToolButton* drawerButton() const { return m_drawer; }

Q_SIGNALS:
    /// The user chose another model.
    void modelChosen(const QString& name);

private:
    void showLists();
    void showAdapters(const QString& model);
    void showCurrent();

    managers::ChatManager& m_chat;
    managers::ModelManager& m_models;
    QComboBox* m_model;
    QComboBox* m_adapter;
    QLabel* m_scaleLabel;
    QDoubleSpinBox* m_scale;
    QToolButton* m_drawer;
};

} // namespace llamahome::widgets
