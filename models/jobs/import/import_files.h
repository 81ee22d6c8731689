// The files of an import's source: which belong to a model, their sizes and proofs. Any thread but GUI.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tensor.h"
#include "jobs/import/import_source.h"

namespace llamahome::jobs {

/// The last part of a path, for messages and comparisons.
std::string nameOf(const std::filesystem::path& path);
/// Whether it is a regular file, or a link to one.
bool isFile(const std::filesystem::path& path);
/// What stands in a folder, sorted; empty where it cannot be read.
std::vector<std::filesystem::path> entriesOf(const std::filesystem::path& folder);
/// 64 small hexadecimal digits.
bool isSha256(std::string_view text);
/// A licence's text, by its name in whatever case.
bool isLicenceFile(std::string_view name);
/// Texts that go with a model in whichever layout: card, licence, notices.
bool isSideFile(std::string_view name);

/// Whether a model's name says that it answers in turns, "Instruct" or "chat".
bool saysInstruct(std::string_view name);

/// Adds one file and its size to the source and to what the result takes. `cacheFolder`, where given, is an
/// entry of the Hub's cache: a link must lead to its blobs, whose names are hashes (IMP-01). FILE-07 for
/// sizes beyond measure.
Result<void> addFile(ImportSource& source, const std::filesystem::path& path,
                     const std::filesystem::path& cacheFolder);

/// What a converted model's text files and weights need, in place of what addFile() counted, and how many
/// parameters it has. Elements have as many bytes as their type, or `elementBytes` where that is given.
Result<void> addResultBytes(ImportSource& source, const std::vector<formats::TensorInfo>& tensors,
                            std::optional<std::uint64_t> elementBytes = {});

} // namespace llamahome::jobs
