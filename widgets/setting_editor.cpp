#include "widgets/setting_editor.h"

#include <QEvent>
#include <QLabel>
#include <QVBoxLayout>

#include "managers/quantity_words.h"
#include "managers/text.h"
#include "widgets/look.h"
#include "widgets/setting_field.h"

namespace llamahome::widgets {

using managers::fromQt;
using managers::toQt;

SettingEditor::SettingEditor(const config::SettingDescriptor& setting, QWidget* parent)
    : QWidget(parent)
    , m_setting(setting)
    , m_field(makeSettingField(setting, this))
    , m_problem(new QLabel(this)) {
    look::setTone(*m_problem, look::Tone::Bad);
    setObjectName(toQt(setting.key));
    setToolTip(toQt(setting.help + "\n" + setting.effect));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid / 2);
    column->addWidget(m_field);
    column->addWidget(m_problem);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    m_problem->setObjectName(QStringLiteral("problem"));
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setWordWrap(true);
    m_problem->setFont(look::smallFont());
    m_problem->hide();
    setFocusProxy(m_field);
    if (QWidget* field = m_field->focusProxy(); field != nullptr)
        field->setAccessibleDescription(toQt(setting.help));
    connect(m_field, &SettingField::edited, this, &SettingEditor::onEdited);
    connect(m_field, &SettingField::committed, this, &SettingEditor::onCommitted);
}

QString SettingEditor::text() const {
    return m_field->text();
}

void SettingEditor::setText(const QString& text) {
    m_field->setText(text);
    m_committed = m_field->text();
    tellProblem(problem());
}

QString SettingEditor::textOf(const config::SettingDescriptor& setting, const config::Settings& settings) {
    return managers::typedSetting(setting, settings);
}

QString SettingEditor::problem() const {
    return toQt(parsed().problem);
}

bool SettingEditor::isValueOf(const config::Settings& settings) const {
    const auto value = parsed().value;
    if (!value) return false;
    config::Settings typed = settings;
    m_setting.set(typed, *value);
    return config::settingText(m_setting, typed) == config::settingText(m_setting, settings);
}

config::ParsedSetting SettingEditor::parsed() const {
    config::SettingDescriptor setting = m_setting;
    const bool isPlace = setting.form == config::TextForm::Path || setting.form == config::TextForm::Template;
    if (isPlace) setting.form = config::TextForm::Free; // asks the disk
    return config::parseSettingText(setting, fromQt(text()), {});
}

void SettingEditor::showProblem(const QString& problem) {
    tellProblem(problem);
}

void SettingEditor::tellProblem(QString problem) {
    if (!problem.isEmpty()) problem[0] = problem[0].toUpper();
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    if (QWidget* field = m_field->focusProxy(); field != nullptr)
        field->setAccessibleDescription(problem.isEmpty() ? toQt(m_setting.help) : problem);
}

void SettingEditor::onEdited() {
    tellProblem(problem());
    Q_EMIT edited(text());
}

void SettingEditor::onCommitted() {
    const QString now = text();
    if (now == m_committed) return;
    m_committed = now;
    Q_EMIT committed(now);
}

} // namespace llamahome::widgets
