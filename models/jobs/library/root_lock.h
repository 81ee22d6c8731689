// RootLock: the one writer of a data root, by an operating system lock on an open file. Any thread.
#pragma once

#include <memory>
#include <mutex>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"

namespace llamahome::jobs {

/// Held as long as the object lives; ends with the process, however that ends. Jobs that write take one as
/// proof that the caller holds it. Commands that only read need none.
class RootLock {
public:
    /// Creates the root where it is missing. ROOT-03 names the process that holds the lock. On a file system
    /// that knows no locks the root is taken without one, and the log says so: every write claims its name
    /// exclusively all the same.
    static Result<RootLock> acquire(const DataRoot& root, FileLayer& files = systemFiles());

    ~RootLock();
    RootLock(RootLock&& other) noexcept;
    RootLock& operator=(RootLock&& other) noexcept;
    RootLock(const RootLock&) = delete;
    RootLock& operator=(const RootLock&) = delete;

    const DataRoot& root() const { return m_root; }
    /// For what removes names by a list that lies among them: jobs of one process share the lock, and two
    /// that carry out the same list would meet.
    [[nodiscard]] std::unique_lock<std::mutex> removing() const { return std::unique_lock(*m_removing); }

private:
    RootLock(DataRoot root, int descriptor);

    DataRoot m_root;
    int m_descriptor = -1;
    std::unique_ptr<std::mutex> m_removing = std::make_unique<std::mutex>();
};

} // namespace llamahome::jobs
