#include "widgets/download_form.h"

#include <array>
#include <utility>

#include <QComboBox>
#include <QCompleter>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

#include "widgets/buttons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
using jobs::DownloadSource;

DownloadForm::DownloadForm(const QStringList& known, QWidget* parent)
    : QWidget(parent)
    , m_form(new QFormLayout(this)) {
    m_form->setContentsMargins(0, 0, 0, 0);
    m_form->setHorizontalSpacing(2 * look::kGrid);
    m_form->setVerticalSpacing(look::kGrid);
    m_source = new QComboBox(this);
    m_source->setObjectName(QStringLiteral("sourceBox"));
    for (const auto& [source, words] : std::array<std::pair<DownloadSource, QString>, 3>{
             {{DownloadSource::Hub, tr("The Hugging Face Hub")},
              {DownloadSource::Meta, tr("Meta, by the link from its e-mail")},
              {DownloadSource::Mirror, tr("A mirror, or a folder")}}})
        m_source->addItem(words, static_cast<int>(source));
    m_model = new QComboBox(this);
    m_model->setObjectName(QStringLiteral("modelBox"));
    m_model->setEditable(true);
    m_model->setInsertPolicy(QComboBox::NoInsert);
    m_model->addItems(known);
    m_model->setCurrentText({});
    m_model->completer()->setCompletionMode(QCompleter::PopupCompletion);
    m_model->completer()->setFilterMode(Qt::MatchContains);
    m_model->lineEdit()->setPlaceholderText(tr("Family and version, or org/name as on the Hub"));
    build();
    connect(m_source, &QComboBox::currentIndexChanged, this, [this] {
        showRows();
        Q_EMIT changed();
    });
    connect(m_model, &QComboBox::currentTextChanged, this, &DownloadForm::changed);
    showRows();
}

void DownloadForm::build() {
    m_link = addLine(QStringLiteral("linkEdit"), tr("https://… from the e-mail, whole"));
    m_link->setEchoMode(QLineEdit::Password);
    m_placeRow = new QWidget(this);
    m_place = addLine(QStringLiteral("placeEdit"), tr("https://… or a folder of this computer"));
    auto* folder = makeDialogButton(tr("F&older…"), QStringLiteral("placeFolder"), m_placeRow);
    auto* row = new QHBoxLayout(m_placeRow);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(m_place, 1);
    row->addWidget(folder);
    connect(folder, &QPushButton::clicked, this, &DownloadForm::chooseFolder);
    m_revision = addLine(QStringLiteral("revisionEdit"), tr("the newest"));
    m_revision->setToolTip(tr("A branch, a tag or a commit on the Hub."));
    m_file = addLine(QStringLiteral("fileEdit"), tr("none: safetensors are taken"));
    m_file->setToolTip(tr("Of a place with GGUF files the one to take. It is converted."));
    m_token = addLine(QStringLiteral("tokenEdit"), tr("hf_…"));
    m_token->setEchoMode(QLineEdit::Password);
    m_token->setToolTip(tr("From huggingface.co/settings/tokens, with the right to read."));
    m_note = look::makeNote({}, this);
    m_note->setObjectName(QStringLiteral("secretNote"));
    m_note->setWordWrap(true);
    addRow(tr("&From"), m_source, m_source);
    addRow(tr("&Model"), m_model, m_model);
    addRow(tr("&Link"), m_link, m_link);
    addRow(tr("&Address"), m_placeRow, m_place);
    addRow(tr("&Revision"), m_revision, m_revision);
    addRow(tr("&GGUF file"), m_file, m_file);
    addRow(tr("&Token"), m_token, m_token);
    m_form->addRow(QString(), m_note);
}

QLineEdit* DownloadForm::addLine(const QString& objectName, const QString& placeholder) {
    auto* line = new QLineEdit(this);
    line->setObjectName(objectName);
    line->setPlaceholderText(placeholder);
    connect(line, &QLineEdit::textChanged, this, &DownloadForm::changed);
    return line;
}

void DownloadForm::addRow(const QString& label, QWidget* field, QWidget* focus) {
    auto* title = new QLabel(label, this);
    title->setBuddy(focus);
    focus->setAccessibleName(QString(label).remove(u'&'));
    m_form->addRow(title, field);
}

bool DownloadForm::isFrom(DownloadSource source) const {
    return m_source->currentData().toInt() == static_cast<int>(source);
}

void DownloadForm::showRows() {
    const bool isMeta = isFrom(DownloadSource::Meta);
    const bool isMirror = isFrom(DownloadSource::Mirror);
    const bool hasToken = m_wantsToken && isFrom(DownloadSource::Hub);
    m_form->setRowVisible(m_link, isMeta);
    m_form->setRowVisible(m_placeRow, isMirror);
    m_form->setRowVisible(m_revision, isFrom(DownloadSource::Hub));
    m_form->setRowVisible(m_file, !isMeta);
    m_form->setRowVisible(m_token, hasToken);
    if (isMeta)
        m_note->setText(
            tr("Ask for a link at llama.com/llama-downloads. It holds for a day; it is not shown, "
               "and forgotten when the download has ended."));
    else if (isMirror)
        m_note->setText(tr("A folder with the model's files and a list of their hashes, SHA256SUMS, which "
                           "sha256sum * > SHA256SUMS makes."));
    else
        m_note->setText(
            tr("The token is sent to the Hub only, not shown, and forgotten when the download has ended."));
    m_form->setRowVisible(m_note, isMeta || isMirror || hasToken);
}

void DownloadForm::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Choose the folder of a model"), m_place->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, m_place, &QLineEdit::setText);
    dialog->open();
}

managers::DownloadWish DownloadForm::wish() const {
    managers::DownloadWish wish;
    wish.name = m_model->currentText().simplified();
    wish.source = static_cast<DownloadSource>(m_source->currentData().toInt());
    if (isFrom(DownloadSource::Mirror)) wish.place = m_place->text().trimmed();
    if (isFrom(DownloadSource::Hub)) wish.revision = m_revision->text().trimmed();
    if (!isFrom(DownloadSource::Meta)) wish.file = m_file->text().trimmed();
    if (isFrom(DownloadSource::Meta)) wish.secret = m_link->text().trimmed();
    if (isFrom(DownloadSource::Hub) && m_wantsToken) wish.secret = m_token->text().trimmed();
    return wish;
}

void DownloadForm::setWish(const managers::DownloadWish& wish) {
    m_source->setCurrentIndex(m_source->findData(static_cast<int>(wish.source)));
    m_model->setCurrentText(wish.name);
    m_place->setText(wish.place);
    m_revision->setText(wish.revision);
    m_file->setText(wish.file);
}

bool DownloadForm::isComplete() const {
    const managers::DownloadWish asked = wish();
    if (asked.name.isEmpty()) return false;
    if (asked.source == DownloadSource::Meta) return !asked.secret.isEmpty();
    return asked.source != DownloadSource::Mirror || !asked.place.isEmpty();
}

void DownloadForm::askToken() {
    m_wantsToken = true;
    showRows();
    m_token->setFocus();
}

void DownloadForm::askLink() {
    m_link->selectAll();
    m_link->setFocus();
}

void DownloadForm::askFile() {
    m_file->setFocus();
}

} // namespace llamahome::widgets
