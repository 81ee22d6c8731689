#include "widgets/offer_view.h"

#include <QLabel>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "items/download_words.h"
#include "managers/model_words.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "widgets/fact_form.h"
#include "widgets/file_list.h"
#include "widgets/look.h"

namespace llamahome::widgets {
using jobs::DownloadOffer;
using managers::bytesText;
using managers::toQt;

namespace {

constexpr int kShownCommit = 12; ///< digits

QString sourceText(const DownloadOffer& offer) {
    if (offer.commit.empty()) return toQt(offer.source);
    return OfferView::tr("%1, commit %2").arg(toQt(offer.source), toQt(offer.commit.substr(0, kShownCommit)));
}

QString roomText(const DownloadOffer& offer) {
    const QString needed =
        offer.isConverted ? OfferView::tr("%1 until its files are converted").arg(bytesText(offer.roomBytes))
                          : bytesText(offer.roomBytes);
    return offer.roomBytes == 0 ? OfferView::tr("%1 free").arg(bytesText(offer.freeBytes))
                                : OfferView::tr("needs %1; %2 free").arg(needed, bytesText(offer.freeBytes));
}

QString licenceText(const DownloadOffer& offer) {
    const QString licence = offer.licence.empty() ? OfferView::tr("not named") : toQt(offer.licence);
    const bool isGated = offer.target.catalog && offer.target.catalog->gated;
    return isGated ? OfferView::tr("%1; you accepted it when you asked for access").arg(licence) : licence;
}

} // namespace

OfferView::OfferView(QWidget* parent)
    : QWidget(parent)
    , m_facts(new FactForm(this))
    , m_files(makeFileList({tr("File"), tr("Size"), tr("Proved by")}, QStringLiteral("offerFiles"),
                           tr("Files that are fetched"), this)) {
    m_what = m_facts->addFact(tr("To come"), QStringLiteral("offerSize"));
    m_here = m_facts->addFact(tr("Here already"), QStringLiteral("offerHere"),
                              tr("Received before. It is looked at again, and goes on from there."));
    m_source = m_facts->addFact(tr("Source"), QStringLiteral("offerSource"));
    m_place = m_facts->addFact(tr("Place"), QStringLiteral("offerPlace"));
    m_room = m_facts->addFact(tr("Room"), QStringLiteral("offerRoom"), tr("On the disk of that place."));
    m_licence = m_facts->addFact(tr("Licence"), QStringLiteral("offerLicence"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    column->addWidget(m_facts);
    column->addWidget(m_files, 1);
    clear();
}

void OfferView::show(const DownloadOffer& offer) {
    showFacts(offer);
    showFiles(offer);
    setVisible(true);
}

void OfferView::clear() {
    m_files->clear();
    setVisible(false);
}

void OfferView::showFacts(const DownloadOffer& offer) {
    const QString files = managers::countedText(offer.files.size(), tr("1 file"), tr("%1 files"));
    m_facts->setFact(*m_what, offer.isThere
                                  ? tr("%1 is there; every file is checked, and what is damaged comes anew")
                                        .arg(toQt(offer.target.name()))
                                  : tr("%1, %2").arg(files, bytesText(offer.totalBytes)));
    m_facts->setFact(*m_here, offer.isThere ? QString() : bytesText(offer.hereBytes));
    m_facts->setFact(*m_source, sourceText(offer));
    m_facts->setFact(*m_place, managers::pathToQt(offer.place));
    m_facts->setFact(*m_room, roomText(offer));
    m_facts->setFact(*m_licence, licenceText(offer));
}

void OfferView::showFiles(const DownloadOffer& offer) {
    m_files->clear();
    for (const DownloadOffer::File& file : offer.files) {
        const QString size = file.sizeBytes ? bytesText(*file.sizeBytes) : tr("not known");
        auto* row = new QTreeWidgetItem(m_files, {toQt(file.path), size, items::proofWords(file.provedBy)});
        row->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
    }
}

} // namespace llamahome::widgets
