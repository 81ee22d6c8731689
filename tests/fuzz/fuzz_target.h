// The parsers of strangers' files as functions of bytes, for libFuzzer and for replay_corpus. One thread.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "core/error.h"

namespace llamahome::fuzz {

/// Reads `bytes` as the program reads such a file, and what the file describes with it. Aborts where a
/// promise of the parser is broken; everything else is for the sanitizers to see.
struct FuzzTarget {
    std::string_view name;
    void (*run)(std::string_view bytes);
};

std::span<const FuzzTarget> weightTargets();
std::span<const FuzzTarget> textTargets();
std::span<const FuzzTarget> recordTargets();
std::span<const FuzzTarget> networkTargets();

/// The target of that name, or null.
const FuzzTarget* findTarget(std::string_view name);

/// A place for files of a target, removed when the program ends.
const std::filesystem::path& scratchFolder();
/// Writes `bytes` to a file in scratchFolder() and gives its path.
std::filesystem::path scratchFile(std::string_view name, std::string_view bytes);

/// Aborts, with `what` on stderr, where `holds` is false.
void require(bool holds, std::string_view what);
/// A message is one line of valid UTF-8 that no control character or turned direction can forge, and short,
/// and there is a code.
void requireGoodError(const Error& error);
/// The same of a Result that may be an error; whether it is a value.
template <typename R>
bool accepted(const R& result) {
    if (!result) requireGoodError(result.error());
    return static_cast<bool>(result);
}

} // namespace llamahome::fuzz
