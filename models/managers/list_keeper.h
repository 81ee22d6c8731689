// ListKeeper: a list that outlives the program, of several changes the last only; and the moving of its
// entries. put() and moveBy() on the GUI thread; the rest on the file pool.
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/file_layer.h"
#include "core/log.h"
#include "core/result.h"
#include "jobs/library/data_root.h"

namespace llamahome::managers {

/// The file is touched by one thread at a time.
template <typename Entry>
class ListKeeper {
public:
    using List = std::vector<Entry>;
    /// How the list is read and written; `name` is what the log calls it.
    struct Format {
        const char* name;
        List (*read)(const jobs::DataRoot&);
        Result<void> (*write)(FileLayer&, const jobs::DataRoot&, const List&);
    };

    ListKeeper(jobs::DataRoot root, FileLayer& files, Format format)
        : m_root(std::move(root))
        , m_files(files)
        , m_format(format) {}

    /// The list that the next drain() writes. Never waits for a file.
    void put(List list) {
        const std::lock_guard guard(m_waitingGuard);
        m_waiting = std::move(list);
    }
    /// One that cannot be written is logged; the next change tries again.
    void drain() {
        const std::lock_guard file(m_fileGuard);
        std::optional<List> list;
        {
            const std::lock_guard guard(m_waitingGuard);
            list = std::exchange(m_waiting, std::nullopt);
        }
        if (!list) return;
        if (auto written = m_format.write(m_files, m_root, *list); !written)
            logLine(LogLevel::Warning, "managers",
                    std::string(m_format.name) + " is not kept: " + written.error().message);
    }
    List read() {
        const std::lock_guard file(m_fileGuard);
        return m_format.read(m_root);
    }

private:
    jobs::DataRoot m_root;
    FileLayer& m_files;
    Format m_format;
    std::mutex m_fileGuard; ///< held while the file is read or written
    std::mutex m_waitingGuard;
    std::optional<List> m_waiting;
};

/// Moves `entry` of `items` by so many places among the first `count`; false where it stays where it is.
template <typename Item>
bool moveBy(std::vector<Item>& items, const Item& entry, int by, std::size_t count) {
    const auto begin = items.begin();
    const auto from = static_cast<int>(&entry - items.data());
    const int to = std::clamp(from + by, 0, static_cast<int>(count) - 1);
    if (to < from)
        std::rotate(begin + to, begin + from, begin + from + 1);
    else
        std::rotate(begin + from, begin + from + 1, begin + to + 1);
    return to != from;
}

} // namespace llamahome::managers
