#include "jobs/train/question_file.h"

#include <variant>

#include "core/error_codes.h"
#include "core/json.h"
#include "text/data/dataset.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

bool isQuestionAndAnswer(const text::Example& example) {
    const auto& messages = example.messages;
    return !example.plainText && example.tools.is_null() && messages.size() == 2 &&
           messages[0].role == "user" && messages[1].role == "assistant" && !messages[1].toolCall;
}

} // namespace

Result<std::vector<QuestionAnswer>> readQuestions(const fs::path& file) {
    auto reader = text::DatasetReader::open(file);
    if (!reader) return reader.error();
    std::vector<QuestionAnswer> rows;
    for (;;) {
        auto row = reader->next();
        if (!row) return row.error();
        if (!row->has_value()) return rows;
        if (const auto* problem = std::get_if<text::RowProblem>(&**row)) return problem->error;
        const auto& example = std::get<text::Example>(**row);
        const std::string place = displayPath(file) + " line " + std::to_string(example.line) + ": ";
        if (!isQuestionAndAnswer(example))
            return Error{codes::kDataKind, place + "found more than one question and its answer, which the "
                                                   "table has no place for; change it with an editor"};
        if (rows.size() == kMostQuestions)
            return Error{codes::kDataKind, place + "found more than " + std::to_string(kMostQuestions) +
                                               " rows; change so large a file with another program"};
        rows.push_back({example.messages[0].content, example.messages[1].content});
    }
}

Result<void> writeQuestions(FileLayer& files, const fs::path& file, const std::vector<QuestionAnswer>& rows,
                            bool mayReplace) {
    if (!mayReplace && isThere(file))
        return Error{codes::kExportExists,
                     displayPath(file.filename()) + " is there already; give the table another name"};
    std::string text;
    for (const QuestionAnswer& row : rows)
        text += writeJsonLine(Json{{"question", row.question}, {"answer", row.answer}}) + '\n';
    if (auto made = files.makeDirectories(file.parent_path()); !made) return made;
    return writeFileAtomically(files, file, text);
}

} // namespace llamahome::jobs
