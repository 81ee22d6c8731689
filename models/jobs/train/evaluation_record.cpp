#include "jobs/train/evaluation_record.h"

#include "core/error_codes.h"
#include "core/utf8.h"
#include "jobs/record_fields.h"

namespace llamahome::jobs {
namespace {

constexpr std::int64_t kSchema = 1;

Json figuresJson(const LossFigures& figures) {
    return {{"loss", figures.loss}, {"perplexity", figures.perplexity}};
}

Json rowJson(const EvaluatedRow& row) {
    Json json{{"file", displayPath(row.file)},
              {"line", row.line},
              {"loss", row.loss},
              {"supervised_tokens", row.targets}};
    if (row.baseLoss) json["base_loss"] = *row.baseLoss;
    json["text"] = row.text;
    return json;
}

Json answerJson(const EvaluatedAnswer& answer) {
    Json json{{"file", displayPath(answer.file)},
              {"line", answer.line},
              {"question", replaceInvalidUtf8(answer.question)},
              {"reference", replaceInvalidUtf8(answer.reference)},
              {"answer", replaceInvalidUtf8(answer.answer)}};
    if (answer.isRight) json["right"] = *answer.isRight;
    if (answer.baseAnswer) json["base_answer"] = replaceInvalidUtf8(*answer.baseAnswer);
    if (answer.isBaseRight) json["base_right"] = *answer.isBaseRight;
    return json;
}

/// Reads the parts of a record; the first problem is kept.
class Reader {
public:
    explicit Reader(const std::string& what)
        : m_what(what) {}

    RecordFields part(const Json& json, const std::string& name) const {
        return {json, name.empty() ? m_what : m_what + ": " + name, codes::kRunDamaged};
    }
    void note(const RecordFields& fields) {
        if (!m_problem) m_problem = fields.problem();
    }

    LossFigures figures(RecordFields& fields) const {
        return {fields.number("loss"), fields.number("perplexity")};
    }

    EvaluatedRow row(const Json& json, const std::string& name) {
        RecordFields of = part(json, name);
        EvaluatedRow row{of.text("file"),
                         static_cast<std::size_t>(of.count("line")),
                         of.number("loss"),
                         {},
                         of.count("supervised_tokens"),
                         of.text("text")};
        if (of.has("base_loss")) row.baseLoss = of.number("base_loss");
        note(of);
        return row;
    }

    EvaluatedAnswer answer(const Json& json) {
        RecordFields of = part(json, "answers");
        EvaluatedAnswer answer;
        answer.file = of.text("file");
        answer.line = static_cast<std::size_t>(of.count("line"));
        answer.question = of.text("question");
        answer.reference = of.text("reference");
        answer.answer = of.text("answer");
        if (of.has("right")) answer.isRight = of.flag("right");
        if (of.has("base_answer")) answer.baseAnswer = of.text("base_answer");
        if (of.has("base_right")) answer.isBaseRight = of.flag("base_right");
        note(of);
        return answer;
    }

    std::vector<EvaluatedRow> rows(RecordFields& of, const char* key) {
        std::vector<EvaluatedRow> rows;
        const Json& list = of.member(key);
        if (!list.is_array()) of.report(std::string(key) + ": found no list");
        if (list.is_array())
            for (const Json& one : list)
                rows.push_back(row(one, key));
        return rows;
    }

    const std::optional<Error>& problem() const { return m_problem; }

private:
    std::string m_what;
    std::optional<Error> m_problem;
};

void readMatch(RecordFields& of, EvaluationReport& report) {
    if (!of.has("exact_match")) return;
    RecordFields match(of.member("exact_match"), "exact_match", codes::kRunDamaged);
    report.compared = static_cast<int>(match.integer("compared"));
    report.matched = static_cast<int>(match.integer("matched"));
    if (match.has("base_matched")) report.baseMatched = static_cast<int>(match.integer("base_matched"));
    if (match.problem()) of.report(match.problem()->message);
}

} // namespace

Json evaluationJson(const EvaluationReport& report) {
    Json json = figuresJson(report.figures);
    json["supervised_tokens"] = report.supervisedTokens;
    json["tokens"] = report.tokens;
    json["rows"] = report.rows;
    json["cut_rows"] = report.cutRows;
    json["bad_rows"] = report.badRows;
    if (report.base) json["base"] = figuresJson(*report.base);
    json["match"] = std::string(answerMatchName(report.match));
    if (report.compared > 0) {
        json["exact_match"] = {{"compared", report.compared}, {"matched", report.matched}};
        if (report.baseMatched) json["exact_match"]["base_matched"] = *report.baseMatched;
    }
    for (const auto& [key, rows] :
         {std::pair{"worst_rows", &report.worst}, std::pair{"best_rows", &report.best}}) {
        json[key] = Json::array();
        for (const EvaluatedRow& row : *rows)
            json[key].push_back(rowJson(row));
    }
    json["answers"] = Json::array();
    for (const EvaluatedAnswer& answer : report.answers)
        json["answers"].push_back(answerJson(answer));
    json["files"] = Json::array();
    for (const auto& file : report.files)
        json["files"].push_back(displayPath(file));
    if (!report.evaluatedAt.empty()) json["evaluated_at"] = report.evaluatedAt;
    return json;
}

Result<EvaluationReport> parseEvaluation(const Json& json, const std::string& what) {
    Reader reader(what);
    RecordFields of = reader.part(json, {});
    EvaluationReport report;
    report.figures = reader.figures(of);
    report.supervisedTokens = of.count("supervised_tokens");
    report.tokens = of.count("tokens");
    report.rows = of.count("rows");
    report.cutRows = of.count("cut_rows");
    report.badRows = of.count("bad_rows");
    if (of.has("base")) {
        RecordFields base = reader.part(of.member("base"), "base");
        report.base = reader.figures(base);
        reader.note(base);
    }
    const auto match = answerMatchOf(of.text("match"));
    if (!match) of.report("match: found an unknown word");
    report.match = match.value_or(AnswerMatch::None);
    readMatch(of, report);
    report.worst = reader.rows(of, "worst_rows");
    report.best = reader.rows(of, "best_rows");
    if (const Json& answers = of.member("answers"); answers.is_array())
        for (const Json& answer : answers)
            report.answers.push_back(reader.answer(answer));
    if (const Json& files = of.member("files"); files.is_array())
        for (const Json& file : files)
            if (file.is_string()) report.files.emplace_back(file.get<std::string>());
    if (of.has("evaluated_at")) report.evaluatedAt = of.text("evaluated_at");
    reader.note(of);
    if (reader.problem()) return *reader.problem();
    return report;
}

Result<void> keepEvaluation(FileLayer& files, const std::filesystem::path& run,
                            const EvaluationReport& report, const Clock& clock) {
    Json json{{"schema", kSchema}};
    json.update(evaluationJson(report));
    json["evaluated_at"] = formatUtc(clock.now());
    return writeFileAtomically(files, run / kEvaluationName, writeJson(json));
}

Result<std::optional<EvaluationReport>> readEvaluation(const std::filesystem::path& run) {
    const std::filesystem::path path = run / kEvaluationName;
    if (!isThere(path)) return std::optional<EvaluationReport>();
    const auto json = readJsonFile(path);
    if (!json) return json.error();
    const std::string what = displayPath(path);
    RecordFields fields(*json, what, codes::kRunDamaged);
    const std::int64_t schema = fields.integer("schema");
    if (!fields.problem() && schema > kSchema)
        return Error{codes::kRunSchema, what + ": found schema " + std::to_string(schema) +
                                            ", expected at most " + std::to_string(kSchema) +
                                            "; use a newer program"};
    if (fields.problem()) return *fields.problem();
    auto report = parseEvaluation(*json, what);
    if (!report) return report.error();
    return std::optional(std::move(*report));
}

} // namespace llamahome::jobs
