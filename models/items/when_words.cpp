#include "items/when_words.h"

#include <QLocale>

#include "managers/text.h"

namespace llamahome::items {

QDateTime timeOf(const std::string& utc) {
    return QDateTime::fromString(managers::toQt(utc), Qt::ISODateWithMs).toLocalTime();
}

QString whenWords(const QDateTime& time, const QDateTime& now) {
    if (!time.isValid()) return {};
    const QLocale locale;
    if (time.date() == now.date()) // the C locale's short form has seconds
        return locale.language() == QLocale::C ? locale.toString(time.time(), QStringLiteral("HH:mm"))
                                               : locale.toString(time.time(), QLocale::ShortFormat);
    const bool isThisYear = time.date().year() == now.date().year();
    return locale.toString(time.date(), isThisYear ? QStringLiteral("d MMM") : QStringLiteral("d MMM yyyy"));
}

QString exactWhenWords(const QDateTime& time) {
    return time.isValid() ? QLocale().toString(time, QLocale::ShortFormat) : QString();
}

} // namespace llamahome::items
