// LauncherProgress: progress on the program's icon in the task bar or dock. GUI thread.
#pragma once

#include <QString>

namespace llamahome::widgets {

/// Speaks the launcher protocol that Plasma, the docks of GNOME, Unity and others listen to (signal Update of
/// com.canonical.Unity.LauncherEntry on the session bus). Without a session bus it does nothing; nothing is
/// waited for.
class LauncherProgress {
public:
    LauncherProgress() = default;
    /// Takes the bar away.
    ~LauncherProgress();
    LauncherProgress(const LauncherProgress&) = delete;
    LauncherProgress& operator=(const LauncherProgress&) = delete;

    /// 0 to 100; below 0: no bar. The same value again is not sent.
    void set(int percent);

private:
    int m_percent = -1;
};

} // namespace llamahome::widgets
