#include "widgets/export_dialog.h"

#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "managers/model_words.h"
#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"

namespace llamahome::widgets {
namespace {

constexpr int kWidth = 72 * look::kGrid;
constexpr int kTypingPauseMs = 300;

} // namespace

ExportDialog::ExportDialog(managers::ExportManager& manager, const QString& name,
                           std::optional<jobs::ExportFormat> format, QWidget* parent)
    : QDialog(parent)
    , m_manager(manager)
    , m_name(name)
    , m_forms(manager.forms(name)) {
    setObjectName(QStringLiteral("exportDialog"));
    setWindowTitle(tr("Export %1").arg(name));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(kWidth);
    m_typing.setSingleShot(true);
    m_typing.setInterval(kTypingPauseMs);
    build();
    if (format) choose(*format);
    connectAll();
    chooseForm();
}

void ExportDialog::choose(jobs::ExportFormat format) {
    for (std::size_t i = 0; i < m_forms.size(); ++i)
        if (m_forms[i].format == format) m_form->setCurrentIndex(static_cast<int>(i));
}

void ExportDialog::build() {
    m_messages = new MessageBar(this);
    m_form = new QComboBox(this);
    m_form->setObjectName(QStringLiteral("formBox"));
    for (const managers::ExportForm& form : m_forms)
        m_form->addItem(form.title);
    m_type = new QComboBox(this);
    m_type->setObjectName(QStringLiteral("typeBox"));
    m_type->addItems(managers::ExportManager::types());
    m_type->setCurrentText(QStringLiteral("Q8_0"));
    m_typeNote = look::makeNote(tr("How weights are packed: Q8_0 loses next to nothing, Q4_K_M is smaller "
                                   "and loses a little, BF16 and F32 "
                                   "lose nothing."),
                                this);
    m_typeNote->setWordWrap(true);
    m_target = new QLineEdit(this);
    m_target->setObjectName(QStringLiteral("targetEdit"));
    m_choose = makeDialogButton(tr("C&hoose…"), QStringLiteral("chooseTargetButton"), this);
    auto* place = new QHBoxLayout;
    place->setSpacing(look::kGrid);
    place->addWidget(m_target, 1);
    place->addWidget(m_choose);
    m_size = look::makeNote({}, this);
    m_size->setObjectName(QStringLiteral("sizeNote"));
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(2 * look::kGrid);
    form->setVerticalSpacing(look::kGrid);
    form->addRow(tr("&As"), m_form);
    form->addRow(tr("&Type"), m_type);
    form->addRow(QString(), m_typeNote);
    form->addRow(tr("&Place"), place);
    form->addRow(QString(), m_size);
    m_typeLabel = static_cast<QLabel*>(form->labelForField(m_type));
    static_cast<QLabel*>(form->labelForField(place))->setBuddy(m_target);
    m_copy = makeDialogButton(tr("Copy as command"), QStringLiteral("copyCommandButton"), this);
    m_cancel = makeDialogButton(tr("Cancel"), QStringLiteral("cancelButton"), this);
    m_export = makeDialogButton(tr("&Export"), QStringLiteral("startExportButton"), this);
    m_export->setDefault(true);
    look::makePrimary(*m_export);
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    row->addWidget(m_copy);
    row->addStretch();
    row->addWidget(m_cancel);
    row->addWidget(m_export);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    column->setSpacing(2 * look::kGrid);
    column->addWidget(m_messages);
    column->addLayout(form);
    column->addStretch();
    column->addLayout(row);
}

void ExportDialog::connectAll() {
    using managers::ExportManager;
    connect(m_form, &QComboBox::currentIndexChanged, this, &ExportDialog::chooseForm);
    connect(m_type, &QComboBox::currentIndexChanged, this, &ExportDialog::ask);
    connect(m_target, &QLineEdit::textChanged, this, [this] {
        m_canBe = false;
        enable();
        m_typing.start();
    });
    connect(&m_typing, &QTimer::timeout, this, &ExportDialog::ask);
    connect(m_choose, &QPushButton::clicked, this, &ExportDialog::chooseTarget);
    connect(m_copy, &QPushButton::clicked, this, [this] { copyFrom(*m_copy, m_manager.command(wish())); });
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_export, &QPushButton::clicked, this, &ExportDialog::start);
    connect(&m_manager, &ExportManager::forecasted, this, &ExportDialog::showForecast);
    connect(&m_manager, &ExportManager::started, this, &QDialog::accept);
    connect(&m_manager, &ExportManager::refused, this, [this](const Error& error) {
        m_size->clear();
        m_canBe = m_isStarting = false;
        enable();
        m_messages->showError(error);
    });
}

void ExportDialog::showForecast(const managers::ExportForecast& forecast) {
    m_messages->clear();
    m_size->setText(tr("Will take %1.").arg(managers::bytesText(forecast.bytes)));
    m_canBe = !forecast.target;
    if (forecast.target) m_messages->showError(*forecast.target);
    enable();
}

/// The target is looked at once more: it may be there by now.
void ExportDialog::start() {
    m_isStarting = true;
    enable();
    m_manager.startChecked(wish());
}

managers::ExportForm ExportDialog::form() const {
    return m_forms.at(static_cast<std::size_t>(std::max(0, m_form->currentIndex())));
}

managers::ExportWish ExportDialog::wish() const {
    return {m_name, form().format, m_type->currentText(), m_target->text().trimmed()};
}

/// Proposes a place in the home folder that has the ending of the form.
void ExportDialog::chooseForm() {
    const bool isPacked = form().isPacked;
    m_type->setVisible(isPacked);
    m_typeLabel->setVisible(isPacked);
    m_typeNote->setVisible(isPacked);
    const QString base = QString(m_name).replace(u'/', u'-') +
                         (form().ending.isEmpty() ? QStringLiteral("-export") : QString());
    m_target->setText(QDir::home().filePath(base + form().ending));
    ask();
}

void ExportDialog::chooseTarget() {
    auto* dialog = new QFileDialog(this, tr("Where to write"), m_target->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setOption(QFileDialog::DontConfirmOverwrite); // what is there is never overwritten
    connect(dialog, &QFileDialog::fileSelected, m_target, &QLineEdit::setText);
    dialog->open();
}

void ExportDialog::ask() {
    m_typing.stop();
    m_canBe = m_isStarting = false;
    enable();
    m_size->setText(tr("Looking at it…"));
    m_manager.forecast(wish());
}

void ExportDialog::enable() {
    m_export->setEnabled(m_canBe && !m_isStarting && !m_target->text().trimmed().isEmpty());
}

} // namespace llamahome::widgets
