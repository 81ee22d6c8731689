#include "widgets/link_question.h"

#include <QClipboard>
#include <QCoreApplication>
#include <QDesktopServices>
#include <QGuiApplication>
#include <QMessageBox>
#include <QPushButton>
#include <QUrl>

namespace llamahome::widgets {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(LinkQuestion)
};

} // namespace

void askToOpenLink(const QUrl& target, QWidget* parent) {
    const QString shown = target.toDisplayString();
    const bool canOpen = target.scheme() == QStringLiteral("https") ||
                         target.scheme() == QStringLiteral("http") ||
                         target.scheme() == QStringLiteral("mailto");
    auto* box = new QMessageBox(
        QMessageBox::Question, Words::tr("Open a link"),
        canOpen ? Words::tr("The answer links to this address. Open it in the browser?")
                : Words::tr("The answer links to this address, which is not opened from here."),
        QMessageBox::Cancel, parent);
    box->setObjectName(QStringLiteral("linkQuestion"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(shown);
    auto* copy = box->addButton(Words::tr("Copy address"), QMessageBox::ActionRole);
    auto* open = canOpen ? box->addButton(Words::tr("Open address"), QMessageBox::AcceptRole) : nullptr;
    box->setDefaultButton(QMessageBox::Cancel);
    QObject::connect(box, &QMessageBox::buttonClicked, box, [target, copy, open](QAbstractButton* button) {
        if (button == copy) QGuiApplication::clipboard()->setText(target.toString());
        if (open != nullptr && button == open) QDesktopServices::openUrl(target);
    });
    box->open();
}

} // namespace llamahome::widgets
