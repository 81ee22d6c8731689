#include "app/commands/chat_loop.h"

#include <csignal>
#include <filesystem>

#include "app/signals.h"
#include "core/error_codes.h"
#include "core/quantity.h"

namespace llamahome::app {
namespace {

constexpr const char* kHelp = "/system TEXT  another system message, and a new conversation\n"
                              "/reset        a new conversation\n"
                              "/save FILE    the conversation as a line of training data\n"
                              "/exit         leave (also Ctrl-D)\n"
                              "Ctrl-C stops an answer. A message that begins with / is typed with //.";

Error stopped() {
    return Error{codes::kCancelled, "stopped"};
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

} // namespace

ChatLoop::ChatLoop(CommandContext& context, ModelInUse& use, jobs::AnswerOptions answering,
                   std::string system)
    : m_context(context)
    , m_output(context.output())
    , m_session(*use.open.model, use.open.tokenizer, use.open.chatTemplate)
    , m_answering(std::move(answering))
    , m_system(std::move(system))
    , m_isTerminal(context.input().isTerminal()) {
    m_session.reset(m_system);
}

Result<void> ChatLoop::run() {
    if (m_isTerminal) m_output.message("Type a message; /help lists commands, /exit leaves.");
    while (true) {
        const auto line = readMessage();
        if (!line) return line.error();
        if (!line->has_value()) return {};
        const auto next = act(**line);
        if (!next) return next.error();
        if (*next == Next::Leave) return {};
    }
}

Result<std::optional<std::string>> ChatLoop::readMessage() {
    const CancelToken unused;
    const SignalScope signals(unused);
    bool wasInterrupted = false;
    while (true) {
        std::string line;
        if (m_isTerminal) m_output.question("> ");
        const auto status = m_context.input().readLine(line);
        if (!status) return status.error();
        if (*status == Input::Status::Line) return std::optional(std::move(line));
        if (*status == Input::Status::End) return std::optional<std::string>{};
        const int signal = SignalScope::take();
        if (!m_isTerminal || signal == SIGTERM) return stopped();
        if (wasInterrupted) return std::optional<std::string>{};
        wasInterrupted = true;
        m_output.message("\nCtrl-C again or /exit leaves.");
    }
}

Result<ChatLoop::Next> ChatLoop::act(const std::string& line) {
    const std::string_view text = trimmed(line);
    if (text.empty()) return Next::Go;
    if (text.starts_with("//")) return answer(std::string(text.substr(1)));
    if (text.starts_with('/')) return obey(text);
    return answer(line);
}

ChatLoop::Next ChatLoop::obey(std::string_view line) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view command = line.substr(0, blank);
    const std::string argument(trimmed(line.substr(blank)));
    if (command == "/exit" || command == "/quit") return Next::Leave;
    if (command == "/reset" || command == "/system") {
        if (command == "/system") m_system = argument;
        m_session.reset(m_system);
        m_output.message("A new conversation.");
    } else if (command == "/save") {
        save(argument);
    } else {
        if (command != "/help") m_output.message("There is no " + std::string(command) + ".");
        m_output.message(kHelp);
    }
    return Next::Go;
}

Result<ChatLoop::Next> ChatLoop::answer(const std::string& text) {
    const CancelToken cancel;
    const SignalScope signals(cancel);
    const auto given = m_session.answer(
        text, m_answering, [this](std::string_view piece) { m_output.piece(piece); }, cancel);
    if (!given) {
        if (given.error().code != codes::kContextFull) return given.error();
        m_output.error(given.error()); // too long a message: the conversation is as before and goes on
        return Next::Go;
    }
    m_output.piece("\n");
    m_output.jsonLine(Json{{"text", given->text},
                           {"token_ids", given->tokens},
                           {"finish_reason", std::string(jobs::finishName(given->finish))}});
    if (given->droppedMessages > 0)
        m_output.message("note: the oldest " + std::to_string(given->droppedMessages) +
                         " messages no longer fit into the context and were left out");
    if (m_isTerminal) showStatistics(*given);
    const bool isOver = SignalScope::received() == SIGTERM || (cancel.isCancelled() && !m_isTerminal);
    if (isOver) return stopped();
    return Next::Go;
}

void ChatLoop::showStatistics(const jobs::Answer& answer) {
    std::string text = "(" + std::to_string(answer.tokens.size()) + " tokens";
    if (answer.decodeSeconds > 0)
        text += ", " + formatNumber(static_cast<double>(answer.tokens.size()) / answer.decodeSeconds, 3) +
                " a second";
    const std::uint64_t used = answer.promptTokens + answer.tokens.size();
    text += ", context of " + std::to_string(used) + " in " + formatBytes(answer.contextBytes);
    if (answer.finish == engine::FinishReason::Length) text += ", cut at --max-new-tokens";
    if (answer.finish == engine::FinishReason::ContextFull) text += ", the context is full";
    m_output.message(text + ")");
}

void ChatLoop::save(const std::string& file) {
    if (file.empty()) {
        m_output.message("/save needs the name of a new file, for example: /save talk.jsonl");
        return;
    }
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) {
        m_output.message(file + " is there already; give another name.");
        return;
    }
    Json messages = Json::array();
    for (const text::Message& message : m_session.messages())
        messages.push_back(Json{{"role", message.role}, {"content", message.content}});
    const std::string line = writeJsonLine(Json{{"messages", messages}}) + "\n";
    if (auto written = writeFileAtomically(m_context.files(), file, line); !written)
        m_output.message(written.error().message);
    else
        m_output.message("Saved to " + file + ".");
}

} // namespace llamahome::app
