// ChatLoop: reads lines, streams answers, obeys /commands. Main thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/command_context.h"
#include "app/commands/use_model.h"
#include "jobs/chat/chat_session.h"

namespace llamahome::app {

class ChatLoop {
public:
    /// `use` outlives the loop.
    ChatLoop(CommandContext& context, ModelInUse& use, jobs::AnswerOptions answering, std::string system);

    /// Until /exit, the end of input, or Ctrl-C twice at the prompt. RUN-00 after SIGTERM, and after Ctrl-C
    /// where the input is no terminal.
    Result<void> run();

private:
    enum class Next { Go, Leave };

    /// The next line; nothing at the end of the input and after Ctrl-C twice.
    Result<std::optional<std::string>> readMessage();
    Result<Next> act(const std::string& line);
    Next obey(std::string_view line);
    Result<Next> answer(const std::string& text);
    void save(const std::string& file);
    void showStatistics(const jobs::Answer& answer);

    CommandContext& m_context;
    Output& m_output;
    jobs::ChatSession m_session;
    jobs::AnswerOptions m_answering;
    std::string m_system;
    bool m_isTerminal;
};

} // namespace llamahome::app
