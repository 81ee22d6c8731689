#include "items/job_words.h"

#include <algorithm>

#include <QCoreApplication>
#include <QStringList>

#include "core/quantity.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "managers/window_words.h"

namespace llamahome::items {
using managers::countText;
using managers::Job;
using managers::JobState;
using managers::toQt;

namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(JobWords)
};

} // namespace

QString jobStateWords(JobState state) {
    switch (state) {
    case JobState::Waiting:
        return Words::tr("waiting");
    case JobState::Running:
        return Words::tr("running");
    case JobState::Stopping:
        return Words::tr("stopping");
    case JobState::Done:
        return Words::tr("done");
    case JobState::Cancelled:
        return Words::tr("cancelled");
    case JobState::Failed:
        break;
    }
    return Words::tr("failed");
}

QString jobAmountWords(const Job& job) {
    const Progress& progress = job.progress();
    if (progress.total == 0) return {};
    if (progress.unit == "bytes")
        return Words::tr("%1 of %2").arg(toQt(formatBytes(progress.done)), toQt(formatBytes(progress.total)));
    if (progress.unit == "steps")
        return Words::tr("step %1/%2").arg(countText(progress.done), countText(progress.total));
    return Words::tr("%1 of %2 %3")
        .arg(countText(progress.done), countText(progress.total),
             managers::unitWord(progress.unit, progress.total == 1));
}

QString jobRateWords(const Job& job) {
    const auto rate = job.ratePerSecond();
    if (!job.isActive() || !rate || *rate <= 0.0) return {};
    if (job.progress().unit == "bytes")
        return Words::tr("%1/s").arg(toQt(formatBytes(static_cast<std::uint64_t>(*rate))));
    const QString number = toQt(formatNumber(*rate, 3));
    return Words::tr("%1 %2/s").arg(number,
                                    managers::unitWord(job.progress().unit, number == QLatin1String("1")));
}

QString jobLeftWords(const Job& job) {
    const QString left = job.isActive() ? managers::timeLeftText(job.secondsLeft()) : QString();
    return left.isEmpty() ? left : Words::tr("%1 left").arg(left);
}

QString jobLine(const Job& job) {
    QStringList parts{job.title()};
    if (job.state() != JobState::Running)
        parts.append(job.error() ? jobStateWords(job.state()) : jobEndWords(job));
    if (job.isActive())
        parts += {toQt(job.progress().phase), jobAmountWords(job), jobRateWords(job), jobLeftWords(job)};
    parts.removeAll(QString());
    return parts.join(QStringLiteral(" · "));
}

int jobPercent(const Job& job) {
    const Progress& progress = job.progress();
    const bool isPreparation = job.kind() == managers::JobKind::Train && progress.unit != "steps";
    if (progress.total == 0 || isPreparation) return -1;
    const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
    return std::clamp(static_cast<int>(share * 100.0), 0, 100);
}

QString jobEndWords(const Job& job) {
    if (job.error()) return managers::windowText(job.error()->message);
    if (job.state() == JobState::Done && !job.outcome().isEmpty()) return job.outcome();
    if (job.state() == JobState::Cancelled && job.canGoOn()) return Words::tr("stopped, can be continued");
    return jobStateWords(job.state());
}

} // namespace llamahome::items
