#include "widgets/model_details.h"

#include <algorithm>
#include <array>

#include <QDesktopServices>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "managers/model_words.h"
#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/icon_label.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/status_icons.h"

namespace llamahome::widgets {
namespace {

using jobs::ModelEntry;
using jobs::ModelState;
using managers::toQt;

constexpr int kIconSize = 2 * look::kGrid;

QLabel* makeText(QWidget* parent, const QString& objectName) {
    auto* label = new QLabel(parent);
    label->setObjectName(objectName);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

/// Names at the left, values at the right.
QGridLayout& makeGrid(QWidget& parent) {
    auto* grid = new QGridLayout(&parent);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(2 * look::kGrid);
    grid->setVerticalSpacing(look::kGrid);
    grid->setColumnStretch(1, 1);
    return *grid;
}

/// Of the buttons that are made so, at most one is shown.
void makeFirst(QPushButton& button, Icon name) {
    button.setIcon(icon(name, QPalette::BrightText));
    look::makePrimary(button);
}

QString licenceText(const ModelEntry& entry) {
    const QString licence = toQt(entry.licence);
    if (!entry.catalog || !entry.catalog->gated) return licence;
    return ModelDetails::tr("%1. It is accepted on the Hub, with an account there.").arg(licence);
}

/// "HuggingFaceTB/SmolLM2-135M-Instruct, commit 12fd25f77366".
QString sourceText(const managers::ModelFacts& facts) {
    constexpr int kShownCommit = 12; // digits
    if (facts.commit.empty()) return toQt(facts.source);
    return ModelDetails::tr("%1, commit %2")
        .arg(toQt(facts.source), toQt(facts.commit.substr(0, kShownCommit)));
}

/// "step 120 of 200, evaluation loss 1.42".
QString trainedText(const managers::ModelFacts& facts) {
    if (facts.step == 0) return {};
    const QLocale locale(QLocale::English);
    QString text =
        facts.totalSteps > 0
            ? ModelDetails::tr("step %1 of %2")
                  .arg(locale.toString(qlonglong(facts.step)), locale.toString(qlonglong(facts.totalSteps)))
            : ModelDetails::tr("step %1").arg(locale.toString(qlonglong(facts.step)));
    if (facts.evalLoss)
        text += ModelDetails::tr(", evaluation loss %1").arg(toQt(formatNumber(*facts.evalLoss)));
    else if (facts.trainLoss)
        text += ModelDetails::tr(", training loss %1").arg(toQt(formatNumber(*facts.trainLoss)));
    return text;
}

QString contextText(std::int64_t tokens) {
    return tokens > 0
               ? ModelDetails::tr("%1 tokens").arg(QLocale(QLocale::English).toString(qlonglong(tokens)))
               : QString();
}

} // namespace

ModelDetails::ModelDetails(managers::ModelManager& manager, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_menu(new QMenu(this)) {
    build();
    buildMenu();
    connect(&m_manager, &managers::ModelManager::modelsChanged, this, &ModelDetails::refresh);
    connect(&m_manager, &managers::ModelManager::verified, this, &ModelDetails::refresh);
    refresh();
}

void ModelDetails::build() {
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(2 * look::kGrid, look::kGrid, look::kGrid, look::kGrid);
    column->setSpacing(look::kGrid);
    m_title = look::makeTitle({}, content);
    m_title->setObjectName(QStringLiteral("modelTitle"));
    m_title->setWordWrap(true);
    m_stateIcon = new IconLabel(icon(Icon::Info), kIconSize, content);
    m_state = makeText(content, QStringLiteral("modelState"));
    auto* state = new QHBoxLayout;
    state->setSpacing(look::kGrid / 2);
    state->addWidget(m_stateIcon);
    state->addWidget(m_state, 1);
    m_advice = makeText(content, QStringLiteral("modelAdvice"));
    m_note = makeText(content, QStringLiteral("modelNote"));
    m_needs = new QWidget(content);
    QGridLayout& needs = makeGrid(*m_needs);
    m_chat = addRow(needs, tr("To chat"), QStringLiteral("toChat"));
    m_train = addRow(needs, tr("To train"), QStringLiteral("toTrain"));
    m_facts = new QWidget(content);
    QGridLayout& facts = makeGrid(*m_facts);
    m_base = addRow(facts, tr("Base"), QStringLiteral("base"));
    m_run = addRow(facts, tr("Run"), QStringLiteral("run"));
    m_trained = addRow(facts, tr("Trained"), QStringLiteral("trained"));
    m_size = addRow(facts, tr("Size"), QStringLiteral("size"));
    m_parameters = addRow(facts, tr("Parameters"), QStringLiteral("parameters"));
    m_context = addRow(facts, tr("Context"), QStringLiteral("context"));
    m_licence = addRow(facts, tr("Licence"), QStringLiteral("licence"));
    m_hub = addRow(facts, tr("Hub"), QStringLiteral("hubId"));
    m_source = addRow(facts, tr("Came from"), QStringLiteral("modelSource"));
    m_folder = addRow(facts, tr("Folder"), QStringLiteral("folder"));
    alignLabels();
    column->addWidget(m_title);
    column->addLayout(state);
    column->addWidget(m_advice);
    column->addWidget(m_note);
    column->addWidget(m_needs);
    column->addWidget(makeButtons(content));
    column->addWidget(m_facts);
    column->addStretch();

    auto* scroll = new QScrollArea(this);
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setAccessibleName(tr("Details of the model"));
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(scroll);
}

QWidget* ModelDetails::makeButtons(QWidget* parent) {
    auto* bar = new QWidget(parent);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, look::kGrid, 0, look::kGrid);
    row->setSpacing(look::kGrid);
    m_trainButton = makeButton(tr("&Train…"), Icon::Training, QStringLiteral("trainButton"), bar);
    m_chatButton = makeButton(tr("&Chat"), Icon::Chat, QStringLiteral("chatButton"), bar);
    m_downloadButton = makeButton(tr("&Download"), Icon::Downloads, QStringLiteral("detailsDownload"), bar);
    m_importButton = makeButton(tr("Import…"), Icon::Import, QStringLiteral("detailsImportButton"), bar);
    m_hubButton = makeButton(tr("Open its page"), Icon::Info, QStringLiteral("hubButton"), bar);
    m_removeButton = makeButton(tr("Remove…"), Icon::Remove, QStringLiteral("removeButton"), bar);
    m_more = new QToolButton(bar);
    m_more->setObjectName(QStringLiteral("moreButton"));
    m_more->setIcon(icon(Icon::More));
    m_more->setText(tr("More"));
    m_more->setAccessibleName(tr("More that can be done with the model"));
    m_more->setToolTip(tr("Verify, export, remove, copy"));
    m_more->setPopupMode(QToolButton::InstantPopup);
    m_more->setFocusPolicy(Qt::StrongFocus);
    m_more->setMenu(m_menu);
    makeFirst(*m_trainButton, Icon::Training);
    makeFirst(*m_downloadButton, Icon::Downloads);
    m_hubButton->setToolTip(tr("Opens the model's page on the Hub in the browser."));
    for (QWidget* button :
         std::initializer_list<QWidget*>{m_trainButton, m_chatButton, m_downloadButton, m_importButton,
                                         m_hubButton, m_removeButton, m_more})
        row->addWidget(button);
    row->addStretch();
    connect(m_trainButton, &QPushButton::clicked, this, [this] { Q_EMIT trainRequested(m_name); });
    connect(m_chatButton, &QPushButton::clicked, this, [this] {
        Q_EMIT chatRequested(m_isAdapter ? QString() : m_name, m_isAdapter ? m_name : QString());
    });
    connect(m_downloadButton, &QPushButton::clicked, this, [this] { Q_EMIT downloadRequested(m_name); });
    connect(m_importButton, &QPushButton::clicked, this, &ModelDetails::importRequested);
    connect(m_hubButton, &QPushButton::clicked, this, &ModelDetails::openHubPage);
    connect(m_removeButton, &QPushButton::clicked, this, [this] { Q_EMIT removeRequested(m_name); });
    return bar;
}

void ModelDetails::buildMenu() {
    m_menu->setObjectName(QStringLiteral("modelMenu"));
    m_verify = m_menu->addAction(icon(Icon::Verify), tr("&Verify"));
    m_verify->setToolTip(tr("Checks structure, sizes and tokenizer."));
    m_verifyDeep = m_menu->addAction(tr("Verify &every byte"));
    m_menu->addSeparator();
    m_export = m_menu->addAction(tr("E&xport…"));
    m_export->setToolTip(tr("Writes it for another program: llama.cpp, Ollama, transformers."));
    m_menu->addSeparator();
    m_remove = m_menu->addAction(icon(Icon::Remove), tr("&Remove…"));
    m_menu->addSeparator();
    m_copyPath = m_menu->addAction(icon(Icon::Copy), tr("Copy &path"));
    m_copyCommand = m_menu->addMenu(tr("Copy as c&ommand"));
    QAction* verify = m_copyCommand->addAction(tr("Verify"));
    QAction* verifyDeep = m_copyCommand->addAction(tr("Verify every byte"));
    QAction* remove = m_copyCommand->addAction(tr("Remove"));
    connect(m_export, &QAction::triggered, this, [this] { Q_EMIT exportRequested(m_name); });
    connect(m_verify, &QAction::triggered, this, [this] { Q_EMIT verifyRequested(m_name, false); });
    connect(m_verifyDeep, &QAction::triggered, this, [this] { Q_EMIT verifyRequested(m_name, true); });
    connect(m_remove, &QAction::triggered, this, [this] { Q_EMIT removeRequested(m_name); });
    connect(m_copyPath, &QAction::triggered, this, [this] { copy(m_folder.value->text()); });
    connect(verify, &QAction::triggered, this, [this] { copy(m_manager.verifyCommand(m_name, false)); });
    connect(verifyDeep, &QAction::triggered, this, [this] { copy(m_manager.verifyCommand(m_name, true)); });
    connect(remove, &QAction::triggered, this, [this] { copy(m_manager.removeCommand(m_name)); });
}

ModelDetails::Row ModelDetails::addRow(QGridLayout& grid, const QString& label, const QString& objectName) {
    QWidget* parent = grid.parentWidget();
    const Row row{new QLabel(label, parent), makeText(parent, objectName)};
    row.label->setForegroundRole(QPalette::PlaceholderText);
    row.value->setAccessibleName(label);
    const int place = grid.rowCount();
    grid.addWidget(row.label, place, 0, Qt::AlignTop);
    grid.addWidget(row.value, place, 1);
    return row;
}

void ModelDetails::alignLabels() {
    int width = 0;
    const std::array rows{m_chat,       m_train,   m_base,    m_run, m_trained, m_size,
                          m_parameters, m_context, m_licence, m_hub, m_source,  m_folder};
    for (const Row& row : rows)
        width = std::max(width, row.label->sizeHint().width());
    for (const Row& row : rows)
        row.label->setMinimumWidth(width);
}

void ModelDetails::setRow(const Row& row, const QString& text, const QString& toolTip) {
    row.value->setText(text);
    row.value->setToolTip(toolTip);
    row.label->setToolTip(toolTip);
    row.label->setVisible(!text.isEmpty());
    row.value->setVisible(!text.isEmpty());
}

void ModelDetails::showModel(const QString& name) {
    m_name = name;
    refresh();
}

void ModelDetails::refresh() {
    auto entry = m_manager.find(m_name);
    if (!entry) entry = m_manager.findAdapter(m_name);
    if (entry)
        showEntry(*entry);
    else
        showNothing();
}

void ModelDetails::showNothing() {
    m_name.clear();
    const bool hasModel = m_manager.hasUsableModel();
    m_title->setText(hasModel ? tr("Choose a model") : tr("No model is ready yet"));
    m_stateIcon->hide();
    m_state->hide();
    m_note->hide();
    m_needs->hide();
    m_facts->hide();
    m_advice->setVisible(m_manager.isListed());
    m_advice->setText(hasModel
                          ? tr("The list tells what each one needs. With a model chosen you can chat with "
                               "it, train it, verify or remove it.")
                          : tr("Import a model that you have: a folder in Hub layout or a GGUF file. You "
                               "can also drop it anywhere on this page."));
    for (QWidget* button : std::initializer_list<QWidget*>{m_trainButton, m_chatButton, m_downloadButton,
                                                           m_hubButton, m_removeButton, m_more})
        button->hide();
    m_importButton->setVisible(!hasModel);
}

void ModelDetails::showEntry(const ModelEntry& entry) {
    m_isAdapter = entry.kind == jobs::kAdapterKind;
    const bool isInstalled = entry.state != ModelState::Absent;
    const jobs::VerifyReport* report = m_manager.lastReport(m_name);
    const bool failedChecks = report != nullptr && !report->ok && isInstalled;
    const Icon shown = failedChecks ? Icon::Bad : stateIcon(entry.state).value_or(Icon::Info);
    m_title->setText(toQt(entry.name));
    m_stateIcon->setIcon(icon(shown));
    m_stateIcon->show();
    // A failed check makes a model damaged; what is not marked so is whole, and only does not fit its base.
    const bool isWhole = failedChecks && entry.isUsable();
    m_state->setText(isWhole ? tr("a check failed") : managers::stateWord(entry.state));
    m_state->show();
    const QString failure = failedChecks && report->error
                                ? managers::withoutFolder(report->error->message, entry)
                                : managers::stateSentence(entry);
    m_advice->setText(failure);
    m_advice->setVisible(!failure.isEmpty());
    QString note = m_isAdapter ? tr("An adapter. Chat loads it on its base model.") : QString();
    if (entry.catalog) note = toQt(entry.catalog->note);
    if (entry.catalog && note.isEmpty())
        note = entry.catalog->instruct ? tr("Made for conversations.")
                                       : tr("A base model: it continues text. Train it to answer.");
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
    m_needs->setVisible(!m_isAdapter);
    m_facts->show();
    const managers::ModelFacts facts = m_manager.facts(m_name);
    showNeeds(entry);
    setRow(m_base, toQt(facts.base), tr("The model that the adapter was trained on and needs."));
    setRow(m_run, toQt(facts.run), tr("The training run that made it; the page of runs has its curves."));
    setRow(m_trained, trainedText(facts),
           tr("The step whose state it is, and the loss there: lower is nearer to the data."));
    setRow(m_size, managers::bytesText(entry.sizeBytes));
    setRow(m_parameters, managers::parametersText(facts.parameters),
           tr("How many numbers the model learned; more know more and are slower."));
    setRow(m_context, contextText(facts.contextTokens),
           tr("Longest conversation that the model can see. A token is about four letters."));
    setRow(m_licence, licenceText(entry));
    setRow(m_hub, toQt(entry.hubId));
    setRow(m_source, sourceText(facts),
           tr("What was downloaded or imported. The commit is what the Hub had then."));
    setRow(m_folder, isInstalled ? managers::pathToQt(entry.path) : QString());
    showActions(entry);
}

void ModelDetails::showNeeds(const ModelEntry& entry) {
    setRow(m_chat, m_isAdapter ? QString() : managers::verdictText(m_manager.chatVerdict(entry)),
           tr("Memory for weights and a conversation of 2,048 tokens."));
    setRow(m_train, m_isAdapter ? QString() : managers::verdictText(m_manager.trainVerdict(entry)),
           tr("The least that training needs: one row of 512 tokens at a time, a small adapter."));
}

void ModelDetails::showActions(const ModelEntry& entry) {
    const bool isInstalled = entry.state != ModelState::Absent;
    const bool canTrain = entry.isUsable() && !m_isAdapter;
    const bool trainFits = m_manager.trainVerdict(entry).fit != managers::Fit::TooLarge;
    const bool chatFits = m_manager.chatVerdict(entry).fit != managers::Fit::TooLarge;
    m_trainButton->setVisible(canTrain);
    m_trainButton->setEnabled(trainFits);
    m_trainButton->setToolTip(trainFits ? tr("Choose data and settings for a training run.")
                                        : tr("Training needs more memory than there is."));
    m_chatButton->setVisible(entry.isUsable());
    m_chatButton->setEnabled(chatFits);
    m_chatButton->setToolTip(chatFits ? tr("Talk to it.") : tr("Chatting needs more memory than there is."));
    const bool isBroken = entry.state == ModelState::Damaged || entry.state == ModelState::Offline;
    const bool isForeign = entry.state == ModelState::Foreign;
    const bool isWanted = entry.state == ModelState::Absent || entry.state == ModelState::Partial;
    m_downloadButton->setVisible(isWanted && !entry.hubId.empty());
    m_downloadButton->setText(entry.isDownload ? tr("&Go on with the download")
                              : entry.sizeBytes > 0
                                  ? tr("&Download %1").arg(managers::bytesText(entry.sizeBytes))
                                  : tr("&Download"));
    m_importButton->setVisible(!entry.isUsable() && !(isBroken && m_isAdapter));
    m_importButton->setText(isBroken ? tr("Import again…") : tr("Import…"));
    m_hubButton->setVisible(!isInstalled && !entry.hubId.empty());
    m_removeButton->setVisible(isInstalled && !canTrain && !isForeign &&
                               (entry.state != ModelState::Partial || entry.isDownload));
    const bool canCheck = isInstalled && entry.state != ModelState::Partial;
    m_more->setVisible(canCheck);
    for (QAction* action : {m_verify, m_verifyDeep, m_remove, m_copyPath, m_copyCommand->menuAction()})
        action->setVisible(canCheck);
    if (isForeign) m_remove->setVisible(false);
    m_export->setVisible(entry.isUsable());
}

void ModelDetails::openHubPage() {
    QDesktopServices::openUrl(QUrl(m_manager.hubPage(m_name)));
}

void ModelDetails::copy(const QString& text) {
    copyFrom(*m_more, text);
}

} // namespace llamahome::widgets
