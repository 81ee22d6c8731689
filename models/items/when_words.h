// Times of the past as lists tell them. Any thread.
#pragma once

#include <string>

#include <QDateTime>
#include <QString>

namespace llamahome::items {

/// A time as the program's files have it ("2026-01-31T12:00:00.000Z"), invalid where it is none.
QDateTime timeOf(const std::string& utc);

/// "14:05" today, "3 Mar" this year, else "3 Mar 2025"; in local time, empty for an invalid one.
QString whenWords(const QDateTime& time, const QDateTime& now = QDateTime::currentDateTime());
/// Day and minute, for a tool tip.
QString exactWhenWords(const QDateTime& time);

} // namespace llamahome::items
