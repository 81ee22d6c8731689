// OfferView: what a download would bring: files, bytes, place, room, licence. GUI thread.
#pragma once

#include <QWidget>

#include "managers/download_manager.h"

class QLabel;
class QTreeWidget;

namespace llamahome::widgets {

class FactForm;

/// Empty until it is told.
class OfferView final : public QWidget {
    Q_OBJECT

public:
    explicit OfferView(QWidget* parent = nullptr);

    void show(const jobs::DownloadOffer& offer);
    void clear();

private:
    void showFacts(const jobs::DownloadOffer& offer);
    void showFiles(const jobs::DownloadOffer& offer);

    FactForm* m_facts;
    QLabel* m_what;
    QLabel* m_source;
    QLabel* m_here;
    QLabel* m_place;
    QLabel* m_room;
    QLabel* m_licence;
    QTreeWidget* m_files;
};

} // namespace llamahome::widgets
