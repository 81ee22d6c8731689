// GetModelDialog: asks a source what it has of a model, shows it, and puts the download into the queue. GUI
// thread.
#pragma once

#include <optional>

#include <QDialog>
#include <QPointer>

#include "managers/download_manager.h"

class QPushButton;

namespace llamahome::widgets {

class DownloadForm;
class JobProgress;
class MessageBar;
class OfferView;

/// Shown with open(). With a name it asks at once.
class GetModelDialog final : public QDialog {
    Q_OBJECT

public:
    /// `known`: names that are offered. `downloads` outlives it.
    GetModelDialog(managers::DownloadManager& downloads, const QStringList& known,
                   const managers::DownloadWish& wish, QWidget* parent);
    ~GetModelDialog() override;

Q_SIGNALS:
    /// It is in the queue; the dialog closes.
    void started(quint64 id);

private:
    void build();
    QWidget* makeButtons();
    void connectAll();
    void goOn();
    void ask();
    void endAsking();
    void take(const jobs::DownloadOffer& offer);
    void tellFailure(const Error& error);
    void forget();
    void start();
    void showState();
    bool isAsking() const { return m_job && m_job->isActive(); }

    managers::DownloadManager& m_downloads;
    QPointer<managers::Job> m_job;
    std::optional<jobs::DownloadOffer> m_offer; ///< of what the form says now
    MessageBar* m_messages;
    DownloadForm* m_form;
    JobProgress* m_progress;
    OfferView* m_view;
    QPushButton* m_copy;
    QPushButton* m_cancel;
    QPushButton* m_go;
};

} // namespace llamahome::widgets
