#include "formats/pending_file.h"

#include <string>

#include <unistd.h>

namespace llamahome::formats {

Result<std::unique_ptr<PendingFile>> PendingFile::create(FileLayer& files,
                                                         const std::filesystem::path& path) {
    std::unique_ptr<PendingFile> pending(new PendingFile(files, path));
    if (auto removed = files.remove(pending->m_temporary); !removed) return removed.error();
    auto file = files.createNew(pending->m_temporary);
    if (!file) return file.error();
    pending->m_file = std::move(*file);
    return pending;
}

PendingFile::PendingFile(FileLayer& files, std::filesystem::path path)
    : m_files(files)
    , m_path(std::move(path))
    , m_temporary(m_path) {
    m_temporary += ".tmp-" + std::to_string(::getpid());
}

PendingFile::~PendingFile() {
    m_file.reset();
    if (!m_isFinished) (void)m_files.remove(m_temporary);
}

Result<void> PendingFile::finish() {
    if (auto done = m_file->sync(); !done) return done;
    if (auto done = m_file->close(); !done) return done;
    if (auto done = m_files.rename(m_temporary, m_path); !done) return done;
    m_isFinished = true;
    const auto folder = m_path.parent_path();
    return m_files.syncDirectory(folder.empty() ? std::filesystem::path(".") : folder);
}

} // namespace llamahome::formats
