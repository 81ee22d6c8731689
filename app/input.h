// What the program reads: standard input whole or line by line, and yes-or-no questions. Main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace llamahome::app {

/// Most bytes taken from standard input.
inline constexpr std::uint64_t kMaxInputBytes = 256ULL << 20;

class Input {
public:
    /// Reads `descriptor`, which stays open and outlives the object.
    explicit Input(int descriptor)
        : m_descriptor(descriptor) {}

    bool isTerminal() const;

    enum class Status { Line, End, Interrupted };
    /// The next line without its end. Interrupted: a signal arrived first (see signals.h).
    /// FILE-04 where reading fails, FILE-07 where a line is longer than kMaxInputBytes.
    Result<Status> readLine(std::string& line);

    /// The same; a terminal does not show what is typed.
    Result<Status> readSecret(std::string& line);

    /// Everything that is left. FILE-07 above kMaxInputBytes; RUN-00 when a signal arrived first.
    Result<std::string> readAll();

private:
    /// Reads once into the buffer: number of bytes, 0 at the end, nothing when interrupted.
    Result<std::optional<std::size_t>> fill();

    int m_descriptor;
    std::string m_buffer;
    bool m_isAtEnd = false;
};

} // namespace llamahome::app
