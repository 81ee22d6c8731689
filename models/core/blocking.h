// Threads that must never wait, and what would make them. Any thread.
//
// Told by: readFile(), fileSize() and what opens files through them (formats, manifests, records, hashes),
// freeDiskBytes(), line-wise reading of JSON Lines, opening the program's libraries, every request to the
// network. Walks over folders and the window's own small files are not.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

namespace llamahome {

/// Told what a call is about to do ("read /root/a"). Must not block, and must not throw.
using BlockingWatcher = std::function<void(std::string_view call)>;

/// From now on blockingCall() on the calling thread, which must not block, is told to `watcher`; empty: the
/// thread may block, as every thread may at first. Gives back the watcher before.
BlockingWatcher watchBlocking(BlockingWatcher watcher);

/// Said at the head of whatever may wait. Writing is watched by the FileLayer that a test passes in.
void blockingCall(std::string_view action, std::string_view thing);

/// While it lives the calling thread may block: for a test that looks at files itself.
class MayBlock {
public:
    MayBlock()
        : m_watcher(watchBlocking({})) {}
    ~MayBlock() { watchBlocking(std::move(m_watcher)); }
    MayBlock(const MayBlock&) = delete;
    MayBlock& operator=(const MayBlock&) = delete;

private:
    BlockingWatcher m_watcher;
};

} // namespace llamahome
