// Meta's checklist.chk: the MD5 sums of a model's files. Not on the GUI thread.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"

namespace llamahome::formats {

/// Name and MD5 (32 lower-case digits) of each file that a checklist names, in its order. Lines are md5sum's:
/// digits, blanks, perhaps "*" and "./", a plain name. META-02, with the line, for others.
Result<std::vector<std::pair<std::string, std::string>>> parseMetaChecklist(std::string_view text,
                                                                            const std::string& shownPath);

/// Compares the files of a folder with its checklist.chk, where it has one: META-02 names the first file that
/// is missing or has another sum. `progress` is told bytes of all files.
Result<void> checkMetaChecklist(const std::filesystem::path& folder, const CancelToken& cancel,
                                const ProgressSink& progress);

} // namespace llamahome::formats
