#include "jobs/in_parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/guarded.h"
#include "core/log.h"

namespace llamahome::jobs {
namespace {

/// Threads that are joined whatever happens.
struct Team {
    std::vector<std::thread> threads;

    ~Team() {
        for (std::thread& thread : threads)
            thread.join();
    }
};

} // namespace

Result<void> inParallel(std::size_t count, int workers, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr thrown;
    const auto run = [&]() noexcept {
        try {
            for (std::size_t i = next++; i < count; i = next++)
                work(i);
        } catch (...) {
            next = count;
            const std::lock_guard guard(mutex);
            thrown = std::current_exception();
        }
    };
    {
        Team team;
        try {
            const std::size_t wanted = std::min(static_cast<std::size_t>(std::max(1, workers)), count);
            team.threads.reserve(wanted);
            for (std::size_t i = 1; i < wanted; ++i)
                team.threads.emplace_back(run);
        } catch (const std::exception& failure) {
            logLine(LogLevel::Warning, "jobs", std::string("no further thread: ") + failure.what());
        }
        run();
    }
    if (thrown) return errorOfException(thrown);
    return {};
}

} // namespace llamahome::jobs
