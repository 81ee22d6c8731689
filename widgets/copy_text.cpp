#include "widgets/copy_text.h"

#include <QAbstractButton>
#include <QAccessible>
#include <QClipboard>
#include <QCoreApplication>
#include <QGuiApplication>
#include <QTimer>

#include "widgets/icons.h"

namespace llamahome::widgets {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(CopyText)
};

const QString kSign = QStringLiteral("copiedSign");

QTimer* showSign(QAbstractButton& button) {
    auto* sign = new QTimer(&button);
    sign->setObjectName(kSign);
    sign->setSingleShot(true);
    QObject::connect(sign, &QTimer::timeout, &button,
                     [&button, sign, text = button.text(), symbol = button.icon(),
                      name = button.accessibleName(), width = button.minimumWidth()] {
                         button.setText(text);
                         button.setIcon(symbol);
                         button.setAccessibleName(name);
                         button.setMinimumWidth(width);
                         sign->deleteLater();
                         sign->setObjectName(QString());
                     });
    const QString copied = Words::tr("Copied");
    button.setMinimumWidth(button.width());
    if (!button.text().isEmpty()) button.setText(copied);
    if (!button.icon().isNull()) button.setIcon(icon(Icon::Good));
    button.setAccessibleName(copied);
    return sign;
}

} // namespace

void copyFrom(QAbstractButton& button, const QString& text) {
    QGuiApplication::clipboard()->setText(text);
    auto* sign = button.findChild<QTimer*>(kSign, Qt::FindDirectChildrenOnly);
    if (sign == nullptr) sign = showSign(button);
    sign->start(kCopiedMs);
    QAccessibleEvent announcement(&button, QAccessible::Alert);
    QAccessible::updateAccessibility(&announcement);
}

} // namespace llamahome::widgets
