#include "widgets/chat_bar.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QSignalBlocker>
#include <QToolButton>

#include "managers/text.h"
#include "widgets/copy_text.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

using managers::toQt;

constexpr double kMostScale = 100.0; // as --scale takes it
constexpr double kScaleStep = 0.1;

void add(QComboBox& box, const QString& text, const QString& value) {
    box.addItem(text, value);
    box.setItemData(box.count() - 1, text, Qt::ToolTipRole);
}

/// Chooses the row of that value; one that is not there is added as missing.
void select(QComboBox& box, const QString& value, const QString& missing) {
    int row = box.findData(value);
    if (row < 0 && !value.isEmpty()) {
        add(box, missing.arg(value), value);
        row = box.count() - 1;
    }
    box.setCurrentIndex(row);
    box.setToolTip(box.currentText());
}

QComboBox* makeBox(const char* name, QWidget* parent) {
    auto* box = new QComboBox(parent);
    box->setObjectName(QLatin1String(name));
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(8);
    box->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    box->view()->setTextElideMode(Qt::ElideMiddle);
    return box;
}

QLabel* makeLabel(const QString& text, const QString& help, QWidget* buddy, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setBuddy(buddy);
    label->setToolTip(help);
    return label;
}

} // namespace

ChatBar::ChatBar(managers::ChatManager& chat, managers::ModelManager& models, QWidget* parent)
    : QWidget(parent)
    , m_chat(chat)
    , m_models(models)
    , m_model(makeBox("chatModel", this))
    , m_adapter(makeBox("chatAdapter", this))
    , m_scaleLabel(nullptr)
    , m_scale(new QDoubleSpinBox(this))
    , m_drawer(new QToolButton(this)) {
    const QString scaleHelp = tr("How much of the adapter: 1 as trained, 0 the base model exactly");
    m_scale->setObjectName(QStringLiteral("adapterScale"));
    m_scale->setRange(0.0, kMostScale);
    m_scale->setSingleStep(kScaleStep);
    m_scale->setDecimals(2);
    m_scale->setKeyboardTracking(false);
    m_scale->setLocale(QLocale::c());
    m_scale->setToolTip(scaleHelp);
    m_scaleLabel = makeLabel(tr("S&cale"), scaleHelp, m_scale, this);
    m_drawer->setObjectName(QStringLiteral("samplingButton"));
    m_drawer->setText(tr("Samp&ling"));
    m_drawer->setIcon(icon(Icon::Settings));
    m_drawer->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_drawer->setCheckable(true);
    m_drawer->setFocusPolicy(Qt::StrongFocus);
    m_drawer->setToolTip(tr("System message, and how freely words are chosen"));
    auto* more = new QToolButton(this);
    more->setObjectName(QStringLiteral("chatMore"));
    more->setIcon(icon(Icon::More));
    more->setAccessibleName(tr("More about this conversation"));
    more->setToolTip(more->accessibleName());
    more->setPopupMode(QToolButton::InstantPopup);
    more->setFocusPolicy(Qt::StrongFocus);
    auto* menu = new QMenu(more);
    menu->addAction(icon(Icon::Copy), tr("&Copy as command"), this,
                    [this, more] { copyFrom(*more, m_chat.commandLine()); });
    menu->addAction(tr("&Free the model's memory"), this, [this] { m_chat.release(); });
    more->setMenu(menu);

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(makeLabel(tr("&Model"), tr("The model that answers"), m_model, this));
    layout->addWidget(m_model, 3);
    layout->addWidget(makeLabel(tr("&Adapter"), tr("What training added to the model"), m_adapter, this));
    layout->addWidget(m_adapter, 3);
    layout->addWidget(m_scaleLabel);
    layout->addWidget(m_scale);
    layout->addWidget(m_drawer);
    layout->addWidget(more);

    connect(m_model, &QComboBox::activated, this, [this] {
        m_chat.setModel(m_model->currentData().toString());
        Q_EMIT modelChosen(m_model->currentData().toString());
    });
    connect(m_adapter, &QComboBox::activated, this,
            [this] { m_chat.setAdapter(m_adapter->currentData().toString()); });
    connect(m_scale, &QDoubleSpinBox::valueChanged, this,
            [this](double scale) { m_chat.setAdapterScale(scale); });
    connect(&m_models, &managers::ModelManager::modelsChanged, this, &ChatBar::showLists);
    connect(&m_chat, &managers::ChatManager::conversationOpened, this, &ChatBar::showCurrent);
    connect(&m_chat, &managers::ChatManager::settingsChanged, this, &ChatBar::showCurrent);
    connect(&m_chat, &managers::ChatManager::fitsChanged, this, &ChatBar::showCurrent);
    showLists();
}

void ChatBar::showLists() {
    m_model->clear();
    for (const jobs::ModelEntry& entry : m_models.models())
        if (entry.isUsable()) add(*m_model, toQt(entry.name), toQt(entry.name));
    showCurrent();
}

void ChatBar::showAdapters(const QString& model) {
    m_adapter->clear();
    m_adapter->addItem(tr("none"), QString());
    for (const jobs::ModelEntry& entry : m_models.adapters())
        if (entry.isUsable() && m_chat.fits(toQt(entry.name), model))
            add(*m_adapter, toQt(entry.name), toQt(entry.name));
}

void ChatBar::showCurrent() {
    const jobs::Conversation& shown = m_chat.current();
    showAdapters(toQt(shown.model));
    select(*m_model, toQt(shown.model), tr("%1 (missing)"));
    select(*m_adapter, toQt(shown.adapter), tr("%1 (missing)"));
    m_model->setEnabled(m_model->count() > 0);
    m_adapter->setEnabled(m_adapter->count() > 1);
    const QSignalBlocker blocker(m_scale);
    if (m_scale->value() != shown.adapterScale) m_scale->setValue(shown.adapterScale);
    m_scale->setVisible(!shown.adapter.empty());
    m_scaleLabel->setVisible(!shown.adapter.empty());
}

} // namespace llamahome::widgets
