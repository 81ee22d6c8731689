#include "widgets/run_extras.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

#include "managers/text.h"
#include "widgets/dropped_paths.h"
#include "widgets/look.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::toQt;

RunExtras::RunExtras(managers::TrainingSetup& setup, QWidget* parent)
    : QWidget(parent)
    , m_setup(setup)
    , m_name(new QLineEdit(this))
    , m_file(new QLabel(this))
    , m_choose(new QPushButton(tr("Choose…"), this))
    , m_clear(new QPushButton(tr("Use a share"), this)) {
    m_name->setObjectName(QStringLiteral("runName"));
    m_name->setPlaceholderText(tr("made from the model's name"));
    m_file->setObjectName(QStringLiteral("validationFile"));
    m_file->setTextFormat(Qt::PlainText);
    m_choose->setObjectName(QStringLiteral("chooseValidation"));
    m_choose->setAccessibleName(tr("Choose a file with rows to measure on"));
    m_clear->setObjectName(QStringLiteral("clearValidation"));
    m_clear->setToolTip(tr("Measure on a share of the data again"));
    auto* nameLabel = new QLabel(tr("Name of the run"), this);
    nameLabel->setBuddy(m_name);
    auto* fileLabel = new QLabel(tr("Measured on"), this);
    fileLabel->setToolTip(tr("Rows that the model does not learn from: the eval loss is that of these"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(nameLabel);
    row->addWidget(m_name, 1);
    row->addSpacing(2 * look::kGrid);
    row->addWidget(fileLabel);
    row->addWidget(m_file, 1);
    row->addWidget(m_choose);
    row->addWidget(m_clear);
    connect(m_name, &QLineEdit::textEdited, &m_setup, &managers::TrainingSetup::setRunName);
    connect(m_choose, &QPushButton::clicked, this, &RunExtras::chooseFile);
    connect(m_clear, &QPushButton::clicked, this, [this] { m_setup.chooseValidation({}); });
    connect(&m_setup, &managers::TrainingSetup::choiceChanged, this, &RunExtras::refresh);
    connect(&m_setup, &managers::TrainingSetup::checked, this, &RunExtras::refresh);
    refresh();
}

void RunExtras::chooseFile() {
    auto* dialog = new QFileDialog(this, tr("Rows to measure on"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({dataFilter(), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, &m_setup, &managers::TrainingSetup::chooseValidation);
    dialog->open();
}

void RunExtras::refresh() {
    const auto& file = m_setup.choice().validation;
    const QString path = file ? managers::pathToQt(*file) : QString();
    const auto& outlook = m_setup.outlook();
    const bool isShareEmpty = outlook && outlook->forecast.data.validationRows == 0;
    m_file->setText(file           ? fileName(path)
                    : isShareEmpty ? tr("nothing: no row is left for it")
                                   : tr("a share of the data"));
    m_file->setToolTip(path);
    m_clear->setVisible(file.has_value());
    const QString name = toQt(m_setup.choice().runName);
    if (m_name->text() != name) m_name->setText(name);
}

} // namespace llamahome::widgets
