#include "download/transfer_control.h"

#include <algorithm>

namespace llamahome::download {

void TransferControl::putFirst(std::string path) {
    const std::lock_guard guard(m_mutex);
    std::erase(m_wishes, path);
    m_wishes.insert(m_wishes.begin(), std::move(path));
}

std::vector<std::string> TransferControl::wishes() const {
    const std::lock_guard guard(m_mutex);
    return m_wishes;
}

} // namespace llamahome::download
