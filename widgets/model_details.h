// ModelDetails: the card of the chosen model or adapter: what it is good for, what it needs, what to do. GUI
// thread.
#pragma once

#include <QString>
#include <QWidget>

#include "managers/model_manager.h"

class QAction;
class QGridLayout;
class QLabel;
class QMenu;
class QPushButton;
class QToolButton;

namespace llamahome::widgets {

class IconLabel;

class ModelDetails final : public QWidget {
    Q_OBJECT

public:
    /// `manager` outlives it.
    explicit ModelDetails(managers::ModelManager& manager, QWidget* parent = nullptr);

    /// Shows the model or adapter of that name; empty: what to do first.
    void showModel(const QString& name);
    QString name() const { return m_name; }
    /// What can be done with it; for the list's context menu too.
    QMenu* menu() const { return m_menu; }

Q_SIGNALS:
    void trainRequested(const QString& model);
    void chatRequested(const QString& model, const QString& adapter);
    void downloadRequested(const QString& name);
    void importRequested();
    void verifyRequested(const QString& name, bool deep);
    void exportRequested(const QString& name);
    void removeRequested(const QString& name);

private:
    struct Row {
        QLabel* label;
        QLabel* value;
    };

    void build();
    void buildMenu();
    QWidget* makeButtons(QWidget* parent);
    Row addRow(QGridLayout& grid, const QString& label, const QString& objectName);
    void alignLabels();
    static void setRow(const Row& row, const QString& text, const QString& toolTip = {});
    void refresh();
    void showNothing();
    void showEntry(const jobs::ModelEntry& entry);
    void showNeeds(const jobs::ModelEntry& entry);
    void showActions(const jobs::ModelEntry& entry);
    void openHubPage();
    void copy(const QString& text);

    managers::ModelManager& m_manager;
    QString m_name;
    bool m_isAdapter = false;
    QLabel* m_title;
    IconLabel* m_stateIcon;
    QLabel* m_state;
    QLabel* m_advice; ///< the next step, where the model cannot be used
    QLabel* m_note;   ///< what it is good for
    QWidget* m_needs;
    QWidget* m_facts;
    Row m_chat;
    Row m_train;
    Row m_base; ///< of an adapter, as the next two
    Row m_run;
    Row m_trained;
    Row m_size;
    Row m_parameters;
    Row m_context;
    Row m_licence;
    Row m_hub;
    Row m_source;
    Row m_folder;
    QPushButton* m_trainButton;
    QPushButton* m_chatButton;
    QPushButton* m_downloadButton;
    QPushButton* m_importButton;
    QPushButton* m_hubButton;
    QPushButton* m_removeButton;
    QToolButton* m_more;
    QMenu* m_menu;
    QAction* m_export;
    QAction* m_verify;
    QAction* m_verifyDeep;
    QAction* m_remove;
    QAction* m_copyPath;
    QMenu* m_copyCommand;
};

} // namespace llamahome::widgets
