#include "widgets/get_model_dialog.h"

#include <utility>

#include <QDesktopServices>
#include <QHBoxLayout>
#include <QPushButton>
#include <QUrl>
#include <QVBoxLayout>

#include "core/error_codes.h"
#include "managers/model_words.h"
#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/download_form.h"
#include "widgets/icons.h"
#include "widgets/job_progress.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/offer_view.h"

namespace llamahome::widgets {
using managers::Job;
using managers::JobState;

namespace {

constexpr QSize kSize(80 * look::kGrid, 66 * look::kGrid);
const QString kMetaPage = QStringLiteral("https://www.llama.com/llama-downloads/");

void openPage(const QString& address) {
    QDesktopServices::openUrl(QUrl(address));
}

} // namespace

GetModelDialog::GetModelDialog(managers::DownloadManager& downloads, const QStringList& known,
                               const managers::DownloadWish& wish, QWidget* parent)
    : QDialog(parent)
    , m_downloads(downloads)
    , m_messages(new MessageBar(this))
    , m_form(new DownloadForm(known, this))
    , m_progress(new JobProgress(this))
    , m_view(new OfferView(this)) {
    setObjectName(QStringLiteral("getModelDialog"));
    setWindowTitle(tr("Get a model"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kSize);
    build();
    connectAll();
    m_form->setWish(wish);
    showState();
    if (m_form->isComplete()) ask();
}

GetModelDialog::~GetModelDialog() {
    if (isAsking()) m_job->cancel();
}

void GetModelDialog::build() {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    column->setSpacing(2 * look::kGrid);
    column->addWidget(m_messages);
    column->addWidget(m_form);
    column->addWidget(m_progress);
    column->addWidget(m_view, 1);
    column->addStretch();
    column->addWidget(makeButtons());
}

QWidget* GetModelDialog::makeButtons() {
    auto* bar = new QWidget(this);
    m_copy = makeDialogButton(tr("Copy as command"), QStringLiteral("copyCommandButton"), bar);
    m_cancel = makeDialogButton(tr("Cancel"), QStringLiteral("cancelButton"), bar);
    m_go = makeDialogButton({}, QStringLiteral("startDownloadButton"), bar);
    m_go->setDefault(true);
    look::makePrimary(*m_go);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(m_copy);
    row->addStretch();
    row->addWidget(m_cancel);
    row->addWidget(m_go);
    return bar;
}

void GetModelDialog::connectAll() {
    connect(m_form, &DownloadForm::changed, this, &GetModelDialog::forget);
    connect(m_go, &QPushButton::clicked, this, &GetModelDialog::goOn);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (isAsking())
            m_job->cancel();
        else
            reject();
    });
    connect(m_copy, &QPushButton::clicked, this,
            [this] { copyFrom(*m_copy, m_downloads.commandOf(m_form->wish())); });
    connect(&m_downloads, &managers::DownloadManager::offered, this,
            [this](const Job* job, const jobs::DownloadOffer& offer) {
                if (job == m_job) take(offer);
            });
}

void GetModelDialog::goOn() {
    if (isAsking() || !m_form->isComplete()) return;
    if (m_offer && !m_offer->noRoom)
        start();
    else
        ask();
}

void GetModelDialog::ask() {
    forget();
    m_job = m_downloads.ask(m_form->wish());
    connect(m_job, &Job::finished, this, &GetModelDialog::endAsking);
    m_progress->follow(*m_job);
    showState();
}

void GetModelDialog::endAsking() {
    if (m_job && m_job->state() == JobState::Failed) tellFailure(*m_job->error()); // else it was forgotten
    showState();
}

void GetModelDialog::take(const jobs::DownloadOffer& offer) {
    m_offer = offer;
    m_view->show(offer);
    if (offer.noRoom) m_messages->showError(*offer.noRoom);
    showState();
    m_go->setFocus();
}

/// The next step beside the reason.
void GetModelDialog::tellFailure(const Error& error) {
    const QString page = m_downloads.hubPage(m_form->wish().name);
    if (error.code == codes::kMetaLinkExpired || error.code == codes::kMetaLink) {
        m_messages->showError(error, tr("Ask for a link"), [] { openPage(kMetaPage); });
        m_form->askLink();
    } else if (download::isTokenWanted(error.code.text) && !page.isEmpty()) {
        m_messages->showError(error, tr("Open its page"), [page] { openPage(page); });
        m_form->askToken();
    } else {
        m_messages->showError(error);
        if (error.code == codes::kNothingUsable) m_form->askFile();
    }
}

/// What was told is not about what the form says now.
void GetModelDialog::forget() {
    if (isAsking()) m_job->cancel();
    m_job.clear();
    m_offer.reset();
    m_view->clear();
    m_messages->clear();
    showState();
}

void GetModelDialog::start() {
    managers::DownloadWish wish = m_form->wish();
    wish.name = managers::toQt(m_offer->target.name());
    wish.everyByte = m_offer->isThere;
    Q_EMIT started(m_downloads.start(wish));
    accept();
}

void GetModelDialog::showState() {
    const bool isBusy = isAsking();
    m_go->setEnabled(!isBusy && m_form->isComplete());
    m_copy->setEnabled(m_form->isComplete());
    m_cancel->setText(isBusy ? tr("Stop") : tr("Cancel"));
    const bool isReady = m_offer && !m_offer->noRoom;
    m_go->setIcon(icon(isReady ? Icon::Downloads : Icon::Search, QPalette::BrightText));
    if (!isReady)
        m_go->setText(m_offer ? tr("Loo&k again") : tr("Loo&k what there is"));
    else if (m_offer->isThere)
        m_go->setText(tr("&Check it"));
    else
        m_go->setText(tr("&Download %1").arg(managers::bytesText(m_offer->totalBytes - m_offer->hereBytes)));
}

} // namespace llamahome::widgets
