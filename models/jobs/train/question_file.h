// A data file of questions and answers as a table editor reads and writes it. Not on the GUI thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

struct QuestionAnswer {
    std::string question;
    std::string answer;

    friend bool operator==(const QuestionAnswer&, const QuestionAnswer&) = default;
};

/// Rows beyond this are for other programs.
inline constexpr std::size_t kMostQuestions = 100'000;

/// What one user and one assistant say in each row, whatever the format (JSONL, JSON, CSV, TSV). DATA-19 for
/// a row that is more than that (system text, several turns, plain text), naming its line, and for more rows
/// than kMostQuestions; the file's first bad row; else DATA-xx and FILE-xx of the file.
Result<std::vector<QuestionAnswer>> readQuestions(const std::filesystem::path& file);

/// Writes {"question","answer"} lines, the whole file or nothing. One that is there is replaced where
/// `mayReplace`, else it stays: EXP-01.
Result<void> writeQuestions(FileLayer& files, const std::filesystem::path& file,
                            const std::vector<QuestionAnswer>& rows, bool mayReplace);

} // namespace llamahome::jobs
