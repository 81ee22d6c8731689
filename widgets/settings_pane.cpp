#include "widgets/settings_pane.h"

#include <algorithm>
#include <array>
#include <utility>

#include <QCheckBox>
#include <QComboBox>
#include <QDesktopServices>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QTreeView>
#include <QUrl>
#include <QVBoxLayout>

#include "config/setting_descriptor.h"
#include "items/setting_tree.h"
#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/cuda_row.h"
#include "widgets/icon_label.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/setting_card.h"
#include "widgets/status_icons.h"
#include "widgets/token_row.h"
#include "widgets/window_memory.h"

namespace llamahome::widgets {
namespace {

using items::SettingTree;
using managers::toQt;

constexpr int kMostProblems = 4; ///< shown one by one

/// A problem with its place, and where there is one the button that mends it.
QWidget* makeProblem(const QString& text, QPushButton* button, QWidget* parent) {
    auto* line = new QWidget(parent);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    auto* sign = new IconLabel(icon(Icon::Bad), 2 * look::kGrid, line);
    auto* label = new QLabel(text, line);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    row->addWidget(sign, 0, Qt::AlignTop);
    row->addWidget(label, 1);
    if (button != nullptr) {
        button->setParent(line);
        row->addWidget(button, 0, Qt::AlignTop);
    }
    return line;
}

} // namespace

SettingsPane::SettingsPane(managers::SettingsManager& manager, managers::CudaManager& cuda,
                           managers::TokenManager& tokens, WindowMemory& memory, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_cuda(cuda)
    , m_tokens(tokens)
    , m_memory(memory)
    , m_tree(new SettingTree(manager, this))
    , m_filter(new items::SettingFilter(this)) {
    setObjectName(QStringLiteral("settingsPane"));
    m_filter->setSourceModel(m_tree);
    build();
    connectAll();
    showProblems();
}

void SettingsPane::build() {
    QWidget* header = makeHeader(); // all in the order of the Tab key
    m_messages = new MessageBar(this);
    m_problems = new QWidget(this);
    m_problems->setObjectName(QStringLiteral("problems"));
    m_problemList = new QVBoxLayout(m_problems);
    m_problemList->setContentsMargins(0, 0, 0, 0);
    m_problemList->setSpacing(look::kGrid / 2);
    QWidget* bar = makeBar();
    auto* tokens = new TokenRow(m_tokens, this);
    auto* cuda = new CudaRow(m_cuda, this);
    QWidget* list = makeList();
    m_card = new SettingCard(m_manager, this);
    m_card->setObjectName(QStringLiteral("settingCard"));
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(m_card);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus); // it would not be seen to have the focus
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setMinimumWidth(40 * look::kGrid);
    scroll->setAccessibleName(tr("The chosen setting"));
    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(list);
    splitter->addWidget(scroll);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    m_memory.keep(*splitter, QStringLiteral("settings/splitter"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, look::kGrid);
    column->setSpacing(look::kGrid);
    column->addWidget(header);
    column->addWidget(m_messages);
    column->addWidget(m_problems);
    column->addWidget(bar);
    column->addWidget(tokens);
    column->addWidget(cuda);
    column->addWidget(splitter, 1);
}

QWidget* SettingsPane::makeHeader() {
    auto* header = new QWidget(this);
    m_search = new QLineEdit(header);
    m_search->setObjectName(QStringLiteral("settingSearch"));
    m_search->setPlaceholderText(tr("Search settings"));
    m_search->setAccessibleName(tr("Search settings"));
    m_search->setToolTip(tr("By name, key, explanation, or its name in other programs."));
    m_search->setClearButtonEnabled(true);
    m_search->setMaximumWidth(32 * look::kGrid);
    m_search->addAction(icon(Icon::Search), QLineEdit::LeadingPosition);
    m_folder = new QPushButton(icon(Icon::Folder), tr("&Open folder"), header);
    m_folder->setObjectName(QStringLiteral("openFolderButton"));
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(look::makeTitle(tr("Settings"), header));
    row->addStretch();
    row->addWidget(m_search, 1);
    row->addWidget(m_folder);
    return header;
}

QWidget* SettingsPane::makeBar() {
    auto* bar = new QWidget(this);
    m_theme = new QComboBox(bar);
    m_theme->setObjectName(QStringLiteral("themeBox"));
    m_theme->addItems({tr("As the system"), tr("Light"), tr("Dark"), tr("High contrast")});
    m_theme->setCurrentIndex(m_memory.value(look::kThemeKey, 0).toInt());
    auto* label = new QLabel(tr("&Theme"), bar);
    label->setBuddy(m_theme);
    m_theme->setAccessibleName(tr("Theme"));
    m_chosenOnly = new QCheckBox(tr("Only what is not the &default"), bar);
    m_chosenOnly->setObjectName(QStringLiteral("chosenOnlyBox"));
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(label);
    row->addWidget(m_theme);
    row->addStretch();
    row->addWidget(m_chosenOnly);
    return bar;
}

QWidget* SettingsPane::makeList() {
    m_list = new QTreeView(this);
    m_list->setObjectName(QStringLiteral("settingList"));
    m_list->setAccessibleName(tr("Settings"));
    m_list->setModel(m_filter);
    m_list->setItemDelegate(new SettingDelegate(m_list));
    m_list->setUniformRowHeights(true);
    m_list->setIndentation(2 * look::kGrid);
    m_list->setAllColumnsShowFocus(true);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    QHeaderView& header = *m_list->header();
    header.setStretchLastSection(true);
    m_list->setColumnWidth(SettingTree::Label, 24 * look::kGrid);
    m_list->setColumnWidth(SettingTree::Value, 21 * look::kGrid);
    m_memory.keep(header, QStringLiteral("settings/header"));
    m_nothing = look::makeNote({}, this);
    m_nothing->setObjectName(QStringLiteral("nothingFound"));
    m_nothing->setAlignment(Qt::AlignCenter);
    m_nothing->setWordWrap(true);
    m_nothing->hide();
    auto* place = new QWidget(this);
    place->setMinimumWidth(44 * look::kGrid);
    auto* column = new QVBoxLayout(place);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_list, 1);
    column->addWidget(m_nothing);
    m_list->expandAll();
    spanSections();
    return place;
}

void SettingsPane::connectAll() {
    connect(m_search, &QLineEdit::textChanged, this, &SettingsPane::search);
    connect(m_chosenOnly, &QCheckBox::toggled, this, &SettingsPane::search);
    connect(m_theme, &QComboBox::activated, this, &SettingsPane::chooseTheme);
    connect(m_folder, &QPushButton::clicked, this, &SettingsPane::openFolder);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& current) {
                if (const auto* setting = m_tree->settingAt(m_filter->mapToSource(current)))
                    m_card->showSetting(setting);
            });
    connect(m_list, &QTreeView::activated, this, [this] { m_card->focusEditor(); });
    connect(&m_manager, &managers::SettingsManager::settingsChanged, this, [this] {
        showProblems();
        if (m_chosenOnly->isChecked()) search();
    });
    const auto showFailure = [this](const Error& error) { m_messages->showFailure(error); };
    connect(&m_tokens, &managers::TokenManager::failed, this, showFailure);
    connect(&m_cuda, &managers::CudaManager::failed, this, showFailure);
    connect(&m_manager, &managers::SettingsManager::settingFailed, this,
            [this](const QString& key, const Error& error) {
                if (key != m_card->key()) m_messages->showFailure(error);
            });
}

void SettingsPane::choose(const QString& key) {
    const QModelIndex index = m_filter->mapFromSource(m_tree->indexOf(key));
    if (!index.isValid()) return;
    m_list->setCurrentIndex(index);
    m_list->scrollTo(index);
}

void SettingsPane::focusSearch() {
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

void SettingsPane::search() {
    m_filter->setSearch(m_search->text());
    m_filter->setChosenOnly(m_chosenOnly->isChecked());
    m_list->expandAll();
    spanSections();
    const bool isEmpty = m_filter->rowCount() == 0;
    m_list->setVisible(!isEmpty);
    m_nothing->setVisible(isEmpty);
    m_nothing->setText(isEmpty ? nothingText() : QString());
    if (!isEmpty && !m_search->text().isEmpty())
        m_list->setCurrentIndex(m_filter->index(0, 0, m_filter->index(0, 0)));
}

QString SettingsPane::nothingText() const {
    const QString words = m_search->text();
    if (words.isEmpty()) return tr("Every setting has its default.");
    const auto& all = config::allSettings();
    const bool isAny = std::any_of(all.begin(), all.end(),
                                   [&words](const auto& one) { return items::isFoundBy(one, words); });
    if (!isAny) return tr("No setting is called “%1”. Clear the search to see the others.").arg(words);
    return tr("What is called “%1” has its default. Untick “%2” to see it.")
        .arg(words, m_chosenOnly->text().remove(QLatin1Char('&')));
}

void SettingsPane::spanSections() {
    for (int row = 0; row < m_filter->rowCount(); ++row)
        m_list->setFirstColumnSpanned(row, {}, true);
}

void SettingsPane::chooseTheme(int row) {
    m_memory.setValue(look::kThemeKey, row);
    look::applyTheme(static_cast<look::Theme>(row));
}

void SettingsPane::showProblems() {
    while (QLayoutItem* item = m_problemList->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    const auto& problems = m_manager.problems();
    int shown = 0;
    for (const config::SettingProblem& problem : problems) {
        if (shown++ == kMostProblems) break;
        QPushButton* button = nullptr;
        const QString file = toQt(problem.file);
        if (m_manager.hasLastGood(file)) {
            button = new QPushButton(tr("Put back the last good copy"));
            button->setObjectName(QStringLiteral("restoreButton"));
            button->setToolTip(tr("The damaged file is kept beside it, with .damaged at its name."));
            connect(button, &QPushButton::clicked, this, [this, file] { m_manager.restoreLastGood(file); });
        }
        m_problemList->addWidget(makeProblem(managers::windowText(problem.text()), button, m_problems));
    }
    if (shown > kMostProblems) {
        const int more = static_cast<int>(problems.size()) - kMostProblems;
        m_problemList->addWidget(look::makeNote(tr("and %1 more").arg(more), m_problems));
    }
    m_problems->setVisible(!problems.empty());
    m_folder->setEnabled(!m_manager.userFolder().isEmpty());
    m_folder->setToolTip(m_manager.userFolder());
}

void SettingsPane::openFolder() {
    QDesktopServices::openUrl(QUrl::fromLocalFile(m_manager.userFolder()));
}

} // namespace llamahome::widgets
