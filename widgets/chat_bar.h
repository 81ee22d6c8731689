// ChatBar: which model answers, with which adapter and how much of it. GUI thread.
#pragma once

#include <QWidget>

#include "managers/chat_manager.h"
#include "managers/model_manager.h"

class QToolButton;

namespace llamahome::widgets {

class AdapterChoice;
class NameBox;

class ChatBar final : public QWidget {
    Q_OBJECT

public:
    ChatBar(managers::ChatManager& chat, managers::ModelManager& models, QWidget* parent = nullptr);

    QToolButton* drawerButton() const { return m_drawer; }
    QToolButton* compareButton() const { return m_compare; }
    /// While two sides are compared they have adapters of their own, and there is no conversation to say more
    /// about.
    void setComparing(bool on);

Q_SIGNALS:
    /// The user chose another model.
    void modelChosen(const QString& name);

private:
    QToolButton* makeMore();
    void showLists();
    void showCurrent();

    managers::ChatManager& m_chat;
    managers::ModelManager& m_models;
    NameBox* m_model;
    AdapterChoice* m_adapter;
    QToolButton* m_compare;
    QToolButton* m_drawer;
    QToolButton* m_more;
};

} // namespace llamahome::widgets
