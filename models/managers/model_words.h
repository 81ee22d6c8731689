// What the window calls the states, sizes and verdicts of models. Any thread with an application.
#pragma once

#include <QString>

#include "jobs/library/library.h"
#include "managers/model_manager.h"

namespace llamahome::managers {

/// As the command line says it: jobs::stateWord().
QString stateWord(jobs::ModelState state);
/// The state in a sentence with the next step, and the reason where something is wrong.
QString stateSentence(const jobs::ModelEntry& entry);

/// A message about the entry's files as the window says it, with their names only, not the whole path of
/// each.
QString withoutFolder(const std::string& message, const jobs::ModelEntry& entry);

/// "2.5 GB"; empty for 0.
QString bytesText(quint64 bytes);
/// "135 million", "1.24 billion"; empty for 0.
QString parametersText(quint64 parameters);

/// "3.0 GB: fits", "5.2 GB: does not fit, 2.1 GB short", "not known".
QString verdictText(const Verdict& verdict);
/// For a column: "chat and train", "chat only", "too large"; empty where nothing is known.
QString fitWord(const Verdict& chat, const Verdict& train);

/// "passed", "warned", "failed", "not checked", as the command line says.
QString checkWord(jobs::CheckStatus status);
/// What the button of a repair says, and what it does in a sentence.
QString repairWord(jobs::RepairKind kind);
QString repairSentence(jobs::RepairKind kind);

} // namespace llamahome::managers
