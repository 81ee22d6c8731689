#include "widgets/chat_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>

#include "managers/text.h"
#include "widgets/adapter_choice.h"
#include "widgets/copy_text.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/name_box.h"

namespace llamahome::widgets {
namespace {

using managers::toQt;

QToolButton* makeSwitch(const char* name, const QString& text, Icon shown, const QString& help,
                        QWidget* parent) {
    auto* button = new QToolButton(parent);
    button->setObjectName(QLatin1String(name));
    button->setText(text);
    button->setIcon(icon(shown));
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setCheckable(true);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setToolTip(help);
    return button;
}

} // namespace

ChatBar::ChatBar(managers::ChatManager& chat, managers::ModelManager& models, QWidget* parent)
    : QWidget(parent)
    , m_chat(chat)
    , m_models(models)
    , m_model(new NameBox(QStringLiteral("chatModel"), this))
    , m_adapter(new AdapterChoice({tr("&Adapter"), tr("What training added to the model"),
                                   QStringLiteral("chatAdapter"), QStringLiteral("adapterScale")},
                                  chat, models, this))
    , m_compare(makeSwitch("compareButton", tr("Com&pare"), Icon::Compare,
                           tr("Two answers side by side, of two adapters or scales (Ctrl+B)"), this))
    , m_drawer(makeSwitch("samplingButton", tr("Samp&ling"), Icon::Settings,
                          tr("System message, and how freely words are chosen"), this))
    , m_more(makeMore()) {
    auto* label = new QLabel(tr("&Model"), this);
    label->setBuddy(m_model);
    label->setToolTip(tr("The model that answers"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(label);
    layout->addWidget(m_model, 3);
    layout->addWidget(m_adapter, 4);
    layout->addWidget(m_compare);
    layout->addWidget(m_drawer);
    layout->addWidget(m_more);

    connect(m_model, &QComboBox::activated, this, [this] {
        m_chat.setModel(m_model->value());
        Q_EMIT modelChosen(m_model->value());
    });
    connect(m_adapter, &AdapterChoice::adapterChosen, &m_chat, &managers::ChatManager::setAdapter);
    connect(m_adapter, &AdapterChoice::scaleChosen, &m_chat, &managers::ChatManager::setAdapterScale);
    connect(&m_models, &managers::ModelManager::modelsChanged, this, &ChatBar::showLists);
    connect(&m_chat, &managers::ChatManager::conversationOpened, this, &ChatBar::showCurrent);
    connect(&m_chat, &managers::ChatManager::settingsChanged, this, &ChatBar::showCurrent);
    connect(&m_chat, &managers::ChatManager::fitsChanged, this, &ChatBar::showCurrent);
    showLists();
}

QToolButton* ChatBar::makeMore() {
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
    return more;
}

void ChatBar::setComparing(bool on) {
    m_adapter->setVisible(!on);
    m_more->setVisible(!on);
}

void ChatBar::showLists() {
    m_model->clear();
    for (const jobs::ModelEntry& entry : m_models.models())
        if (entry.isUsable()) m_model->add(toQt(entry.name), toQt(entry.name));
    showCurrent();
}

void ChatBar::showCurrent() {
    const jobs::Conversation& shown = m_chat.current();
    m_model->choose(toQt(shown.model));
    m_model->setEnabled(m_model->count() > 0);
    m_adapter->show(shown.adapter, shown.adapterScale);
}

} // namespace llamahome::widgets
