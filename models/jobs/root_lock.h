// RootLock: the one writer of a data root, by an operating system lock on an open file. Any thread.
#pragma once

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/data_root.h"

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

private:
    RootLock(DataRoot root, int descriptor);

    DataRoot m_root;
    int m_descriptor = -1;
};

} // namespace llamahome::jobs
