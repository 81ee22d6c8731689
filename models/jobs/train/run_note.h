// A person's words about a run: note.txt in its folder. Any thread but GUI.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

inline constexpr std::string_view kRunNoteName = "note.txt";
inline constexpr std::size_t kLongestRunNote = 64U << 10; ///< bytes

/// The note in a run's folder, as UTF-8; empty where there is none. FILE-07 for one that is longer than any
/// that is written.
Result<std::string> readRunNote(const std::filesystem::path& run);

/// Replaces it, whole or not at all; an empty one is removed. A run that goes on takes one too. FILE-07 for a
/// text that is too long.
Result<void> writeRunNote(FileLayer& files, const std::filesystem::path& run, std::string_view note);

} // namespace llamahome::jobs
