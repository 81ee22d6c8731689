#include "widgets/training_words.h"

#include <cmath>

#include <QCoreApplication>
#include <QStringList>

#include "config/setting_descriptor.h"
#include "core/quantity.h"
#include "managers/text.h"

namespace llamahome::widgets {

using managers::toQt;

namespace {

QString translated(const char* text) {
    return QCoreApplication::translate("TrainingWords", text);
}

constexpr int kEpochDigits = 3;
constexpr quint64 kWantedRows = 50; ///< for seeing a change of style

QString epochsText(const QString& number) {
    return number == QLatin1String("1") ? translated("1 epoch") : translated("%1 epochs").arg(number);
}

const QString& dot() {
    static const QString separator = QStringLiteral(" · ");
    return separator;
}

} // namespace

QString rowsText(quint64 rows) {
    return managers::countedText(rows, translated("1 row"), translated("%1 rows"));
}

QString stepsText(quint64 steps) {
    return managers::countedText(steps, translated("1 step"), translated("%1 steps"));
}

QString tokensText(quint64 tokens) {
    return managers::countedText(tokens, translated("1 token"), translated("%1 tokens"));
}

QString overruledEpochsText(const config::TrainingSettings& training,
                            const std::optional<managers::TrainingOutlook>& outlook) {
    if (training.max_steps <= 0) return {};
    QString length = stepsText(static_cast<quint64>(training.max_steps));
    if (outlook && outlook->forecast.stepsPerEpoch > 0) {
        const double epochs =
            static_cast<double>(training.max_steps) / static_cast<double>(outlook->forecast.stepsPerEpoch);
        length = translated("%1 (%2)").arg(length, epochsText(toQt(formatNumber(epochs, kEpochDigits))));
    }
    return translated("Ends after %1: %2 is set and overrules %3.")
        .arg(length, toQt(config::findSetting("training.max_steps")->label),
             toQt(config::findSetting("training.num_epochs")->label));
}

QString unmeasuredText(quint64 rows) {
    const QString nothing = translated("No row is left to measure on.");
    if (rows >= kWantedRows) return nothing;
    return translated("%1 %2 good rows or more are wanted.").arg(nothing).arg(kWantedRows);
}

QString dataText(const jobs::DataReport& report) {
    const auto& summary = report.summary;
    QStringList parts{rowsText(summary.rows)};
    if (summary.format) parts << toQt(text::formatName(*summary.format));
    if (summary.lengths.max > 0) parts << translated("%1 typical").arg(tokensText(summary.lengths.median));
    if (summary.cutRows > 0) parts << translated("%1 too long").arg(rowsText(summary.cutRows));
    if (summary.badRows > 0) parts << translated("%1 bad").arg(countText(summary.badRows));
    if (summary.duplicates > 0) parts << translated("%1 twice").arg(countText(summary.duplicates));
    return parts.join(dot());
}

QString timeText(const managers::TrainingOutlook& outlook) {
    if (!outlook.forecast.seconds) return translated("time not known yet");
    return translated("about %1").arg(toQt(formatDuration(*outlook.forecast.seconds)));
}

QString noticesText(const QStringList& notices) {
    QStringList lines;
    for (const QString& notice : notices)
        lines << translated("Note: %1").arg(notice);
    return lines.join(QLatin1Char('\n'));
}

QString changeText(const managers::FitChange& change) {
    QStringList parts;
    for (const config::OptionValue& one : change.settings) {
        const config::SettingDescriptor* setting = config::findSetting(one.key);
        if (setting != nullptr) parts << translated("%1 to %2").arg(toQt(setting->label), toQt(one.value));
    }
    return translated("Set %1: %2")
        .arg(parts.join(translated(" and ")), toQt(formatBytes(change.memoryBytes)));
}

QString settingsText(const config::Settings& settings) {
    const config::TrainingSettings& training = settings.training;
    QStringList parts;
    if (training.max_steps > 0)
        parts << stepsText(static_cast<quint64>(training.max_steps));
    else
        parts << epochsText(QString::number(training.num_epochs));
    parts << translated("learning rate %1").arg(managers::typedNumber(training.learning_rate));
    parts << translated("length %1").arg(training.max_length);
    const QString rows = training.batch_size == 0 ? translated("auto") : QString::number(training.batch_size);
    parts << translated("batch %1 × %2").arg(rows).arg(training.gradient_accumulation);
    parts << translated("rank %1").arg(training.lora.r);
    return parts.join(dot());
}

QString fileName(const QString& path) {
    return path.section(QLatin1Char('/'), -1);
}

QString filesText(const QStringList& paths) {
    if (paths.isEmpty()) return {};
    const QString first = fileName(paths.front());
    return paths.size() == 1 ? first : translated("%1 and %2 more").arg(first).arg(paths.size() - 1);
}

QString endText(const jobs::TrainSummary& summary) {
    const QString steps = countText(static_cast<quint64>(summary.steps));
    const QString all = countText(static_cast<quint64>(summary.totalSteps));
    switch (summary.end) {
    case jobs::TrainEnd::Finished:
        return managers::countedText(static_cast<quint64>(summary.steps), translated("Finished: 1 step done"),
                                     translated("Finished: all %1 steps done"));
    case jobs::TrainEnd::EarlyStopped:
        return translated("Stopped early after %1 of %2 steps: the eval loss no longer fell").arg(steps, all);
    case jobs::TrainEnd::Interrupted:
        break;
    }
    return (summary.adapterName.empty()
                ? translated("Stopped at step %1 of %2; the checkpoint is kept")
                : translated("Stopped at step %1 of %2; the checkpoint and the adapter so far are kept"))
        .arg(steps, all);
}

QString pauseText(const jobs::TrainSummary& summary) {
    return translated("Paused at step %1 of %2; the checkpoint and the adapter so far are kept")
        .arg(countText(static_cast<quint64>(summary.steps)),
             countText(static_cast<quint64>(summary.totalSteps)));
}

QString lossText(double loss) {
    return toQt(formatNumber(loss));
}

QString changeOfLoss(double before, double after) {
    const QString numbers = translated("%1 → %2").arg(lossText(before), lossText(after));
    if (!(before > 0.0) || !std::isfinite(after)) return numbers;
    const double percent = 100.0 * (after - before) / before;
    const QString share = toQt(formatNumber(std::abs(percent), 3));
    return (percent <= 0.0 ? translated("%1 (%2 % lower)") : translated("%1 (%2 % higher)"))
        .arg(numbers, share);
}

QString patienceText(const managers::MetricColumns& columns) {
    const managers::StoppingRule& rule = columns.stoppingRule();
    if (!rule.enabled || rule.patience <= 0 || !columns.best()) return {};
    return translated("patience %1 of %2").arg(columns.evaluationsWithoutImprovement()).arg(rule.patience);
}

} // namespace llamahome::widgets
