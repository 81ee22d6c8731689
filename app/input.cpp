#include "app/input.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <termios.h>
#include <unistd.h>

#include "app/signals.h"
#include "core/error_codes.h"

namespace llamahome::app {
namespace {

Error tooLong() {
    return Error{codes::kFileTooLarge, "standard input: found more than " +
                                           std::to_string(kMaxInputBytes >> 20) +
                                           " MiB, expected less; give it in parts"};
}

/// While it lives a terminal does not show what is typed.
class HiddenTyping {
public:
    explicit HiddenTyping(int descriptor)
        : m_descriptor(descriptor)
        , m_isTerminal(::tcgetattr(descriptor, &m_before) == 0) {
        if (!m_isTerminal) return;
        termios hidden = m_before;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(m_descriptor, TCSAFLUSH, &hidden);
    }
    ~HiddenTyping() {
        if (m_isTerminal) ::tcsetattr(m_descriptor, TCSAFLUSH, &m_before);
    }
    HiddenTyping(const HiddenTyping&) = delete;
    HiddenTyping& operator=(const HiddenTyping&) = delete;

private:
    int m_descriptor;
    termios m_before{};
    bool m_isTerminal;
};

} // namespace

bool Input::isTerminal() const {
    return ::isatty(m_descriptor) != 0;
}

Result<std::optional<std::size_t>> Input::fill() {
    std::array<char, 65536> block{};
    while (true) {
        if (SignalScope::received() != 0) return std::optional<std::size_t>{};
        const ssize_t count = ::read(m_descriptor, block.data(), block.size());
        if (count >= 0) {
            m_isAtEnd = count == 0;
            m_buffer.append(block.data(), static_cast<std::size_t>(count));
            if (m_buffer.size() > kMaxInputBytes) return tooLong();
            return std::optional<std::size_t>(static_cast<std::size_t>(count));
        }
        if (errno != EINTR)
            return Error{codes::kFileRead,
                         std::string("cannot read standard input: ") + std::strerror(errno)};
    }
}

Result<Input::Status> Input::readLine(std::string& line) {
    std::size_t end = m_buffer.find('\n');
    while (end == std::string::npos && !m_isAtEnd) {
        const std::size_t searched = m_buffer.size();
        const auto count = fill();
        if (!count) return count.error();
        if (!count->has_value()) return Status::Interrupted;
        end = m_buffer.find('\n', searched);
    }
    if (end == std::string::npos && m_buffer.empty()) return Status::End;
    line = m_buffer.substr(0, end);
    m_buffer.erase(0, end == std::string::npos ? end : end + 1);
    if (line.ends_with('\r')) line.pop_back();
    return Status::Line;
}

Result<Input::Status> Input::readSecret(std::string& line) {
    const HiddenTyping hidden(m_descriptor);
    return readLine(line);
}

Result<std::string> Input::readAll() {
    while (!m_isAtEnd) {
        const auto count = fill();
        if (!count) return count.error();
        if (!count->has_value()) return Error{codes::kCancelled, "stopped while reading standard input"};
    }
    return std::move(m_buffer);
}

} // namespace llamahome::app
