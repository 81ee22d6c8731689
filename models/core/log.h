// The one door for log lines. Secrets are redacted here, before any sink sees the text. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace llamahome {

enum class LogLevel { Trace, Debug, Info, Warning, Error, Off };

/// Takes finished, redacted lines. Implementations are thread-safe.
class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void write(LogLevel level, std::string_view module, std::string_view message) = 0;
};

/// Replaces the program's sink; null drops everything. Called at start-up and by tests.
void setLogSink(std::shared_ptr<LogSink> sink);

/// Writes one line. `module` is a folder's name: "jobs", "formats", "engine".
void logLine(LogLevel level, std::string_view module, std::string_view message);

/// `text` with tokens (hf_…, Bearer …), the signed parts of links and what stands before the @ of an address
/// replaced by "[redacted]".
std::string redactSecrets(std::string_view text);

} // namespace llamahome
