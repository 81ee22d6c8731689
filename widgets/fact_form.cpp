#include "widgets/fact_form.h"

#include <QFormLayout>
#include <QLabel>

#include "widgets/look.h"

namespace llamahome::widgets {

FactForm::FactForm(QWidget* parent)
    : QWidget(parent)
    , m_form(new QFormLayout(this)) {
    m_form->setContentsMargins(0, 0, 0, 0);
    m_form->setHorizontalSpacing(2 * look::kGrid);
    m_form->setVerticalSpacing(look::kGrid / 2);
    m_form->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_form->setRowWrapPolicy(QFormLayout::DontWrapRows);
}

QLabel* FactForm::addFact(const QString& name, const QString& objectName, const QString& help) {
    auto* title = new QLabel(name, this);
    title->setForegroundRole(QPalette::PlaceholderText);
    auto* value = new QLabel(this);
    value->setObjectName(objectName);
    value->setAccessibleName(name);
    value->setFont(look::figureFont());
    value->setTextFormat(Qt::PlainText);
    value->setWordWrap(true);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    for (QLabel* label : {title, value}) {
        label->setToolTip(help);
        label->hide();
    }
    m_form->addRow(title, value);
    return value;
}

void FactForm::setFact(QLabel& value, const QString& text) {
    if (value.text() != text) {
        value.setText(text);
        value.setAccessibleDescription(text);
    }
    value.setVisible(!text.isEmpty());
    if (QWidget* title = m_form->labelForField(&value)) title->setVisible(!text.isEmpty());
}

} // namespace llamahome::widgets
