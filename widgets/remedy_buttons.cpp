#include "widgets/remedy_buttons.h"

#include <algorithm>
#include <array>

#include <QPushButton>
#include <QVBoxLayout>

#include "config/setting_descriptor.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

using jobs::RemedyKind;

constexpr std::array kKinds{RemedyKind::HalfTheRate, RemedyKind::SmallerBatch, RemedyKind::ComputeAgain,
                            RemedyKind::ShorterRows};

QString textOf(RemedyKind kind) {
    switch (kind) {
    case RemedyKind::HalfTheRate:
        return RemedyButtons::tr("Continue with half the learning rate");
    case RemedyKind::SmallerBatch:
        return RemedyButtons::tr("Continue with fewer rows at once");
    case RemedyKind::ComputeAgain:
        return RemedyButtons::tr("Continue with gradient checkpointing");
    case RemedyKind::ShorterRows:
        break;
    }
    return RemedyButtons::tr("Continue with shorter rows");
}

QString effectOf(RemedyKind kind) {
    switch (kind) {
    case RemedyKind::HalfTheRate:
        return RemedyButtons::tr("Goes on from the best state so far; what came after it led to the failure");
    case RemedyKind::SmallerBatch:
        return RemedyButtons::tr("A step holds the same rows, so the same is learned");
    case RemedyKind::ComputeAgain:
        return RemedyButtons::tr("The same is learned, more slowly");
    case RemedyKind::ShorterRows:
        break;
    }
    return RemedyButtons::tr("What is longer is cut and no longer learned");
}

QString tipOf(const jobs::Remedy& remedy) {
    QStringList lines{effectOf(remedy.kind)};
    for (const jobs::RunSetting& change : remedy.changes)
        if (const auto* setting = config::findSetting(change.key))
            lines << RemedyButtons::tr("%1: %2").arg(managers::toQt(setting->label),
                                                     managers::typedRecord(change.key, change.value));
    return lines.join(u'\n');
}

} // namespace

RemedyButtons::RemedyButtons(QWidget* parent)
    : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    for (const RemedyKind kind : kKinds) {
        auto* button = makeButton(textOf(kind), Icon::Start,
                                  QStringLiteral("remedy%1").arg(static_cast<int>(kind)), this);
        column->addWidget(button, 0, Qt::AlignLeft);
        m_buttons.push_back(button);
        connect(button, &QPushButton::clicked, this, [this, kind] {
            const auto remedy = std::find_if(m_remedies.begin(), m_remedies.end(),
                                             [kind](const jobs::Remedy& one) { return one.kind == kind; });
            if (remedy != m_remedies.end()) Q_EMIT chosen(remedy->changes);
        });
    }
    showRemedies({});
}

void RemedyButtons::showRemedies(const std::vector<jobs::Remedy>& remedies) {
    m_remedies = remedies;
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        const auto remedy = std::find_if(remedies.begin(), remedies.end(),
                                         [&](const jobs::Remedy& one) { return one.kind == kKinds[i]; });
        m_buttons[i]->setVisible(remedy != remedies.end());
        if (remedy != remedies.end()) m_buttons[i]->setToolTip(tipOf(*remedy));
    }
    setVisible(!remedies.empty());
}

} // namespace llamahome::widgets
