#include "widgets/about_dialog.h"

#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTabWidget>
#include <QTextBrowser>
#include <QVBoxLayout>

#include "widgets/icon_label.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr int kIconSize = 64;

QTextBrowser* makeText(const QString& objectName, const QString& accessibleName, QWidget* parent) {
    auto* text = new QTextBrowser(parent);
    text->setObjectName(objectName);
    text->setAccessibleName(accessibleName);
    text->setOpenExternalLinks(true);
    text->setTabChangesFocus(true);
    return text;
}

} // namespace

AboutDialog::AboutDialog(const QString& version, QWidget* parent)
    : QDialog(parent) {
    setObjectName(QStringLiteral("aboutDialog"));
    setWindowTitle(tr("About LlamaHome"));
    resize(90 * look::kGrid, 60 * look::kGrid);
    auto* words = new QVBoxLayout;
    words->setSpacing(look::kGrid / 2);
    words->addWidget(look::makeTitle(tr("LlamaHome %1").arg(version), this));
    auto* what = new QLabel(tr("Fine-tune your own Llama on one workstation, and talk to it. Nothing leaves "
                               "this computer: no account, no reports by itself, no open port."),
                            this);
    what->setWordWrap(true);
    words->addWidget(what);
    words->addWidget(look::makeNote(
        tr("Free software under the GNU General Public License, version 3 or later; without any warranty."),
        this));
    words->addStretch(1);
    auto* head = new QHBoxLayout;
    head->setSpacing(2 * look::kGrid);
    head->addWidget(new IconLabel(icon(Icon::App), kIconSize, this), 0, Qt::AlignTop);
    head->addLayout(words, 1);
    auto* tabs = new QTabWidget(this);
    tabs->setObjectName(QStringLiteral("aboutTabs"));
    auto* notices = makeText(QStringLiteral("noticesText"), tr("Third-party notices"), tabs);
    notices->setMarkdown(resourceText(QStringLiteral("NOTICES.md")));
    tabs->addTab(notices, tr("&Third parties"));
    auto* licence = makeText(QStringLiteral("licenceText"), tr("Licence"), tabs);
    licence->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    licence->setPlainText(resourceText(QStringLiteral("LICENSE-ADDITIONAL-PERMISSION")) + u'\n' +
                          resourceText(QStringLiteral("LICENSE")));
    tabs->addTab(licence, tr("&Licence"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    auto* report = buttons->addButton(tr("&Save a report…"), QDialogButtonBox::ActionRole);
    report->setObjectName(QStringLiteral("aboutReport"));
    report->setToolTip(tr("Version, machine and log without secrets, for whoever helps you"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    layout->setSpacing(2 * look::kGrid);
    layout->addLayout(head);
    layout->addWidget(tabs, 1);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(report, &QPushButton::clicked, this, &AboutDialog::reportWanted);
}

} // namespace llamahome::widgets
