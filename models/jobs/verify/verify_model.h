// Checks an installed model or adapter against its manifest and its own configuration. Any thread but GUI.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel_token.h"
#include "core/error.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/library/library.h"

namespace llamahome::jobs {

enum class CheckStatus { Passed, Warned, Failed, NotChecked };

/// "passed", "warned", "failed", "not checked".
std::string_view checkStatusName(CheckStatus status);

/// What puts right what a check found. All but the first two is done by repairModel().
enum class RepairKind {
    GetAgain,     ///< import the model again, in place of the damaged one: a person's work
    FetchAgain,   ///< download the damaged files from where they came: downloadModel()
    MakeReadable, ///< give the owner the right to read the files
    RemoveFiles,  ///< remove files that mislead
    RecordAnew, ///< write the manifest from the files as they are: they are whole, only others than recorded
};

struct Repair {
    RepairKind kind = RepairKind::GetAgain;
    std::vector<std::string> files = {}; ///< plain names in the folder
};

struct CheckResult {
    std::string name; ///< "files", "configuration", "weights", "tokenizer", "special tokens", …
    CheckStatus status = CheckStatus::Passed;
    std::string reason; ///< what was found, or why it was not looked for; one line
    std::string code;   ///< of the error where it failed or warned; empty otherwise
    std::optional<Repair> repair = {};
};

struct VerifyReport {
    std::vector<CheckResult> checks;
    bool ok = true;             ///< nothing failed
    std::optional<Error> error; ///< of the first failed check
    bool isDeep = false;        ///< every byte and every number was looked at
};

/// Structure: recorded sizes, index, every expected tensor with its shape and type, a head beside a tied
/// embedding, tokenizer, special tokens, template, licence; of an adapter its files and whether it fits
/// `base`, where that is given. `deep`: also every byte against its hash, and every weight finite. What is
/// left out is told as not checked. Changes nothing. The report holds what is wrong; an error is only a
/// cancel, an entry that is not installed, or LIB-09: files are links to a disk that is not there.
Result<VerifyReport> verifyModel(const ModelEntry& entry, bool deep, const CancelToken& cancel,
                                 const ProgressSink& progress, const std::optional<ModelEntry>& base = {});

/// Marks an installed model as damaged by the report's first failed check, where the list of models does not
/// see that by itself, or takes such a mark away: a report that is not deep leaves what a deep one found. A
/// disk that cannot be written keeps no mark, which is logged.
void keepVerdict(const ModelEntry& entry, const VerifyReport& report, FileLayer& files);

} // namespace llamahome::jobs
