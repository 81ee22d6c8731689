// Work in a process of its own that a signal is to end. The thread that calls; no other may matter to the
// work.
#pragma once

#include <functional>

#include <sys/wait.h>
#include <unistd.h>

namespace llamahome::testing {

/// Runs `work` in a child process; true when it was killed.
inline bool isKilledDuring(const std::function<void()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
        work();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

} // namespace llamahome::testing
