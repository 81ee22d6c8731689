#include "core/blocking.h"

#include <string>
#include <utility>

namespace llamahome {
namespace {

thread_local BlockingWatcher watcherOfThread;

} // namespace

BlockingWatcher watchBlocking(BlockingWatcher watcher) {
    return std::exchange(watcherOfThread, std::move(watcher));
}

void blockingCall(std::string_view action, std::string_view thing) {
    if (watcherOfThread) watcherOfThread(std::string(action) + " " + std::string(thing));
}

} // namespace llamahome
