// Workspace: one region of memory for everything that a training step keeps or scribbles on. Engine thread.
//
// A stack: what is taken last is given back first. The region is address space of the machine's memory,
// mapped with huge pages and touched as it is first used, so that a step after the first allocates nothing.
#pragma once

#include <cstddef>

#include <ATen/core/Tensor.h>

#include "llama/nn/address_space.h"

namespace llamahome::engine {

class Workspace {
public:
    Workspace();

    /// An uninitialised contiguous tensor on the CPU; its memory is its own until a mark from before is
    /// released. std::bad_alloc beyond the machine's memory, or where the system gives no more.
    at::Tensor take(at::IntArrayRef shape, at::ScalarType type);

    std::size_t mark() const { return m_used; }
    /// Gives back what was taken after mark().
    void release(std::size_t mark);
    /// Most bytes ever taken at once.
    std::size_t peakBytes() const { return m_peak; }

private:
    AddressSpace m_space;
    std::size_t m_usable = 0; ///< from the start, readable and writable
    std::size_t m_used = 0;
    std::size_t m_peak = 0;
};

/// Gives back on leaving a scope what was taken within it.
class WorkspaceScope {
public:
    explicit WorkspaceScope(Workspace& workspace)
        : m_workspace(workspace)
        , m_mark(workspace.mark()) {}
    ~WorkspaceScope() { m_workspace.release(m_mark); }
    WorkspaceScope(const WorkspaceScope&) = delete;
    WorkspaceScope& operator=(const WorkspaceScope&) = delete;

private:
    Workspace& m_workspace;
    std::size_t m_mark;
};

} // namespace llamahome::engine
