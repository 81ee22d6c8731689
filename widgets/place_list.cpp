#include "widgets/place_list.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "managers/model_words.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "widgets/elided_label.h"
#include "widgets/icon_label.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

using managers::pathToQt;

/// "Data folder: 120 GB free".
QString wordsOf(const jobs::ModelPlace& place, bool isOwn) {
    if (place.isAway && place.models.empty())
        return PlaceList::tr("%1: not there; connect its drive").arg(pathToQt(place.path));
    if (place.isAway)
        return PlaceList::tr("%1: not there, %2; connect its drive")
            .arg(pathToQt(place.path),
                 managers::countedText(place.models.size(), PlaceList::tr("1 model is offline"),
                                       PlaceList::tr("%1 models are offline")));
    const QString name = isOwn ? PlaceList::tr("Data folder") : pathToQt(place.path);
    return place.freeBytes ? PlaceList::tr("%1: %2 free").arg(name, managers::bytesText(*place.freeBytes))
                           : PlaceList::tr("%1: how much is free there is not known").arg(name);
}

QWidget* makeLine(const QString& words, bool isAway, const QString& path, QWidget* parent) {
    auto* line = new QWidget(parent);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(new IconLabel(icon(isAway ? Icon::Warning : Icon::Folder), 2 * look::kGrid, line));
    auto* label = new ElidedLabel(line);
    label->setObjectName(QStringLiteral("placeText"));
    label->setFont(look::smallFont());
    label->showText(words);
    if (!words.startsWith(path)) label->setToolTip(path.toHtmlEscaped());
    row->addWidget(label, 1);
    return line;
}

} // namespace

PlaceList::PlaceList(const managers::ModelManager& manager, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_lines(new QVBoxLayout(this)) {
    setObjectName(QStringLiteral("placeList"));
    setAccessibleName(tr("Folders with models"));
    m_lines->setContentsMargins(0, 0, 0, 0);
    m_lines->setSpacing(look::kGrid / 2);
    connect(&m_manager, &managers::ModelManager::listRead, this, &PlaceList::showPlaces);
    showPlaces();
}

void PlaceList::showPlaces() {
    QStringList words;
    for (const jobs::ModelPlace& place : m_manager.places())
        words << wordsOf(place, words.isEmpty());
    if (words == m_shown) return;
    m_shown = words;
    while (QLayoutItem* item = m_lines->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (qsizetype i = 0; i < words.size(); ++i) {
        const jobs::ModelPlace& place = m_manager.places()[static_cast<std::size_t>(i)];
        m_lines->addWidget(makeLine(words[i], place.isAway, pathToQt(place.path), this));
    }
}

} // namespace llamahome::widgets
