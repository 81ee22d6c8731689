#include "text/data/row_shape.h"

#include <algorithm>
#include <array>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "formats/file_text.h"
#include "text/template/conversation_check.h"

namespace llamahome::text {
namespace {

using formats::quotedText;

/// A shape of two texts, question first. The first row whose fields are there is the shape; order matters.
struct PairShape {
    DataFormat format;
    const char* question;
    const char* answer;
};
constexpr std::array kPairShapes{
    PairShape{DataFormat::Alpaca, "instruction", "output"},
    PairShape{DataFormat::Alpaca, "instruction", "response"},
    PairShape{DataFormat::PromptCompletion, "prompt", "completion"},
    PairShape{DataFormat::PromptCompletion, "prompt", "response"},
    PairShape{DataFormat::PromptCompletion, "input", "output"},
    PairShape{DataFormat::QuestionAnswer, "question", "answer"},
    PairShape{DataFormat::QuestionAnswer, "question", "response"},
};
constexpr std::array kFields{"messages", "conversations", "instruction", "input",      "context",
                             "output",   "history",       "prompt",      "completion", "response",
                             "question", "answer",        "system",      "text",       "tools"};

const PairShape* pairShapeOf(const Json& row) {
    for (const PairShape& shape : kPairShapes) {
        if (row.contains(shape.question) && row.contains(shape.answer)) return &shape;
    }
    return nullptr;
}

Error fieldError(const std::string& what) {
    return Error{codes::kDataField, what};
}

/// The text of a field. `mayBeEmpty`: absent, null and blank are the empty text.
Result<std::string> textOf(const Json& row, const char* name, bool mayBeEmpty) {
    const Json* value = member(row, name);
    const bool isAbsent = value == nullptr || value->is_null();
    if (isAbsent && mayBeEmpty) return std::string();
    if (isAbsent || !value->is_string())
        return fieldError("the field \"" + std::string(name) + "\" is " +
                          (value == nullptr ? "missing" : value->type_name()) + ", expected text");
    const auto& text = value->get_ref<const std::string&>();
    if (!mayBeEmpty && text.find_first_not_of(" \t\r\n") == std::string::npos)
        return fieldError("the field \"" + std::string(name) + "\" is empty, expected text");
    return text;
}

/// Alpaca's earlier turns: a list of [user, assistant] pairs.
Result<void> addHistory(const Json& row, std::vector<Message>& messages) {
    const Json* history = member(row, "history");
    if (history == nullptr || history->is_null()) return {};
    const bool isList = history->is_array();
    for (const Json& pair : isList ? *history : Json::array()) {
        if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
            return fieldError("the field \"history\" has an entry that is no pair of texts");
        messages.push_back({"user", pair[0].get<std::string>()});
        messages.push_back({"assistant", pair[1].get<std::string>()});
    }
    if (isList) return {};
    return fieldError("the field \"history\" is " + std::string(history->type_name()) +
                      ", expected a list of pairs");
}

/// Prompt and completion as message lists, as TRL has them.
Result<Example> exampleOfLists(const Json& row, const PairShape& shape) {
    Json all = row[shape.question];
    for (const Json& message : row[shape.answer])
        all.push_back(message);
    auto messages = readMessages(all);
    if (!messages) return messages.error();
    return checkedConversation(std::move(*messages));
}

Result<Example> exampleOfPair(const Json& row, const PairShape& shape) {
    if (row[shape.question].is_array() && row[shape.answer].is_array()) return exampleOfLists(row, shape);
    const auto system = textOf(row, "system", true);
    if (!system) return system.error();
    auto question = textOf(row, shape.question, false);
    if (!question) return question.error();
    auto answer = textOf(row, shape.answer, false);
    if (!answer) return answer.error();
    std::vector<Message> messages;
    std::size_t inputAt = 0;
    if (!system->empty()) messages.push_back({"system", *system});
    if (shape.format == DataFormat::Alpaca) {
        if (auto added = addHistory(row, messages); !added) return added.error();
        const auto input = textOf(row, row.contains("input") ? "input" : "context", true);
        if (!input) return input.error();
        if (!input->empty()) {
            *question += "\n";
            inputAt = question->size();
            *question += *input;
        }
    }
    messages.push_back({"user", std::move(*question), inputAt});
    messages.push_back({"assistant", std::move(*answer)});
    return checkedConversation(std::move(messages));
}

/// The functions that an assistant may call: a list, or the text of one as some files have it.
Result<Json> toolsOf(const Json& row) {
    const Json* tools = member(row, "tools");
    Json list = tools == nullptr ? Json() : *tools;
    if (list.is_string()) {
        auto parsed =
            list == "" ? Result<Json>(Json()) : parseJson(list.get<std::string>(), "the field \"tools\"");
        if (!parsed) return parsed.error();
        list = std::move(*parsed);
    }
    if (list.is_null() || (list.is_array() && list.empty())) return Json();
    if (list.is_array()) return list;
    return fieldError("the field \"tools\" is " + std::string(list.type_name()) +
                      ", expected a list of functions");
}

Result<Example> exampleOfTurns(const Json& row, DataFormat format) {
    const char* name = row.contains("messages")        ? "messages"
                       : row.contains("conversations") ? "conversations"
                                                       : "conversation";
    auto messages = readMessages(row[name]);
    if (!messages) return messages.error();
    if (format == DataFormat::ShareGpt) {
        const auto system = textOf(row, "system", true);
        if (!system) return system.error();
        if (!system->empty() && (messages->empty() || messages->front().role != "system"))
            messages->insert(messages->begin(), {"system", *system});
        dropLeadingAnswer(*messages);
    }
    auto tools = toolsOf(row);
    if (!tools) return tools.error();
    auto example = checkedConversation(std::move(*messages));
    if (example) example->tools = std::move(*tools);
    return example;
}

std::string fieldNames(const Json& row) {
    std::string names;
    std::size_t count = 0;
    for (const auto& [name, value] : row.items()) {
        if (++count > 8) return names + " …";
        names += (names.empty() ? "" : ", ") + quotedText(name);
    }
    return names.empty() ? "none" : names;
}

} // namespace

Result<ColumnMap> parseColumnMap(const std::vector<std::string>& pairs) {
    ColumnMap map;
    std::string known;
    for (const char* field : kFields)
        known += (known.empty() ? "" : ", ") + std::string(field);
    for (const std::string& pair : pairs) {
        const std::size_t equals = pair.find('=');
        const std::string field = pair.substr(0, equals);
        if (equals == std::string::npos || equals + 1 == pair.size())
            return Error{codes::kDataMap,
                         "found the column map " + quotedText(pair) + ", expected FIELD=COLUMN"};
        if (std::find(kFields.begin(), kFields.end(), field) == kFields.end())
            return Error{codes::kDataMap, "column map: no field " + quotedText(field) + "; known: " + known};
        for (const auto& [earlier, column] : map) {
            if (earlier == field)
                return Error{codes::kDataMap,
                             "column map: the field " + quotedText(field) + " is given twice"};
        }
        map.emplace_back(field, pair.substr(equals + 1));
    }
    return map;
}

Result<Json> applyColumnMap(const Json& row, const ColumnMap& map) {
    if (map.empty()) return row;
    Json mapped = Json::object();
    for (const auto& [field, column] : map) {
        const Json* value = member(row, column);
        if (value == nullptr)
            return fieldError("no column " + quotedText(column) + " as the column map names it; found " +
                              fieldNames(row));
        mapped[field] = *value;
    }
    return mapped;
}

Result<DataFormat> recogniseShape(const Json& row) {
    if (row.contains("messages")) return DataFormat::ChatMessages;
    if (row.contains("conversations") || row.contains("conversation")) return DataFormat::ShareGpt;
    if (const PairShape* shape = pairShapeOf(row)) return shape->format;
    if (row.contains("prompt") && row.contains("chosen"))
        return fieldError(
            "found preference data (\"prompt\", \"chosen\"), expected answers to learn; to learn the "
            "chosen ones use --map prompt=prompt,completion=chosen");
    if (row.contains("text")) return DataFormat::PlainText;
    return fieldError(
        "found the fields " + fieldNames(row) +
        ", expected \"messages\", \"conversations\", \"instruction\" and \"output\", \"prompt\" and "
        "\"completion\", \"question\" and \"answer\", or \"text\"; name them with --map FIELD=COLUMN");
}

Result<Example> exampleOf(const Json& row, DataFormat format) {
    if (format == DataFormat::ChatMessages || format == DataFormat::ShareGpt)
        return exampleOfTurns(row, format);
    if (format == DataFormat::PlainText) {
        auto text = textOf(row, "text", false);
        if (!text) return text.error();
        Example example;
        example.plainText = true;
        example.text = std::move(*text);
        return example;
    }
    const PairShape* shape = pairShapeOf(row);
    return shape != nullptr ? exampleOfPair(row, *shape) : Result<Example>(recogniseShape(row).error());
}

} // namespace llamahome::text
