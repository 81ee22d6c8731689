// KeepAwake: keeps the computer from going to sleep while something long is at work. One owner, any thread.
#pragma once

#include <string>

#include <sys/types.h>

namespace llamahome::jobs {

/// Asks systemd's login manager, by a child `systemd-inhibit` that holds the inhibitor for as long as this
/// process keeps its end of a pipe open: it goes with the process however that ends. Where there is no login
/// manager, or it refuses, the computer sleeps as it would have; nothing is asked of the user and nothing
/// waits.
class KeepAwake {
public:
    /// `why` in a few words, as the desktop lists it: "training recipes". `program` is looked up in PATH.
    explicit KeepAwake(const std::string& why, const std::string& program = "systemd-inhibit");
    /// Lets it sleep again; returns when the child is gone.
    ~KeepAwake();
    KeepAwake(const KeepAwake&) = delete;
    KeepAwake& operator=(const KeepAwake&) = delete;

private:
    pid_t m_child = -1;
    int m_pipe = -1; ///< the end that is written to, and never is
};

} // namespace llamahome::jobs
