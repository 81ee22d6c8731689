#include "widgets/adapter_choice.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSignalBlocker>

#include "managers/text.h"
#include "widgets/look.h"
#include "widgets/name_box.h"

namespace llamahome::widgets {
namespace {

using managers::toQt;

constexpr double kMostScale = 100.0; // as --scale takes it
constexpr double kScaleStep = 0.1;

} // namespace

AdapterChoice::AdapterChoice(const Words& words, const managers::ChatManager& chat,
                             const managers::ModelManager& models, QWidget* parent)
    : QWidget(parent)
    , m_chat(chat)
    , m_models(models)
    , m_adapter(new NameBox(words.adapterName, this))
    , m_scale(new QDoubleSpinBox(this))
    , m_scaleLabel(new QLabel(tr("S&cale"), this)) {
    auto* label = new QLabel(words.label, this);
    label->setBuddy(m_adapter);
    label->setToolTip(words.help);
    m_adapter->setAccessibleDescription(words.help);
    m_scale->setObjectName(words.scaleName);
    m_scale->setRange(0.0, kMostScale);
    m_scale->setSingleStep(kScaleStep);
    m_scale->setDecimals(2);
    m_scale->setKeyboardTracking(false);
    m_scale->setLocale(QLocale::c());
    m_scale->setToolTip(tr("How much of the adapter: 1 as trained, 0 the base model exactly"));
    m_scale->setAccessibleDescription(words.help);
    m_scaleLabel->setBuddy(m_scale);
    m_scaleLabel->setToolTip(m_scale->toolTip());
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(label);
    layout->addWidget(m_adapter, 1);
    layout->addWidget(m_scaleLabel);
    layout->addWidget(m_scale);
    connect(m_adapter, &QComboBox::activated, this, [this] { Q_EMIT adapterChosen(m_adapter->value()); });
    connect(m_scale, &QDoubleSpinBox::valueChanged, this, &AdapterChoice::scaleChosen);
}

void AdapterChoice::show(const std::string& adapter, double scale) {
    m_adapter->clear();
    m_adapter->add(tr("none"), {});
    for (const jobs::ModelEntry& entry : m_models.adapters())
        if (entry.isUsable() && m_chat.fits(toQt(entry.name), toQt(m_chat.current().model)))
            m_adapter->add(toQt(entry.name), toQt(entry.name));
    m_adapter->choose(toQt(adapter));
    m_adapter->setEnabled(m_adapter->count() > 1);
    const QSignalBlocker blocker(m_scale);
    if (m_scale->value() != scale) m_scale->setValue(scale);
    m_scale->setVisible(!adapter.empty());
    m_scaleLabel->setVisible(!adapter.empty());
}

} // namespace llamahome::widgets
