#include "jobs/system/keep_awake.h"

#include <array>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"

namespace llamahome::jobs {
namespace {

/// What the child begins with: the pipe as its input, no output, and a session of its own, so that neither
/// Ctrl-C nor a question on the terminal reaches it.
class ChildSetUp {
public:
    explicit ChildSetUp(int input) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        for (const int output : {STDOUT_FILENO, STDERR_FILENO})
            ::posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0);
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    }
    ~ChildSetUp() {
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&actions);
    }
    ChildSetUp(const ChildSetUp&) = delete;
    ChildSetUp& operator=(const ChildSetUp&) = delete;

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

} // namespace

KeepAwake::KeepAwake(const std::string& why, const std::string& program) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    m_pipe = ends[1];
    std::string name = program;
    std::string reason = "--why=" + why;
    std::string what = "--what=sleep:idle";
    std::string who = "--who=LlamaHome";
    std::string holder = "cat"; // until the pipe is closed
    const std::array<char*, 6> arguments{name.data(),   what.data(),   who.data(),
                                         reason.data(), holder.data(), nullptr};
    const ChildSetUp setUp(ends[0]);
    const int failure =
        ::posix_spawnp(&m_child, name.c_str(), &setUp.actions, &setUp.attributes, arguments.data(), environ);
    ::close(ends[0]);
    if (failure == 0) return;
    m_child = -1;
    logLine(LogLevel::Info, "jobs",
            "the computer may go to sleep meanwhile: " + program + ": " + std::strerror(failure));
}

KeepAwake::~KeepAwake() {
    if (m_pipe >= 0) ::close(m_pipe);
    if (m_child < 0) return;
    ::kill(m_child, SIGTERM); // what holds it up is not worth waiting for
    int status = 0;
    while (::waitpid(m_child, &status, 0) < 0 && errno == EINTR) {
    }
}

} // namespace llamahome::jobs
