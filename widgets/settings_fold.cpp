#include "widgets/settings_fold.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "config/setting_descriptor.h"
#include "items/setting_tree.h"
#include "managers/text.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/run_extras.h"
#include "widgets/setting_editor.h"
#include "widgets/tab_order.h"

namespace llamahome::widgets {

using managers::toQt;

namespace {

constexpr int kLabelWidth = 25 * look::kGrid;
constexpr int kEditorWidth = 34 * look::kGrid;

} // namespace

SettingsFold::SettingsFold(managers::TrainingSetup& setup, QWidget* parent)
    : QWidget(parent)
    , m_setup(setup)
    , m_toggle(new QToolButton(this))
    , m_resetAll(new QToolButton(this))
    , m_panel(new QWidget(this))
    , m_extras(new RunExtras(setup, m_panel))
    , m_search(new QLineEdit(m_panel))
    , m_area(new QScrollArea(m_panel))
    , m_nothing(look::makeNote(tr("No setting of that name."), m_panel)) {
    m_toggle->setObjectName(QStringLiteral("allSettings"));
    m_toggle->setCheckable(true);
    m_toggle->setAutoRaise(true);
    m_toggle->setArrowType(Qt::RightArrow);
    m_toggle->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_resetAll->setObjectName(QStringLiteral("resetSettings"));
    m_resetAll->setText(tr("Undo all changes"));
    m_resetAll->setAutoRaise(true);
    m_search->setObjectName(QStringLiteral("settingSearch"));
    m_search->setPlaceholderText(tr("Search settings"));
    m_search->setAccessibleName(tr("Search settings"));
    m_search->setClearButtonEnabled(true);
    m_area->setWidgetResizable(true);
    m_area->setFrameShape(QFrame::NoFrame);
    m_area->setFocusPolicy(Qt::NoFocus);
    auto* panel = new QVBoxLayout(m_panel);
    panel->setContentsMargins(0, 0, 0, 0);
    panel->setSpacing(look::kGrid);
    panel->addWidget(m_extras);
    panel->addWidget(m_search);
    panel->addWidget(m_nothing);
    panel->addWidget(m_area, 1);
    auto* head = new QHBoxLayout;
    head->setSpacing(look::kGrid);
    head->addWidget(m_toggle);
    head->addWidget(m_resetAll);
    head->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    column->addLayout(head);
    column->addWidget(m_panel, 1);
    m_panel->hide();
    m_nothing->hide();
    connect(m_toggle, &QToolButton::toggled, this, &SettingsFold::setOpen);
    connect(m_resetAll, &QToolButton::clicked, &m_setup, &managers::TrainingSetup::resetSettings);
    connect(m_search, &QLineEdit::textChanged, this, &SettingsFold::filter);
    connect(&m_setup, &managers::TrainingSetup::choiceChanged, this, &SettingsFold::refresh);
    refresh();
}

bool SettingsFold::isOpen() const {
    return m_toggle->isChecked();
}

void SettingsFold::setOpen(bool open) {
    if (open && m_rows.empty()) makeRows();
    m_toggle->setChecked(open);
    m_toggle->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
    m_panel->setVisible(open);
    if (open) m_search->setFocus();
    Q_EMIT opened(open);
}

void SettingsFold::makeRows() {
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, look::kGrid, 0);
    column->setSpacing(look::kGrid);
    for (const config::SettingDescriptor& setting : config::allSettings())
        if (managers::isOfRun(setting.key)) addRow(setting, *column);
    column->addStretch(1);
    m_area->setWidget(content);
    putInTabOrder(m_search, *content);
    refresh();
}

void SettingsFold::addRow(const config::SettingDescriptor& setting, QVBoxLayout& column) {
    Row row;
    row.setting = &setting;
    row.widget = new QWidget;
    row.editor = new SettingEditor(setting, row.widget);
    row.editor->setMinimumWidth(kEditorWidth);
    row.editor->setMaximumWidth(kEditorWidth);
    row.reset = new QToolButton(row.widget);
    row.reset->setIcon(icon(Icon::Reset));
    row.reset->setAutoRaise(true);
    row.reset->setToolTip(tr("Undo this change"));
    row.reset->setAccessibleName(tr("Undo the change of %1").arg(toQt(setting.label)));
    auto* label = new QLabel(toQt(setting.label), row.widget);
    label->setFixedWidth(kLabelWidth);
    label->setContentsMargins(0, look::kGrid, 0, 0); // on the height of the editor's text
    label->setBuddy(row.editor);
    label->setToolTip(toQt(setting.key));
    auto* help = look::makeNote(toQt(setting.help), row.widget);
    help->setContentsMargins(label->contentsMargins());
    help->setWordWrap(true);
    help->setToolTip(toQt(setting.effect));
    auto* line = new QHBoxLayout(row.widget);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(look::kGrid);
    line->addWidget(label, 0, Qt::AlignTop);
    line->addWidget(row.editor, 0, Qt::AlignTop);
    line->addWidget(row.reset, 0, Qt::AlignTop);
    line->addWidget(help, 1, Qt::AlignTop);
    column.addWidget(row.widget);
    const QString key = toQt(setting.key);
    connect(row.editor, &SettingEditor::edited, this, [this, key, editor = row.editor](const QString& text) {
        if (!editor->isRight()) return;
        if (const auto problem = m_setup.setSetting(key, text)) editor->showProblem(*problem);
    });
    connect(row.reset, &QToolButton::clicked, this, [this, key] { m_setup.resetSetting(key); });
    m_rows.push_back(row);
}

void SettingsFold::filter(const QString& words) {
    bool isAnyShown = false;
    for (const Row& row : m_rows) {
        const bool isShown = items::isFoundBy(*row.setting, words);
        row.widget->setVisible(isShown);
        isAnyShown = isAnyShown || isShown;
    }
    m_nothing->setVisible(!isAnyShown);
}

void SettingsFold::refresh() {
    const QStringList changed = m_setup.changedSettings();
    m_toggle->setText(changed.isEmpty() ? tr("A&ll settings")
                                        : tr("A&ll settings (%1 changed)").arg(changed.size()));
    m_resetAll->setVisible(!changed.isEmpty());
    for (const Row& row : m_rows) {
        const QString key = toQt(row.setting->key);
        const QString text = SettingEditor::textOf(*row.setting, m_setup.settings());
        const bool isTyping = row.editor->isAncestorOf(QApplication::focusWidget()) &&
                              (!row.editor->isRight() || row.editor->isValueOf(m_setup.settings()));
        if (!isTyping && row.editor->text() != text && !m_setup.isResolving()) row.editor->setText(text);
        row.reset->setVisible(changed.contains(key));
    }
}

} // namespace llamahome::widgets
