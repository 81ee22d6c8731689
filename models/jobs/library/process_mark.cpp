#include "jobs/library/process_mark.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <sstream>

#include <unistd.h>

namespace llamahome::jobs {
namespace {

std::string firstLine(const std::string& path) {
    std::ifstream stream(path);
    std::string line;
    std::getline(stream, line);
    return line;
}

/// Field 22 of /proc/PID/stat; empty for a process that is gone or only waits to be reaped. The second field,
/// the program's name in brackets, may hold blanks and brackets.
std::string startTicks(std::int64_t pid) {
    const std::string stat = firstLine("/proc/" + std::to_string(pid) + "/stat");
    const auto afterName = stat.rfind(')');
    if (afterName == std::string::npos) return {};
    std::istringstream fields(stat.substr(afterName + 1));
    std::string field;
    for (int number = 3; number <= 22; ++number)
        if (!(fields >> field) || (number == 3 && (field == "Z" || field == "X"))) return {};
    return field;
}

std::string startOf(std::int64_t pid) {
    const std::string boot = firstLine("/proc/sys/kernel/random/boot_id");
    const std::string ticks = startTicks(pid);
    return boot.empty() || ticks.empty() ? std::string() : boot + ":" + ticks;
}

} // namespace

ProcessMark ProcessMark::ofThisProcess() {
    const auto pid = static_cast<std::int64_t>(::getpid());
    return {pid, startOf(pid)};
}

bool ProcessMark::isAlive() const {
    if (pid <= 0) return false;
    if (!started.empty()) return startOf(pid) == started;
    return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM;
}

std::string ProcessMark::fileToken() const {
    std::string token = std::to_string(pid);
    if (!started.empty()) token += '.';
    for (const char c : started)
        if (c != '-') token += c == ':' ? '.' : c;
    return token;
}

bool ProcessMark::isTokenAlive(std::string_view token) {
    ProcessMark mark;
    const auto read = std::from_chars(token.data(), token.data() + token.size(), mark.pid);
    if (read.ec != std::errc()) return false;
    if (read.ptr == token.data() + token.size()) return mark.isAlive();
    mark.started = startOf(mark.pid);
    return mark.fileToken() == token;
}

} // namespace llamahome::jobs
