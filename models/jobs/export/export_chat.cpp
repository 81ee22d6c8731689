#include "jobs/export/export_chat.h"

#include <algorithm>

#include "config/yaml_tree.h"
#include "core/error_codes.h"
#include "jobs/chat_files.h"
#include "jobs/chat_template_choice.h"
#include "jobs/export/model_card.h"
#include "jobs/train/finished_adapter.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

Error disagree(const fs::path& folder, const std::string& text) {
    return Error{codes::kExportCheck, displayPath(folder) + ": " + text};
}

/// The template that was set for the training; empty where none was.
Result<std::string> trainedTemplate(const fs::path& folder, const std::string& trainingRecord) {
    const config::YamlDocument record = config::parseYaml(trainingRecord, kTrainingRecordName);
    if (!record.problems.empty())
        return disagree(folder,
                        "how the adapter was trained cannot be read: " + record.problems.front().text());
    const config::YamlNode* node = &record.root;
    for (const char* key : {"settings", "data", "template"})
        node = node == nullptr ? nullptr : node->find(key);
    return node == nullptr ? std::string() : node->text;
}

class Chooser {
public:
    Chooser(const fs::path& base, const text::Tokenizer& tokenizer, bool holdsTemplate)
        : m_base(base)
        , m_tokenizer(tokenizer)
        , m_holdsTemplate(holdsTemplate) {}

    Result<ExportChat> choose(const std::string& trained) {
        auto own = text::ChatTemplate::load(m_base);
        if (!own && own.error().code != codes::kTemplateUnknown) return own.error();
        if (trained.empty()) {
            if (own)
                m_chat.chatTemplate = std::move(*own);
            else
                note("the model's own chat template is not known here: it goes along as it is, and where "
                     "answers end was not checked");
        } else if (auto taken = takeTrained(trained, own); !taken) {
            return taken.error();
        }
        if (auto found = findEnds(); !found) return found.error();
        return std::move(m_chat);
    }

private:
    void note(std::string text) { m_chat.notes.push_back(std::move(text)); }

    Result<void> takeTrained(const std::string& trained, const Result<text::ChatTemplate>& own) {
        m_chat.name = displayPath(fs::path(trained).filename());
        auto chosen = chosenTemplate(m_base, trained);
        if (!chosen && m_holdsTemplate)
            return chosen.error().within("the template that the adapter was trained with");
        const auto& prefix = m_tokenizer.prefixTokens();
        const std::string first = prefix.empty() ? std::string() : m_tokenizer.tokenBytes(prefix.front());
        if (chosen && own && own->jinja(first) == chosen->jinja(first)) {
            m_chat.name.clear();
            m_chat.chatTemplate = std::move(*chosen);
            return {};
        }
        if (m_holdsTemplate)
            note("the adapter was trained with the template " + m_chat.name +
                 ", which is written in place of the model's own");
        else
            note("the adapter was trained with the template " + m_chat.name +
                 ", for which this form has no place: have the program that loads it ask in that form");
        if (!chosen) return {};
        m_chat.text = chosen->jinja(first);
        m_chat.chatTemplate = std::move(*chosen);
        return {};
    }

    Result<void> findEnds() {
        const auto& chosen = m_chat.chatTemplate;
        m_chat.endTokens = m_tokenizer.endTokens();
        if (!chosen) {
            m_chat.found = "the chat template is not known here; where answers end was not checked";
            return {};
        }
        const std::string end = chosen->turnEnd();
        if (end.empty()) {
            m_chat.found = "has no token that ends an answer: a base model without turns";
            return {};
        }
        if (m_tokenizer.idOf(end)) {
            addEnds(chosen->answerEnds());
            m_chat.found = "answers end with " + end + " in template, tokenizer and configuration";
            return {};
        }
        if (!m_chat.text)
            return disagree(m_base,
                            "its template ends answers with " + end + ", which is no token of its tokenizer");
        m_chat.stops.push_back(end);
        m_chat.found = "answers end with the text " + end + ", which is no token";
        note("answers end with the text " + end +
             ", which is no token of the model: programs that load it must be told to stop there");
        return {};
    }

    void addEnds(const std::vector<std::string>& ends) {
        const text::Tokenizer stopping = m_tokenizer.endingAlsoWith(ends);
        m_chat.addsEnds = stopping.endTokens().size() > m_chat.endTokens.size();
        m_chat.endTokens = stopping.endTokens();
        if (m_chat.addsEnds && m_holdsTemplate)
            note("the model's files did not name all tokens that end an answer; now they do");
    }

    const fs::path& m_base;
    const text::Tokenizer& m_tokenizer;
    bool m_holdsTemplate;
    ExportChat m_chat;
};

} // namespace

Result<ExportChat> exportChat(const fs::path& base, const std::string& trainingRecord, bool holdsTemplate) {
    const auto trained = trainedTemplate(base, trainingRecord);
    if (!trained) return trained.error();
    const auto tokenizer = text::Tokenizer::load(base);
    if (!tokenizer) return tokenizer.error();
    return Chooser(base, *tokenizer, holdsTemplate).choose(*trained);
}

Result<ExportChat> exportChatOf(const ExportRequest& request) {
    const auto record =
        request.adapter ? readTrainingRecord(request.adapter->path) : Result<std::string>(std::string());
    if (!record) return record.error();
    const bool alone = request.format == ExportFormat::Peft || request.format == ExportFormat::GgufAdapter;
    return exportChat(request.base.path, *record, !alone);
}

Result<void> writeChat(FileLayer& files, const fs::path& folder, const ExportChat& chat) {
    if (chat.text)
        if (auto done = writeChatTemplate(files, folder, *chat.text); !done) return done;
    return chat.addsEnds ? writeEndTokens(files, folder, chat.endTokens) : Result<void>();
}

} // namespace llamahome::jobs
