#include "widgets/setting_card.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/setting_editor.h"
#include "widgets/tab_order.h"

namespace llamahome::widgets {
namespace {

using managers::toQt;

QLabel* makeText(QWidget* parent, const QString& objectName) {
    auto* label = new QLabel(parent);
    label->setObjectName(objectName);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    return label;
}

/// Settings that the program reads once, when it starts.
bool needsRestart(const std::string& key) {
    return key == "model.data_root" || key.starts_with("logging.");
}

} // namespace

SettingCard::SettingCard(managers::SettingsManager& manager, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager) {
    build();
    connect(&m_manager, &managers::SettingsManager::settingsChanged, this, &SettingCard::refresh);
    connect(&m_manager, &managers::SettingsManager::settingFailed, this,
            [this](const QString& key, const Error& error) {
                if (m_editor != nullptr && key == this->key())
                    m_editor->showProblem(tr("not saved: %1").arg(managers::windowText(error.message)));
            });
    showSetting(nullptr);
}

void SettingCard::build() {
    m_title = look::makeTitle({}, this);
    m_title->setObjectName(QStringLiteral("settingTitle"));
    m_title->setWordWrap(true);
    m_key = look::makeNote({}, this);
    m_key->setObjectName(QStringLiteral("settingKey"));
    m_key->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_help = makeText(this, QStringLiteral("settingHelp"));
    m_effect = makeText(this, QStringLiteral("settingEffect"));
    m_place = makeText(this, QStringLiteral("settingPlace"));
    m_place->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_restart = makeText(this, QStringLiteral("settingRestart"));
    m_restart->setText(tr("Takes effect when the program is started the next time."));
    m_reset = new QPushButton(icon(Icon::Reset), tr("&Reset"), this);
    m_reset->setObjectName(QStringLiteral("resetButton"));
    m_reset->setToolTip(tr("Takes the setting out of your file; the default stands again."));
    m_editorPlace = new QVBoxLayout;
    m_editorPlace->setContentsMargins(0, 0, 0, 0);
    auto* row = new QHBoxLayout;
    row->addWidget(m_reset);
    row->addStretch();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, look::kGrid, look::kGrid, look::kGrid);
    column->setSpacing(look::kGrid);
    column->addWidget(m_title);
    column->addWidget(m_key);
    column->addWidget(m_help);
    column->addLayout(m_editorPlace);
    column->addWidget(m_effect);
    column->addWidget(m_restart);
    column->addSpacing(look::kGrid);
    column->addWidget(m_place);
    column->addLayout(row);
    column->addStretch();
    connect(m_reset, &QPushButton::clicked, this, [this] { m_manager.reset(key()); });
}

QString SettingCard::key() const {
    return m_setting == nullptr ? QString() : toQt(m_setting->key);
}

void SettingCard::focusEditor() {
    if (m_editor != nullptr) m_editor->setFocus(Qt::OtherFocusReason);
}

void SettingCard::showSetting(const config::SettingDescriptor* setting) {
    m_setting = setting;
    delete m_editor;
    m_editor = nullptr;
    for (QWidget* part : std::initializer_list<QWidget*>{m_key, m_effect, m_place, m_restart, m_reset})
        part->setVisible(setting != nullptr);
    if (setting == nullptr) {
        m_title->setText(tr("Choose a setting"));
        m_help->setText(tr("Each says what it does, what is allowed, and where its value comes from."));
        return;
    }
    m_title->setText(toQt(setting->label));
    m_key->setText(toQt(setting->key));
    m_help->setText(toQt(setting->help));
    m_effect->setText(toQt(setting->effect));
    m_restart->setVisible(needsRestart(setting->key));
    m_editor = new SettingEditor(*setting, this);
    m_editorPlace->addWidget(m_editor);
    putInTabOrder(m_reset->previousInFocusChain(), *m_editor);
    connect(m_editor, &SettingEditor::committed, this, &SettingCard::save);
    refresh();
}

void SettingCard::refresh() {
    if (m_setting == nullptr) return;
    const QString text = m_manager.optionText(*m_setting);
    const bool isBeingEdited = m_editor->isAncestorOf(m_editor->window()->focusWidget());
    if (m_editor->text() != text && (!isBeingEdited || m_editor->isRight())) m_editor->setText(text);
    showPlace();
}

void SettingCard::showPlace() {
    const QString stronger = m_manager.strongerPlace(key());
    const bool isUsers = m_manager.isInUserFile(key());
    m_reset->setEnabled(isUsers);
    m_editor->setEnabled(stronger.isEmpty());
    const QString origin = toQt(m_manager.resolved().origins.at(m_setting->key).text());
    if (!stronger.isEmpty())
        m_place->setText(tr("Set by %1, which wins over your settings. Change it there.").arg(stronger));
    else if (isUsers)
        m_place->setText(tr("From your file %1.").arg(origin));
    else
        m_place->setText(tr("The default. A change goes into %1.").arg(m_manager.userFileFor(key())));
}

void SettingCard::save(const QString& text) {
    if (!m_editor->isRight() || text == m_manager.optionText(*m_setting)) return;
    m_manager.setValue(key(), text);
}

} // namespace llamahome::widgets
