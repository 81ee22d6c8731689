#include "managers/model_words.h"

#include <QCoreApplication>
#include <QLocale>

#include "core/quantity.h"
#include "managers/text.h"
#include "managers/window_words.h"

namespace llamahome::managers {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(ModelWords)
};

} // namespace

QString stateWord(jobs::ModelState state) {
    return Words::tr(jobs::stateWord(state).data());
}

QString stateSentence(const jobs::ModelEntry& entry) {
    const QString problem = withoutFolder(entry.problem, entry);
    switch (entry.state) {
    case jobs::ModelState::Absent:
        return Words::tr("Not on this machine. Download it, or import it if you have its files.");
    case jobs::ModelState::Partial:
        if (entry.isDownload)
            return Words::tr(
                "Downloaded in part. Download goes on where it ended; Remove deletes what is there.");
        return Words::tr("Not usable: %1. Import it again; what is left over is cleared away first.")
            .arg(problem);
    case jobs::ModelState::Verified:
        return {};
    case jobs::ModelState::Damaged:
        return Words::tr("Damaged: %1. Verify tells all that is wrong and what puts it right.").arg(problem);
    case jobs::ModelState::Offline:
        return Words::tr("Not to be reached: %1.").arg(problem);
    case jobs::ModelState::Foreign:
        return Words::tr("This folder was put here by hand. Import it to use the model.");
    }
    return {};
}

QString withoutFolder(const std::string& message, const jobs::ModelEntry& entry) {
    return windowText(message).remove(pathToQt(entry.path) + u'/');
}

QString bytesText(quint64 bytes) {
    return bytes == 0 ? QString() : toQt(formatBytes(bytes));
}

QString parametersText(quint64 parameters) {
    constexpr double kMillion = 1e6;
    constexpr double kBillion = 1e9;
    constexpr int kDigits = 3;
    if (parameters == 0) return {};
    const auto count = static_cast<double>(parameters);
    if (count < kMillion) return QLocale(QLocale::English).toString(qulonglong(parameters));
    if (count >= kBillion) return Words::tr("%1 billion").arg(toQt(formatNumber(count / kBillion, kDigits)));
    return Words::tr("%1 million").arg(toQt(formatNumber(count / kMillion, kDigits)));
}

QString verdictText(const Verdict& verdict) {
    switch (verdict.fit) {
    case Fit::Unknown:
        return verdict.neededBytes == 0 ? Words::tr("not known") : bytesText(verdict.neededBytes);
    case Fit::Fits:
        return Words::tr("%1: fits").arg(bytesText(verdict.neededBytes));
    case Fit::TooLarge:
        return Words::tr("%1: does not fit, %2 short")
            .arg(bytesText(verdict.neededBytes), bytesText(verdict.shortBytes));
    }
    return {};
}

QString fitWord(const Verdict& chat, const Verdict& train) {
    if (chat.fit == Fit::TooLarge) return Words::tr("too large");
    if (chat.fit == Fit::Unknown) return {};
    return train.fit == Fit::Fits ? Words::tr("chat and train") : Words::tr("chat only");
}

QString checkWord(jobs::CheckStatus status) {
    switch (status) {
    case jobs::CheckStatus::Passed:
        return Words::tr("passed");
    case jobs::CheckStatus::Warned:
        return Words::tr("warned");
    case jobs::CheckStatus::Failed:
        return Words::tr("failed");
    case jobs::CheckStatus::NotChecked:
        return Words::tr("not checked");
    }
    return {};
}

QString repairWord(jobs::RepairKind kind) {
    switch (kind) {
    case jobs::RepairKind::GetAgain:
        return Words::tr("Import again…");
    case jobs::RepairKind::FetchAgain:
        return Words::tr("Download again…");
    case jobs::RepairKind::MakeReadable:
        return Words::tr("Make readable");
    case jobs::RepairKind::RemoveFiles:
        return Words::tr("Remove it");
    case jobs::RepairKind::RecordAnew:
        return Words::tr("Record anew");
    }
    return {};
}

QString repairSentence(jobs::RepairKind kind) {
    switch (kind) {
    case jobs::RepairKind::GetAgain:
        return Words::tr("Opens the import under its name. The model stays until the new one is whole.");
    case jobs::RepairKind::FetchAgain:
        return Words::tr("Fetches the damaged files anew from where they came.");
    case jobs::RepairKind::MakeReadable:
        return Words::tr("Gives you the right to read the file.");
    case jobs::RepairKind::RemoveFiles:
        return Words::tr("Removes the file that misleads. The model does not need it.");
    case jobs::RepairKind::RecordAnew:
        return Words::tr("Takes the files as they are for the right ones, after a look at every number.");
    }
    return {};
}

} // namespace llamahome::managers
