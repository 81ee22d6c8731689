#include "jobs/chat/conversation_store.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <unistd.h>

#include "config/setting_descriptor.h"
#include "config/setting_parse.h"
#include "core/error_codes.h"
#include "core/json.h"
#include "core/utf8.h"
#include "jobs/record_fields.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kSchema = 1;
constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kSamplingPrefix = "model.generation.";
constexpr std::size_t kTitleCharacters = 60;
constexpr double kMaxScale = 100.0;
constexpr JsonLimits kLimits{8, kMaxConversationBytes};

fs::path fileOf(const DataRoot& root, const std::string& id) {
    return root.chats() / (id + std::string(kSuffix));
}

/// An id comes back from a list or a link: it must not lead out of the folder.
bool isPlainName(const std::string& id) {
    return !id.empty() && id.front() != '.' && id.find('/') == std::string::npos;
}

/// The first line with something on it, cut to kTitleCharacters.
std::string beginningOf(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    text = text.substr(begin, text.find_first_of("\r\n", begin) - begin);
    std::size_t at = 0;
    for (std::size_t characters = 0; at < text.size() && characters < kTitleCharacters; ++characters)
        at += decodeUtf8(text, at).length;
    return std::string(text.substr(0, at)) + (at < text.size() ? "\u2026" : "");
}

Json samplingJson(const config::GenerationSettings& sampling) {
    config::Settings settings;
    settings.model.generation = sampling;
    Json json = Json::object();
    for (const config::SettingDescriptor& setting : config::allSettings())
        if (setting.key.starts_with(kSamplingPrefix))
            json[setting.key.substr(kSamplingPrefix.size())] = config::settingText(setting, settings);
    return json;
}

/// Values as `--set` takes them, so that a damaged file cannot bring in one that no setting may have.
config::GenerationSettings samplingOf(const Json& json, RecordFields& fields) {
    config::Settings settings;
    if (!json.is_object()) fields.report("sampling: found no object");
    for (const config::SettingDescriptor& setting : config::allSettings()) {
        if (!json.is_object() || !setting.key.starts_with(kSamplingPrefix)) continue;
        const auto found = json.find(setting.key.substr(kSamplingPrefix.size()));
        if (found == json.end()) continue;
        if (!found->is_string()) {
            fields.report("sampling: " + setting.key + ": found no text");
            continue;
        }
        const auto parsed = config::parseSettingText(setting, found->get<std::string>(), {});
        if (parsed.value)
            setting.set(settings, *parsed.value);
        else
            fields.report("sampling: " + setting.key + ": " + parsed.problem);
    }
    return settings.model.generation;
}

Json messageJson(const ConversationMessage& message) {
    Json json{{"role", message.role}, {"content", message.content}};
    if (message.role == "user") return json;
    json["finish"] = message.finish;
    json["tokens"] = message.tokens;
    json["seconds"] = message.seconds;
    if (message.adapter.empty()) return json;
    json["adapter"] = message.adapter;
    json["adapter_scale"] = message.adapterScale;
    return json;
}

ConversationMessage messageOf(const Json& json, const std::string& what, RecordFields& all) {
    RecordFields fields(json, what, codes::kChatDamaged);
    ConversationMessage message{fields.text("role"), fields.text("content"), {}, 0, 0.0};
    if (message.role != "user" && message.role != "assistant")
        fields.report("role: found neither user nor assistant");
    if (message.role == "assistant") {
        message.finish = fields.text("finish");
        message.tokens = fields.count("tokens");
        message.seconds = fields.number("seconds");
        if (!(message.seconds >= 0.0)) message.seconds = 0.0;
        if (json.contains("adapter")) {
            message.adapter = fields.text("adapter");
            message.adapterScale = fields.number("adapter_scale");
        }
    }
    if (fields.problem()) all.report("messages: " + fields.problem()->message);
    return message;
}

Json conversationJson(const Conversation& conversation) {
    Json json{{"schema", kSchema},
              {"title", conversation.title},
              {"model", conversation.model},
              {"adapter", conversation.adapter},
              {"adapter_scale", conversation.adapterScale},
              {"system", conversation.system},
              {"created", conversation.createdAt},
              {"updated", conversation.updatedAt},
              {"sampling", samplingJson(conversation.sampling)},
              {"messages", Json::array()}};
    if (!conversation.templateName.empty()) json["template"] = conversation.templateName;
    for (const ConversationMessage& message : conversation.messages)
        json["messages"].push_back(messageJson(message));
    return json;
}

Result<Conversation> parseConversation(const Json& json, const std::string& what) {
    RecordFields fields(json, what, codes::kChatDamaged);
    const std::int64_t schema = fields.integer("schema");
    if (!fields.problem() && schema != kSchema)
        return Error{codes::kChatSchema, what + ": found schema " + std::to_string(schema) + ", expected " +
                                             std::to_string(kSchema) +
                                             "; it was written by a newer LlamaHome, use that"};
    Conversation conversation;
    conversation.title = fields.text("title");
    conversation.model = fields.text("model");
    conversation.adapter = fields.text("adapter");
    conversation.adapterScale = fields.number("adapter_scale");
    if (!(conversation.adapterScale >= 0.0 && conversation.adapterScale <= kMaxScale))
        fields.report("adapter_scale: found no number from 0 to 100");
    conversation.system = fields.text("system");
    if (json.contains("template")) conversation.templateName = fields.text("template");
    conversation.createdAt = fields.text("created");
    conversation.updatedAt = fields.text("updated");
    conversation.sampling = samplingOf(fields.member("sampling"), fields);
    const Json& messages = fields.member("messages");
    if (!messages.is_array()) fields.report("messages: found no list");
    for (const Json& message : messages)
        conversation.messages.push_back(messageOf(message, what, fields));
    if (fields.problem())
        return Error{codes::kChatDamaged,
                     fields.problem()->message + "; the conversation can only be deleted"};
    return conversation;
}

/// UTC of the file's last change.
std::string fileTime(const fs::path& path) {
    std::error_code failure;
    const fs::file_time_type time = fs::last_write_time(path, failure);
    if (failure) return {};
    return formatUtc(std::chrono::time_point_cast<std::chrono::system_clock::duration>(
        std::chrono::file_clock::to_sys(time)));
}

/// Deletes the files that a cut left while `id` was written.
Result<void> removeTemporaries(FileLayer& files, const DataRoot& root, const std::string& id) {
    const std::string prefix = id + std::string(kSuffix) + ".tmp-";
    std::error_code failure;
    std::vector<fs::path> found;
    for (fs::directory_iterator entry(root.chats(), failure), end; !failure && entry != end;
         entry.increment(failure))
        if (displayPath(entry->path().filename()).starts_with(prefix)) found.push_back(entry->path());
    for (const fs::path& path : found)
        if (auto done = files.remove(path); !done) return done;
    return {};
}

Error noSuchConversation(const std::string& id) {
    return Error{codes::kFileNotFound, "conversation '" + id + "': there is none of that name"};
}

} // namespace

std::string conversationTitle(const Conversation& conversation) {
    if (!conversation.title.empty()) return conversation.title;
    for (const ConversationMessage& message : conversation.messages)
        if (message.role == "user")
            if (std::string title = beginningOf(message.content); !title.empty()) return title;
    return {};
}

ConversationInfo infoOf(const Conversation& conversation) {
    return {conversation.id,      conversationTitle(conversation), conversation.model,
            conversation.adapter, conversation.updatedAt,          {}};
}

std::string newConversationId(const Clock& clock, unsigned number) {
    std::string id = formatUtc(clock.now());
    std::erase_if(id, [](char c) { return c == ':' || c == '-' || c == '.'; });
    return id + "-" + std::to_string(::getpid()) + "-" + std::to_string(number);
}

std::vector<text::Message> historyOf(const Conversation& conversation) {
    std::vector<text::Message> history;
    if (!conversation.system.empty()) history.push_back({"system", conversation.system});
    for (const ConversationMessage& message : conversation.messages)
        history.push_back({message.role, message.content});
    if (!conversation.messages.empty() && conversation.messages.back().role == "user") history.pop_back();
    return history;
}

std::vector<ConversationInfo> listConversations(const DataRoot& root) {
    std::vector<ConversationInfo> list;
    std::error_code failure;
    for (fs::directory_iterator entry(root.chats(), failure), end; !failure && entry != end;
         entry.increment(failure)) {
        const std::string name = displayPath(entry->path().filename());
        if (name.front() == '.' || !name.ends_with(kSuffix)) continue;
        const std::string id = name.substr(0, name.size() - kSuffix.size());
        if (id.empty()) continue;
        const auto read = readConversation(root, id);
        list.push_back(read
                           ? infoOf(*read)
                           : ConversationInfo{id, id, {}, {}, fileTime(entry->path()), read.error().message});
    }
    std::sort(list.begin(), list.end(), [](const ConversationInfo& a, const ConversationInfo& b) {
        return a.updatedAt != b.updatedAt ? a.updatedAt > b.updatedAt : a.id > b.id;
    });
    return list;
}

Result<Conversation> readConversation(const DataRoot& root, const std::string& id) {
    if (!isPlainName(id)) return noSuchConversation(id);
    const fs::path path = fileOf(root, id);
    const auto text = readFile(path, kMaxConversationBytes);
    if (!text) {
        if (text.error().code == codes::kFileNotFound) return noSuchConversation(id);
        return text.error();
    }
    const auto json = parseJson(*text, displayPath(path.filename()), kLimits);
    if (!json)
        return Error{codes::kChatDamaged, json.error().message + "; the conversation can only be deleted",
                     json.error().detail};
    auto conversation = parseConversation(*json, displayPath(path.filename()));
    if (conversation) conversation->id = id;
    return conversation;
}

Result<void> writeConversation(FileLayer& files, const DataRoot& root, const Conversation& conversation) {
    if (!isPlainName(conversation.id)) return noSuchConversation(conversation.id);
    const std::string text = writeJson(conversationJson(conversation));
    if (text.size() > kMaxConversationBytes)
        return Error{codes::kFileTooLarge, "the conversation has grown too long to be kept; begin a new one"};
    if (auto made = files.makeDirectories(root.chats()); !made) return made;
    return writeFileAtomically(files, fileOf(root, conversation.id), text);
}

Result<RemovedConversation> removeConversation(FileLayer& files, const DataRoot& root,
                                               const std::string& id) {
    if (!isPlainName(id)) return noSuchConversation(id);
    const fs::path path = fileOf(root, id);
    RemovedConversation removed{id, {}};
    if (auto text = readFile(path, kMaxConversationBytes)) removed.bytes = std::move(*text);
    if (auto done = removeTemporaries(files, root, id); !done) return done.error();
    if (auto done = files.remove(path); !done) return done.error();
    return removed;
}

Result<void> putBackConversation(FileLayer& files, const DataRoot& root, const RemovedConversation& removed) {
    if (!isPlainName(removed.id)) return noSuchConversation(removed.id);
    if (auto made = files.makeDirectories(root.chats()); !made) return made;
    return writeFileAtomically(files, fileOf(root, removed.id), removed.bytes);
}

} // namespace llamahome::jobs
