// Numbers and settings as people type and read them. Any thread.
#pragma once

#include <optional>

#include <QString>

#include "config/setting_descriptor.h"

namespace llamahome::managers {

inline constexpr double kBytesPerMib = 1024.0 * 1024.0;

/// "1,204".
QString countText(quint64 count);
/// `one` for a count of 1, else `many` with the count for its %1: "1 row", "1,204 rows".
QString countedText(quint64 count, const QString& one, const QString& many);
/// The word of a unit, whose plural ends in s, after a number: "batch", "batches".
QString unitWord(const std::string& unit, bool isOne);
/// The shortest text that gives the same number back: "0.0002", "5e-5", "16", "1e20".
QString typedNumber(double value);
/// The value as `--set` and forms take it; numbers by typedNumber().
QString typedSetting(const config::SettingDescriptor& setting, const config::Settings& settings);
/// A value that a run's record has for a key, in the same form; other texts stay as they are.
QString typedRecord(const std::string& key, const std::string& value);
/// "7 min"; empty where it is not known, and where it would read "0.0 s".
QString timeLeftText(std::optional<double> seconds);
/// "1.2 GB".
QString mebibytesText(double mebibytes);

} // namespace llamahome::managers
