// SettingsPane: the page of settings: theme, every setting with its place, search, what is wrong. GUI thread.
#pragma once

#include <QString>
#include <QWidget>

#include "managers/settings_manager.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSplitter;
class QTreeView;
class QVBoxLayout;

namespace llamahome::managers {
class CudaManager;
class TokenManager;
} // namespace llamahome::managers

namespace llamahome::items {
class SettingFilter;
class SettingTree;
} // namespace llamahome::items

namespace llamahome::widgets {

class MessageBar;
class SettingCard;
class WindowMemory;

class SettingsPane final : public QWidget {
    Q_OBJECT

public:
    /// All outlive it. Does not apply the kept theme: the window does that when it starts.
    SettingsPane(managers::SettingsManager& manager, managers::CudaManager& cuda,
                 managers::TokenManager& tokens, WindowMemory& memory, QWidget* parent = nullptr);

    /// Chooses a setting in the list; nothing happens for an unknown key.
    void choose(const QString& key);

public Q_SLOTS:
    void focusSearch();

private:
    void build();
    QWidget* makeHeader();
    QWidget* makeBar();
    QWidget* makeList();
    void connectAll();
    void search();
    void chooseTheme(int row);
    void showProblems();
    void openFolder();
    /// Why the list is empty, and what would fill it.
    QString nothingText() const;
    void spanSections();

    managers::SettingsManager& m_manager;
    managers::CudaManager& m_cuda;
    managers::TokenManager& m_tokens;
    WindowMemory& m_memory;
    items::SettingTree* m_tree;
    items::SettingFilter* m_filter;
    MessageBar* m_messages;
    QWidget* m_problems;
    QVBoxLayout* m_problemList;
    QLineEdit* m_search;
    QComboBox* m_theme;
    QCheckBox* m_chosenOnly;
    QPushButton* m_folder;
    QTreeView* m_list;
    QLabel* m_nothing;
    SettingCard* m_card;
};

} // namespace llamahome::widgets
