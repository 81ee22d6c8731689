#include "core/log.h"

#include <algorithm>
#include <array>
#include <mutex>

namespace llamahome {
namespace {

struct SinkHolder {
    std::mutex mutex;
    std::shared_ptr<LogSink> sink;
};

SinkHolder& holder() {
    static SinkHolder instance;
    return instance;
}

bool isSecretCharacter(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.' || c == '~' || c == '+' || c == '/' || c == '=' || c == '%';
}

/// Markers after which everything up to the first character that no secret has is a secret.
constexpr std::array<std::string_view, 8> kMarkers{
    "hf_",          "Bearer ",          "Signature=",        "Policy=",
    "Key-Pair-Id=", "X-Amz-Signature=", "X-Amz-Credential=", "X-Amz-Security-Token="};
constexpr std::size_t kShortestToken = 8;
constexpr std::string_view kRedacted = "[redacted]";

/// "https://user:password@host" without user and password.
void redactUsers(std::string& text) {
    constexpr std::string_view kMark = "://";
    std::size_t at = 0;
    while ((at = text.find(kMark, at)) != std::string::npos) {
        at += kMark.size();
        const std::size_t end = text.find_first_of("/?# \t\n\r\"'`<>", at);
        const std::size_t sign = std::string_view(text).substr(0, end).rfind('@');
        if (sign == std::string::npos || sign <= at) continue;
        text.replace(at, sign - at, kRedacted);
    }
}

} // namespace

void setLogSink(std::shared_ptr<LogSink> sink) {
    const std::lock_guard lock(holder().mutex);
    holder().sink = std::move(sink);
}

void logLine(LogLevel level, std::string_view module, std::string_view message) {
    std::shared_ptr<LogSink> sink;
    {
        const std::lock_guard lock(holder().mutex);
        sink = holder().sink;
    }
    if (sink) sink->write(level, module, redactSecrets(message));
}

std::string redactSecrets(std::string_view text) {
    std::string clean(text);
    redactUsers(clean);
    for (const std::string_view marker : kMarkers) {
        std::size_t at = 0;
        while ((at = clean.find(marker, at)) != std::string::npos) {
            const std::size_t begin = at + marker.size();
            const auto end = std::find_if_not(clean.begin() + static_cast<std::ptrdiff_t>(begin), clean.end(),
                                              isSecretCharacter);
            const auto length = static_cast<std::size_t>(end - clean.begin()) - begin;
            if (length >= kShortestToken) {
                clean.replace(begin, length, kRedacted);
                at = begin + kRedacted.size();
            } else {
                at = begin;
            }
        }
    }
    return clean;
}

} // namespace llamahome
