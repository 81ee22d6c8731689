#include "managers/window_words.h"

#include <algorithm>
#include <functional>

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>

#include "config/setting_descriptor.h"
#include "config/setting_option.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(WindowWords)
};

QString settingWords(std::string_view key) {
    const config::SettingDescriptor* setting = config::findSetting(key);
    return setting == nullptr ? QString() : Words::tr("the setting “%1”").arg(toQt(setting->label));
}

/// Empty where the window has no place for it.
QString placeOf(const QStringList& command) {
    const QString verb = command.value(0);
    if (verb == QStringLiteral("config")) {
        const QString setting = settingWords(fromQt(command.value(2)));
        return setting.isEmpty() ? Words::tr("the page Settings") : setting;
    }
    if (verb == QStringLiteral("data")) return Words::tr("“Look inside…” on the page Training");
    if (verb == QStringLiteral("doctor")) return Words::tr("the CUDA component in Settings");
    if (verb == QStringLiteral("download")) return Words::tr("“Get a model…”");
    if (verb == QStringLiteral("import")) return Words::tr("“Import…” on the page Models");
    if (verb == QStringLiteral("models")) return Words::tr("the page Models");
    if (verb == QStringLiteral("remove")) return Words::tr("“Remove…” on the page Models");
    if (verb == QStringLiteral("resume")) return Words::tr("“Continue” on the page Runs");
    if (verb == QStringLiteral("runs"))
        return command.value(1) == QStringLiteral("remove") ? Words::tr("“Remove…” on the page Runs")
                                                            : Words::tr("the page Runs");
    if (verb == QStringLiteral("train")) return Words::tr("the page Training");
    if (verb == QStringLiteral("verify"))
        return command.contains(QStringLiteral("--deep"))
                   ? Words::tr("“Verify every byte” on the page Models")
                   : Words::tr("“Verify” on the page Models");
    return {};
}

QString nameOf(const QString& option) {
    if (option == QStringLiteral("--root")) return settingWords("model.data_root");
    if (option == QStringLiteral("--deep")) return Words::tr("“Verify every byte”");
    if (option == QStringLiteral("--replace")) return Words::tr("“Replace it”");
    if (option == QStringLiteral("--source")) return Words::tr("the place");
    if (option == QStringLiteral("--file")) return Words::tr("the field “GGUF file”");
    if (option == QStringLiteral("--revision")) return Words::tr("the revision");
    if (option == QStringLiteral("--name")) return Words::tr("the name of the run");
    if (option == QStringLiteral("--validation")) return Words::tr("a file for validation");
    const std::string wanted = fromQt(option);
    for (const auto& options : {config::dataOptions(), config::trainingOptions(), config::modelOptions()}) {
        const auto found = std::find_if(options.begin(), options.end(),
                                        [&](const auto& one) { return one.option == wanted; });
        if (found != options.end()) return settingWords(found->key);
    }
    return {};
}

QString replaced(const QString& text, const QRegularExpression& what,
                 const std::function<QString(const QRegularExpressionMatch&)>& words) {
    QString result;
    qsizetype done = 0;
    for (auto matches = what.globalMatch(text); matches.hasNext();) {
        const QRegularExpressionMatch match = matches.next();
        const QString instead = words(match);
        result += text.sliced(done, match.capturedStart() - done);
        result += instead.isEmpty() ? match.captured() : instead;
        done = match.capturedEnd();
    }
    return result + text.sliced(done);
}

} // namespace

QString windowText(const std::string& message) {
    static const QRegularExpression kExample(QStringLiteral(",? as in `--[^`]*`"));
    static const QRegularExpression kCommand(QStringLiteral("`llamahome ([^`]*)`"));
    static const QRegularExpression kOption(QStringLiteral("(?<![\\w-])(--[a-z-]+)( [A-Z][A-Z=,…]*\\b)?"));
    const QString text = toQt(message).remove(kExample);
    const QString placed = replaced(text, kCommand, [](const QRegularExpressionMatch& match) {
        return placeOf(match.captured(1).split(u' ', Qt::SkipEmptyParts));
    });
    return replaced(placed, kOption,
                    [](const QRegularExpressionMatch& match) { return nameOf(match.captured(1)); });
}

QString noticeText(const std::string& notice) {
    static const QRegularExpression kKey(
        QStringLiteral("(?<![\\w./-])(training|data|model)(\\.[a-z_]+)+\\b"));
    return replaced(windowText(notice), kKey, [](const QRegularExpressionMatch& match) {
        return settingWords(fromQt(match.captured()));
    });
}

} // namespace llamahome::managers
