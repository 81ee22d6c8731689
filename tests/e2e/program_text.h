// What the program is told and what it says, as the tests of the whole program read and write it. Any thread.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <QString>

#include "core/json.h"

namespace llamahome::testing {

inline QString text(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

/// Each line of an output is JSON; throws where one is not.
inline std::vector<Json> jsonLines(const std::string& lines) {
    std::vector<Json> parsed;
    for (const QString& line : QString::fromStdString(lines).split(u'\n', Qt::SkipEmptyParts)) {
        auto json = parseJson(line.toStdString(), "a line of output");
        if (!json) throw std::runtime_error(json.error().message + ": " + line.toStdString());
        parsed.push_back(std::move(*json));
    }
    return parsed;
}

} // namespace llamahome::testing
