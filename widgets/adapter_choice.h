// AdapterChoice: which adapter answers on the chosen model, and how much of it. GUI thread.
#pragma once

#include <string>

#include <QWidget>

#include "managers/chat_manager.h"
#include "managers/model_manager.h"

class QDoubleSpinBox;
class QLabel;

namespace llamahome::widgets {

class NameBox;

/// Offers what fits the model of the shown conversation. Does nothing by itself but tell.
class AdapterChoice final : public QWidget {
    Q_OBJECT

public:
    /// The label of the adapter with its help, and the names of the two fields.
    struct Words {
        QString label;
        QString help;
        QString adapterName;
        QString scaleName;
    };

    AdapterChoice(const Words& words, const managers::ChatManager& chat, const managers::ModelManager& models,
                  QWidget* parent = nullptr);

    void show(const std::string& adapter, double scale);

Q_SIGNALS:
    void adapterChosen(const QString& name); ///< empty: none
    void scaleChosen(double scale);

private:
    const managers::ChatManager& m_chat;
    const managers::ModelManager& m_models;
    NameBox* m_adapter;
    QDoubleSpinBox* m_scale;
    QLabel* m_scaleLabel;
};

} // namespace llamahome::widgets
