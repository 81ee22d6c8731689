#include "widgets/sampling_drawer.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include "config/setting_descriptor.h"
#include "config/setting_parse.h"
#include "managers/sampling_presets.h"
#include "managers/text.h"
#include "widgets/look.h"
#include "widgets/setting_editor.h"

namespace llamahome::widgets {
namespace {

using managers::fromQt;
using managers::SamplingPreset;
using managers::toQt;

constexpr int kWidth = 256;
constexpr int kSystemLines = 4;

/// In the order in which they are shown.
constexpr const char* kKeys[] = {
    "data.template",
    "model.generation.temperature",
    "model.generation.top_p",
    "model.generation.top_k",
    "model.generation.min_p",
    "model.generation.repetition_penalty",
    "model.generation.max_new_tokens",
    "model.generation.max_seq_len",
    "model.generation.seed",
};

QString presetName(SamplingPreset preset) {
    switch (preset) {
    case SamplingPreset::Precise:
        return SamplingDrawer::tr("Precise");
    case SamplingPreset::Balanced:
        return SamplingDrawer::tr("Balanced");
    case SamplingPreset::Creative:
        break;
    }
    return SamplingDrawer::tr("Creative");
}

QString presetHelp(SamplingPreset preset) {
    switch (preset) {
    case SamplingPreset::Precise:
        return SamplingDrawer::tr("Mostly the likeliest words: for facts, code and short answers");
    case SamplingPreset::Balanced:
        return SamplingDrawer::tr("As the program is set up");
    case SamplingPreset::Creative:
        break;
    }
    return SamplingDrawer::tr("More varied and less reliable: for stories and ideas");
}

} // namespace

SamplingDrawer::SamplingDrawer(managers::ChatManager& chat, QWidget* parent)
    : QScrollArea(parent)
    , m_chat(chat)
    , m_preset(new QComboBox)
    , m_system(new QPlainTextEdit) {
    setObjectName(QStringLiteral("samplingDrawer"));
    setAccessibleName(tr("How this conversation is answered"));
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setMinimumWidth(kWidth);
    setFocusPolicy(Qt::NoFocus);
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(look::kGrid, 0, look::kGrid, look::kGrid);
    layout->setSpacing(look::kGrid / 2);

    auto* systemLabel = new QLabel(tr("S&ystem message"), page);
    systemLabel->setBuddy(m_system);
    systemLabel->setToolTip(tr("Tells the model how to answer; empty: what its template says by itself"));
    m_system->setObjectName(QStringLiteral("systemText"));
    m_system->setTabChangesFocus(true);
    m_system->setToolTip(systemLabel->toolTip());
    m_system->setFixedHeight(kSystemLines * m_system->fontMetrics().lineSpacing() + 2 * look::kGrid);
    layout->addWidget(systemLabel);
    layout->addWidget(m_system);

    auto* presetLabel = new QLabel(tr("&Preset"), page);
    presetLabel->setBuddy(m_preset);
    m_preset->setObjectName(QStringLiteral("samplingPreset"));
    for (const SamplingPreset preset : managers::samplingPresets()) {
        m_preset->addItem(presetName(preset));
        m_preset->setItemData(m_preset->count() - 1, presetHelp(preset), Qt::ToolTipRole);
    }
    m_preset->addItem(tr("Own values"));
    layout->addSpacing(look::kGrid);
    layout->addWidget(presetLabel);
    layout->addWidget(m_preset);
    for (const char* key : kKeys)
        addEditor(QLatin1String(key), page);
    layout->addStretch(1);
    setWidget(page);

    connect(m_preset, &QComboBox::activated, this, &SamplingDrawer::choosePreset);
    connect(m_system, &QPlainTextEdit::textChanged, this,
            [this] { m_chat.setSystem(m_system->toPlainText()); });
    connect(&m_chat, &managers::ChatManager::conversationOpened, this, &SamplingDrawer::showOpened);
    connect(&m_chat, &managers::ChatManager::settingsChanged, this, &SamplingDrawer::showCurrent);
    showCurrent();
}

void SamplingDrawer::addEditor(const QString& key, QWidget* page) {
    const config::SettingDescriptor* setting = config::findSetting(fromQt(key));
    auto* editor = new SettingEditor(*setting, page);
    editor->setObjectName(key);
    auto* label = new QLabel(toQt(setting->label), page);
    label->setBuddy(editor);
    const QString help = toQt(setting->help + "\n" + setting->effect);
    label->setToolTip(help);
    editor->setToolTip(help);
    page->layout()->addWidget(label);
    page->layout()->addWidget(editor);
    connect(editor, &SettingEditor::committed, this, [this, editor] { take(*editor); });
    m_editors.push_back(editor);
}

void SamplingDrawer::showOpened() {
    for (SettingEditor* editor : m_editors)
        showValue(*editor); // what is being typed was meant for the conversation before
    showCurrent();
}

void SamplingDrawer::showValue(SettingEditor& editor) {
    config::Settings settings;
    settings.model.generation = m_chat.current().sampling;
    settings.data.template_name = m_chat.current().templateName;
    editor.setText(SettingEditor::textOf(editor.setting(), settings));
}

void SamplingDrawer::showCurrent() {
    const jobs::Conversation& shown = m_chat.current();
    if (m_system->toPlainText() != toQt(shown.system)) {
        const QSignalBlocker blocker(m_system);
        m_system->setPlainText(toQt(shown.system));
    }
    const auto& presets = managers::samplingPresets();
    const auto preset = managers::presetOf(shown.sampling);
    int row = static_cast<int>(presets.size());
    for (std::size_t i = 0; preset && i < presets.size(); ++i)
        if (presets[i] == *preset) row = static_cast<int>(i);
    m_preset->setCurrentIndex(row);
    m_preset->setToolTip(preset ? presetHelp(*preset) : tr("The values below"));
    for (SettingEditor* editor : m_editors)
        if (!editor->isAncestorOf(QApplication::focusWidget()))
            showValue(*editor); // what is being typed stays
}

void SamplingDrawer::choosePreset(int at) {
    const auto& presets = managers::samplingPresets();
    if (at < 0 || at >= static_cast<int>(presets.size())) return;
    m_chat.setSampling(
        managers::withPreset(m_chat.current().sampling, presets[static_cast<std::size_t>(at)]));
}

void SamplingDrawer::take(const SettingEditor& editor) {
    const auto parsed = config::parseSettingText(editor.setting(), fromQt(editor.text()), {});
    if (!parsed.value) return; // the field says why
    config::Settings settings;
    settings.model.generation = m_chat.current().sampling;
    settings.data.template_name = m_chat.current().templateName;
    editor.setting().set(settings, *parsed.value);
    if (settings.data.template_name != m_chat.current().templateName)
        m_chat.setTemplate(toQt(settings.data.template_name));
    else
        m_chat.setSampling(settings.model.generation);
}

} // namespace llamahome::widgets
