// Shorthands over core/digest.h: SHA-256 of a text or a file, and MD5 for old lists of checksums. Any thread;
// files are read where it is called, so not on the GUI thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"

namespace llamahome {

/// 64 lower-case hex digits.
std::string sha256Hex(std::string_view text);

/// Hex digest of a file; cancel, progress and errors as digestFile().
Result<std::string> sha256File(const std::filesystem::path& path, const CancelToken& cancel = {},
                               const ProgressSink& progress = {});

/// As sha256File(), 32 digits of MD5: it finds damage, not forgery.
Result<std::string> md5File(const std::filesystem::path& path, const CancelToken& cancel = {},
                            const ProgressSink& progress = {});

} // namespace llamahome
