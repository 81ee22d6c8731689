#include "widgets/import_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include "core/error_codes.h"
#include "managers/model_words.h"
#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/icons.h"
#include "widgets/job_progress.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"

namespace llamahome::widgets {
namespace {

constexpr int kTypingPauseMs = 300;
constexpr int kWidth = 72 * look::kGrid;

using managers::toQt;

QString capitalised(QString text) {
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text;
}

} // namespace

ImportDialog::ImportDialog(managers::ModelManager& manager, const QString& path, QWidget* parent)
    : QDialog(parent)
    , m_manager(manager) {
    setObjectName(QStringLiteral("importDialog"));
    setWindowTitle(tr("Import a model or an adapter"));
    setAttribute(Qt::WA_DeleteOnClose);
    build();
    connectAll();
    setMinimumWidth(kWidth);
    setImporting(false);
    checkName();
    m_typing.setSingleShot(true);
    m_typing.setInterval(kTypingPauseMs);
    if (!path.isEmpty()) setPath(path);
}

void ImportDialog::build() {
    m_messages = new MessageBar(this);
    auto* intro = new QLabel(tr("A folder in Hub layout (config.json and weights) or Meta's (params.json and "
                                "weights), an adapter's folder (adapter_config.json and weights), an entry "
                                "of the Hub's cache or its id (organisation/model), a GGUF "
                                "file, or a model of Ollama's by its name (llama3.2:1b)."),
                             this);
    intro->setWordWrap(true);
    m_path = new QLineEdit(this);
    m_path->setObjectName(QStringLiteral("pathEdit"));
    m_path->setPlaceholderText(tr("Folder or .gguf file; it can also be dropped on the window"));
    m_folderButton = makeDialogButton(tr("F&older…"), QStringLiteral("folderButton"), this);
    m_fileButton = makeDialogButton(tr("&GGUF file…"), QStringLiteral("fileButton"), this);
    auto* path = new QHBoxLayout;
    path->setSpacing(look::kGrid);
    path->addWidget(m_path, 1);
    path->addWidget(m_folderButton);
    path->addWidget(m_fileButton);
    m_source = look::makeNote({}, this);
    m_source->setObjectName(QStringLiteral("sourceNote"));
    m_source->setWordWrap(true);
    m_family = new QComboBox(this);
    m_family->setObjectName(QStringLiteral("familyBox"));
    m_family->setEditable(true);
    m_family->setInsertPolicy(QComboBox::NoInsert);
    m_family->setAccessibleName(tr("Family"));
    m_family->lineEdit()->setAccessibleName(m_family->accessibleName());
    m_family->setToolTip(tr("A family of the list, local, or an organisation on the Hub."));
    m_family->addItem(QStringLiteral("local"));
    for (const jobs::ModelEntry& entry : m_manager.models())
        if (entry.catalog && m_family->findText(toQt(entry.family)) < 0)
            m_family->addItem(toQt(entry.family));
    m_version = new QLineEdit(this);
    m_version->setObjectName(QStringLiteral("versionEdit"));
    m_version->setAccessibleName(tr("Name or version"));
    auto* name = new QHBoxLayout;
    name->setSpacing(look::kGrid);
    name->addWidget(m_family, 1);
    name->addWidget(new QLabel(QStringLiteral("/"), this));
    name->addWidget(m_version, 2);
    m_nameNote = look::makeNote({}, this);
    m_nameNote->setObjectName(QStringLiteral("nameNote"));
    m_nameNote->setWordWrap(true);
    m_link = new QCheckBox(tr("&Link the weights instead of copying them"), this);
    m_link->setObjectName(QStringLiteral("linkBox"));
    m_linkNote = look::makeNote({}, this);
    m_linkNote->setObjectName(QStringLiteral("linkNote"));
    m_linkNote->setWordWrap(true);
    m_progress = new JobProgress(this);

    auto* form = new QFormLayout;
    form->setHorizontalSpacing(2 * look::kGrid);
    form->setVerticalSpacing(look::kGrid);
    form->addRow(tr("&Path"), path);
    form->addRow(QString(), m_source);
    form->addRow(tr("&Name"), name);
    form->addRow(QString(), m_nameNote);
    form->addRow(QString(), m_link);
    form->addRow(QString(), m_linkNote);
    static_cast<QLabel*>(form->labelForField(path))->setBuddy(m_path);
    static_cast<QLabel*>(form->labelForField(name))->setBuddy(m_family);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    column->setSpacing(2 * look::kGrid);
    column->addWidget(m_messages);
    column->addWidget(intro);
    column->addLayout(form);
    column->addWidget(m_progress);
    column->addStretch();
    column->addWidget(makeButtons());
}

QWidget* ImportDialog::makeButtons() {
    auto* bar = new QWidget(this);
    m_copy = makeDialogButton(tr("Copy as command"), QStringLiteral("copyCommandButton"), bar);
    m_cancel = makeDialogButton(tr("Cancel"), QStringLiteral("cancelButton"), bar);
    m_background = makeDialogButton(tr("Go on in the background"), QStringLiteral("backgroundButton"), bar);
    m_import = makeDialogButton(tr("&Import"), QStringLiteral("startImportButton"), bar);
    m_import->setIcon(icon(Icon::Import, QPalette::BrightText));
    m_import->setDefault(true);
    look::makePrimary(*m_import);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(m_copy);
    row->addStretch();
    row->addWidget(m_background);
    row->addWidget(m_cancel);
    row->addWidget(m_import);
    return bar;
}

void ImportDialog::connectAll() {
    connect(&m_typing, &QTimer::timeout, this, &ImportDialog::inspect);
    connect(m_path, &QLineEdit::textChanged, this, [this] {
        m_proposal.reset();
        m_source->clear();
        m_messages->clear();
        checkName();
        m_typing.start();
    });
    connect(m_folderButton, &QPushButton::clicked, this, &ImportDialog::chooseFolder);
    connect(m_fileButton, &QPushButton::clicked, this, &ImportDialog::chooseFile);
    const auto named = [this] {
        m_isNamed = true;
        checkName();
    };
    connect(m_family, &QComboBox::currentTextChanged, this, named);
    connect(m_version, &QLineEdit::textEdited, this, named);
    connect(m_copy, &QPushButton::clicked, this, &ImportDialog::copyCommand);
    connect(m_import, &QPushButton::clicked, this, &ImportDialog::startImport);
    connect(m_background, &QPushButton::clicked, this, &QDialog::close);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (isImporting())
            m_job->cancel();
        else
            reject();
    });
    connect(&m_manager, &managers::ModelManager::importProposed, this, &ImportDialog::propose);
    connect(&m_manager, &managers::ModelManager::importRefused, this, &ImportDialog::refuse);
    connect(&m_manager, &managers::ModelManager::imported, this, [this](const managers::Job* job) {
        if (job != nullptr && job == m_job) accept();
    });
}

void ImportDialog::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Choose a model folder"), m_path->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, &ImportDialog::setPath);
    dialog->open();
}

void ImportDialog::chooseFile() {
    auto* dialog = new QFileDialog(this, tr("Choose a GGUF file"), m_path->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("GGUF files (*.gguf)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, &ImportDialog::setPath);
    dialog->open();
}

void ImportDialog::setPath(const QString& path) {
    m_path->setText(path);
    m_typing.stop();
    inspect();
}

void ImportDialog::setName(const QString& family, const QString& version) {
    m_family->setCurrentText(family);
    m_version->setText(version);
    m_isNamed = true;
    checkName();
}

void ImportDialog::replaceModel(const QString& family, const QString& version) {
    m_isReplacing = true;
    setWindowTitle(tr("Import %1 again").arg(family + u'/' + version));
    setName(family, version);
    setImporting(false);
}

/// Wrapped text needs more height than the layout asks of a window by itself.
bool ImportDialog::event(QEvent* event) {
    const bool isTaken = QDialog::event(event);
    if (event->type() == QEvent::LayoutRequest && layout()->hasHeightForWidth()) {
        const int needed = layout()->totalHeightForWidth(width());
        if (height() < needed) resize(width(), needed);
    }
    return isTaken;
}

void ImportDialog::inspect() {
    const QString path = m_path->text().trimmed();
    if (path.isEmpty()) return;
    m_source->setText(tr("Looking at it…"));
    m_manager.inspectImport(path);
}

QString ImportDialog::sourceText(const managers::ImportProposal& proposal) {
    const QString size = managers::bytesText(proposal.resultBytes);
    switch (proposal.source.form) {
    case jobs::SourceForm::Gguf:
        return tr("GGUF file; it is converted to about %1.").arg(size);
    case jobs::SourceForm::Meta:
        return tr("Model in Meta's layout; it is converted to about %1.").arg(size);
    case jobs::SourceForm::Pickled:
        return tr("Model folder with pickled weights; they are converted to about %1.").arg(size);
    case jobs::SourceForm::Adapter:
        return tr("LoRA adapter; %1.").arg(size);
    case jobs::SourceForm::HubFolder:
        break;
    }
    return tr("Model folder; %1.").arg(size);
}

void ImportDialog::propose(const managers::ImportProposal& proposal) {
    if (proposal.path != m_path->text().trimmed() || isImporting()) return;
    m_messages->clear();
    m_proposal = proposal;
    m_source->setText(sourceText(proposal));
    m_linkNote->setText(proposal.isConverted ? tr("What is converted cannot be linked.")
                                             : tr("No second copy of the weights is made. The model can be "
                                                  "used while the source stays in its place."));
    m_link->setEnabled(!proposal.isConverted);
    if (proposal.isConverted) m_link->setChecked(false);
    const QSignalBlocker family(m_family);
    // Adapters have a shelf of their own, and a name of one word.
    const bool isAdapter = proposal.source.form == jobs::SourceForm::Adapter;
    const bool wasAdapter = !m_family->isEnabled() && !m_isReplacing;
    if (!m_isNamed || isAdapter || wasAdapter) m_family->setCurrentText(proposal.family);
    if (!m_isNamed) m_version->setText(proposal.version);
    m_family->setEnabled(!isAdapter && !m_isReplacing);
    checkName();
}

void ImportDialog::refuse(const QString& path, const Error& error) {
    if (path != m_path->text().trimmed()) return;
    m_proposal.reset();
    m_source->clear();
    m_messages->showError(error);
    checkName();
}

void ImportDialog::checkName() {
    m_import->setEnabled(false);
    m_copy->setEnabled(false);
    tellName({}, true);
    if (!m_proposal) return;
    const auto name =
        m_manager.importName(*m_proposal, m_family->currentText().trimmed(), m_version->text().trimmed());
    if (!name) return tellName(capitalised(managers::windowText(name.error().message)), false);
    tellName(nameText(*name), true);
    m_import->setEnabled(true);
    m_copy->setEnabled(true);
}

std::optional<jobs::ModelEntry> ImportDialog::entryOf(const managers::ModelWords& name) const {
    const bool isAdapter = m_proposal && m_proposal->source.form == jobs::SourceForm::Adapter;
    auto there =
        isAdapter ? m_manager.findAdapter(name.version) : m_manager.find(name.family + u'/' + name.version);
    return there && there->state != jobs::ModelState::Absent ? there : std::nullopt;
}

bool ImportDialog::replaces(const std::optional<jobs::ModelEntry>& there) const {
    if (!there) return false;
    return m_isReplacing || there->state == jobs::ModelState::Damaged ||
           there->state == jobs::ModelState::Offline;
}

QString ImportDialog::nameText(const managers::ModelWords& name) const {
    const bool isAdapter = m_proposal->source.form == jobs::SourceForm::Adapter;
    const QString full = isAdapter ? name.version : name.family + u'/' + name.version;
    const auto there = entryOf(name);
    QString text = tr("Kept as %1.").arg(full);
    if (replaces(there))
        text = tr("%1 is there, %2. It stays until what is imported is whole, and is then replaced.")
                   .arg(full, managers::stateWord(there->state));
    else if (there && there->isUsable())
        text =
            tr("%1 is installed already. The same files are not copied again; others are refused.").arg(full);
    const QString doubt = m_manager.importDoubt(*m_proposal, name);
    return doubt.isEmpty() ? text : text + u' ' + capitalised(doubt) + u'.';
}

managers::ImportWish ImportDialog::wish() const {
    managers::ImportWish wish{m_proposal->path, m_family->currentText().trimmed(),
                              m_version->text().trimmed(), m_link->isChecked()};
    wish.replace = replaces(entryOf({wish.family, wish.version}));
    return wish;
}

void ImportDialog::tellName(const QString& text, bool isRight) {
    QPalette colors;
    if (!isRight) colors.setColor(m_nameNote->foregroundRole(), look::color(look::Tone::Bad));
    m_nameNote->setPalette(colors);
    m_nameNote->setText(text);
}

void ImportDialog::startImport() {
    if (!m_proposal) return;
    m_messages->clear();
    m_job = m_manager.importModel(wish());
    connect(m_job, &managers::Job::finished, this, &ImportDialog::endImport);
    m_progress->follow(*m_job);
    setImporting(true);
    m_cancel->setFocus();
}

void ImportDialog::endImport() {
    setImporting(false);
    checkName();
    if (m_job->state() == managers::JobState::Failed) tellFailure(*m_job->error());
    if (m_job->state() == managers::JobState::Cancelled)
        m_messages->show(MessageBar::Kind::Notice, tr("Stopped. Nothing was kept."));
    if (m_job->state() != managers::JobState::Done) m_import->setFocus();
}

/// Another model of that name can be replaced: the button is the consent.
void ImportDialog::tellFailure(const Error& error) {
    const bool isTaken = error.code == codes::kImportExists && m_proposal &&
                         entryOf({m_family->currentText().trimmed(), m_version->text().trimmed()});
    if (!isTaken || m_isReplacing)
        return m_messages->showFailure(error, tr("Try again"), [this] { startImport(); });
    m_messages->showFailure(error, tr("Replace it"), [this] {
        m_isReplacing = true;
        startImport();
    });
}

void ImportDialog::setImporting(bool isImporting) {
    for (QWidget* field :
         std::initializer_list<QWidget*>{m_path, m_folderButton, m_fileButton, m_family, m_version, m_link})
        field->setEnabled(!isImporting);
    if (m_proposal && m_proposal->isConverted) m_link->setEnabled(false);
    if (m_proposal && m_proposal->source.form == jobs::SourceForm::Adapter) m_family->setEnabled(false);
    for (QWidget* field : std::initializer_list<QWidget*>{m_family, m_version})
        if (m_isReplacing) field->setEnabled(false); // another name would replace nothing
    m_import->setVisible(!isImporting);
    m_background->setVisible(isImporting);
    m_cancel->setText(isImporting ? tr("Stop") : tr("Cancel"));
}

void ImportDialog::copyCommand() {
    copyFrom(*m_copy, m_manager.importCommand(wish()));
}

} // namespace llamahome::widgets
