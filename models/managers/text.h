// Between the text of the model layer (UTF-8) and Qt's. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <QString>

namespace llamahome::managers {

inline QString toQt(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

inline std::string fromQt(const QString& text) {
    const QByteArray bytes = text.toUtf8();
    return {bytes.constData(), static_cast<std::size_t>(bytes.size())};
}

inline QString pathToQt(const std::filesystem::path& path) {
    return toQt(path.string());
}

inline std::filesystem::path pathFromQt(const QString& path) {
    return {fromQt(path)};
}

} // namespace llamahome::managers
