// Checks an installed model or adapter against its manifest and its own configuration. Any thread but GUI.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel_token.h"
#include "core/error.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/library.h"

namespace llamahome::jobs {

enum class CheckStatus { Passed, Warned, Failed };

/// "passed", "warned", "failed".
std::string_view checkStatusName(CheckStatus status);

struct CheckResult {
    std::string name; ///< "files", "configuration", "weights", "tokenizer", "special tokens", …
    CheckStatus status = CheckStatus::Passed;
    std::string reason; ///< what was found; one line
    std::string code;   ///< of the error where it failed or warned; empty otherwise
};

struct VerifyReport {
    std::vector<CheckResult> checks;
    bool ok = true;             ///< nothing failed
    std::optional<Error> error; ///< of the first failed check
};

/// Structure: recorded sizes, index, every expected tensor with its shape and type, tokenizer, special
/// tokens, template, licence. `deep`: also every byte against its hash, and every weight finite. Changes
/// nothing. The report holds what is wrong; an error is only a cancel or an entry that is not installed.
Result<VerifyReport> verifyModel(const ModelEntry& entry, bool deep, const CancelToken& cancel,
                                 const ProgressSink& progress);

} // namespace llamahome::jobs
