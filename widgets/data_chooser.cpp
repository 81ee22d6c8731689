#include "widgets/data_chooser.h"

#include <QFileDialog>

#include "widgets/dropped_paths.h"
#include "widgets/icons.h"
#include "widgets/question_editor.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {
namespace {

constexpr int kPathsRole = Qt::UserRole;
constexpr int kLeastCharacters = 16;

/// One entry of the kept list holds the paths of one choice.
const QString& pathSeparator() {
    static const QString separator = QStringLiteral("\n");
    return separator;
}

} // namespace

DataChooser::DataChooser(managers::TrainingSetup& setup, WindowMemory& memory, const QString& key,
                         QWidget* parent)
    : QComboBox(parent)
    , m_setup(setup)
    , m_memory(memory)
    , m_key(key) {
    setObjectName(QStringLiteral("dataChooser"));
    setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(kLeastCharacters);
    setToolTip(tr("JSONL, JSON, CSV or text: chat messages, questions and answers, or plain text"));
    connect(this, &QComboBox::activated, this, &DataChooser::takeChoice);
    connect(&m_setup, &managers::TrainingSetup::choiceChanged, this, &DataChooser::rebuild);
    connect(&m_setup, &managers::TrainingSetup::samplesChanged, this, &DataChooser::rebuild);
    rebuild();
}

QStringList DataChooser::recent() const {
    return m_memory.value(m_key).toStringList();
}

void DataChooser::addChoice(const QStringList& paths, const QString& note) {
    const QString words = note.isEmpty() ? filesText(paths) : tr("%1 (%2)").arg(filesText(paths), note);
    addItem(words, paths);
    setItemData(count() - 1, paths.join(QLatin1Char('\n')), Qt::ToolTipRole);
}

void DataChooser::rebuild() {
    const QStringList chosen = m_setup.dataFiles();
    QList<QStringList> offered;
    clear();
    const auto add = [&](const QStringList& paths, const QString& note) {
        if (paths.isEmpty() || offered.contains(paths)) return;
        offered << paths;
        addChoice(paths, note);
    };
    for (const QString& kept : recent())
        add(kept.split(pathSeparator(), Qt::SkipEmptyParts), {});
    add(chosen, {});
    for (const QString& sample : m_setup.samples())
        add({sample}, tr("sample"));
    if (count() > 0) insertSeparator(count());
    addItem(icon(Icon::Folder), tr("Choose files…"));
    addItem(icon(Icon::Edit), tr("Write your own…"));
    setCurrentIndex(static_cast<int>(offered.indexOf(chosen)));
    if (chosen.isEmpty()) {
        setCurrentIndex(-1);
        setPlaceholderText(tr("Choose data"));
    }
}

void DataChooser::takeChoice(int index) {
    const QStringList paths = itemData(index, kPathsRole).toStringList();
    if (paths.isEmpty()) {
        const bool isToWrite = index == count() - 1;
        rebuild();
        return isToWrite ? write() : browse();
    }
    choose(paths);
}

void DataChooser::choose(const QStringList& paths) {
    if (paths.isEmpty()) return;
    QStringList kept = recent();
    const QString entry = paths.join(pathSeparator());
    const bool isSample = paths.size() == 1 && m_setup.samples().contains(paths.front());
    if (!isSample) {
        kept.removeAll(entry);
        kept.prepend(entry);
        m_memory.setValue(m_key, QStringList(kept.mid(0, kRecent)));
    }
    m_setup.chooseData(paths);
    rebuild();
}

void DataChooser::browse() {
    const QStringList current = m_setup.dataFiles();
    const QString folder = current.isEmpty() ? QString() : current.front().section(QLatin1Char('/'), 0, -2);
    auto* dialog = new QFileDialog(this, tr("Choose data"), folder);
    dialog->setObjectName(QStringLiteral("dataDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setNameFilters({dataFilter(), tr("All files (*)")});
    connect(dialog, &QFileDialog::filesSelected, this, &DataChooser::choose);
    dialog->open();
}

void DataChooser::write() {
    auto* editor = new QuestionEditor(m_setup, this);
    connect(editor, &QuestionEditor::chosen, this, [this](const QString& path) { choose({path}); });
    editor->open();
}

} // namespace llamahome::widgets
