#include "widgets/speed_limit.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>

#include "managers/text.h"
#include "widgets/look.h"
#include "widgets/setting_editor.h"

namespace llamahome::widgets {
namespace {

constexpr const char* kKey = "model.hub.max_mb_per_second";
constexpr int kWidth = 16 * look::kGrid;

} // namespace

SpeedLimit::SpeedLimit(managers::SettingsManager& settings, QWidget* parent)
    : QWidget(parent) {
    using managers::SettingsManager;
    const config::SettingDescriptor& setting = *config::findSetting(kKey);
    auto* editor = new SettingEditor(setting, this);
    editor->setObjectName(QStringLiteral("speedLimit"));
    editor->setFixedWidth(kWidth);
    auto* label = new QLabel(managers::toQt(setting.label), this);
    setToolTip(managers::toQt(setting.help));
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(label);
    row->addWidget(editor);
    const auto show = [&settings, &setting, editor] {
        if (!editor->isAncestorOf(QApplication::focusWidget())) editor->setText(settings.optionText(setting));
    };
    connect(&settings, &SettingsManager::settingsChanged, editor, show);
    connect(editor, &SettingEditor::committed, this, [&settings, editor](const QString& text) {
        if (editor->isRight()) settings.setValue(QString::fromLatin1(kKey), text);
    });
    connect(&settings, &SettingsManager::settingFailed, this, [this](const QString& key, const Error& error) {
        if (key == QLatin1String(kKey)) Q_EMIT failed(error);
    });
    show();
}

} // namespace llamahome::widgets
