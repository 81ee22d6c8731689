#include "widgets/token_row.h"

#include <QHBoxLayout>
#include <QInputDialog>
#include <QLabel>
#include <QPushButton>
#include <QShowEvent>

#include "widgets/buttons.h"
#include "widgets/look.h"

namespace llamahome::widgets {

using managers::TokenManager;

TokenRow::TokenRow(TokenManager& manager, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_text(new QLabel(this))
    , m_check(makeButton(tr("C&heck"), Icon::Verify, QStringLiteral("checkTokenButton"), this))
    , m_keep(makeButton(tr("&Keep one…"), Icon::Add, QStringLiteral("keepTokenButton"), this))
    , m_forget(makeButton(tr("For&get"), Icon::Remove, QStringLiteral("forgetTokenButton"), this)) {
    m_text->setObjectName(QStringLiteral("tokenText"));
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    m_check->setAccessibleName(tr("Ask the Hub whose the token is"));
    m_keep->setAccessibleName(tr("Keep a token in the keychain"));
    m_forget->setAccessibleName(tr("Take the token out of the keychain"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(m_text, 1);
    for (QPushButton* button : {m_check, m_keep, m_forget})
        row->addWidget(button);
    connect(m_check, &QPushButton::clicked, &m_manager, &TokenManager::check);
    connect(m_keep, &QPushButton::clicked, this, &TokenRow::ask);
    connect(m_forget, &QPushButton::clicked, &m_manager, &TokenManager::forget);
    connect(&m_manager, &TokenManager::changed, this, &TokenRow::showState);
    showState();
}

void TokenRow::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (!event->spontaneous()) m_manager.refresh();
}

void TokenRow::showState() {
    m_text->setText(m_manager.text());
    m_check->setVisible(m_manager.canCheck());
    m_keep->setVisible(m_manager.canKeep());
    m_forget->setVisible(m_manager.canForget());
    for (QPushButton* button : {m_check, m_keep, m_forget})
        button->setEnabled(!m_manager.isBusy());
}

void TokenRow::ask() {
    auto* box = new QInputDialog(window());
    box->setObjectName(QStringLiteral("tokenQuestion"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(tr("Token for the Hub"));
    box->setLabelText(
        tr("From huggingface.co/settings/tokens, with the right to read. It is sent to the Hub only, "
           "and kept in the keychain when the Hub knows it."));
    box->setTextEchoMode(QLineEdit::Password);
    box->setOkButtonText(tr("&Keep it"));
    connect(box, &QInputDialog::textValueSelected, &m_manager, &TokenManager::keep);
    box->open();
}

} // namespace llamahome::widgets
