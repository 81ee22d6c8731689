#include "support/gui_guard_files.h"

#include <utility>

namespace llamahome::testing {
namespace fs = std::filesystem;

class GuiGuardFiles::File final : public WritableFile {
public:
    File(GuiGuardFiles& guard, std::unique_ptr<WritableFile> real, fs::path path)
        : m_guard(guard)
        , m_real(std::move(real))
        , m_path(std::move(path)) {}

    Result<void> write(std::span<const std::byte> bytes) override {
        m_guard.note("write", m_path);
        return m_real->write(bytes);
    }
    Result<void> sync() override {
        m_guard.note("sync", m_path);
        return m_real->sync();
    }
    Result<void> reserve(std::uint64_t sizeBytes) override {
        m_guard.note("reserve", m_path);
        return m_real->reserve(sizeBytes);
    }
    Result<void> close() override {
        m_guard.note("close", m_path);
        return m_real->close();
    }

private:
    GuiGuardFiles& m_guard;
    std::unique_ptr<WritableFile> m_real;
    fs::path m_path;
};

GuiGuardFiles::GuiGuardFiles(FileLayer& real)
    : m_real(real)
    , m_guiThread(std::this_thread::get_id()) {
    m_former = watchBlocking([this](std::string_view call) {
        const std::lock_guard guard(m_mutex);
        m_violations.emplace_back(call);
    });
}

GuiGuardFiles::~GuiGuardFiles() {
    watchBlocking(std::move(m_former));
}

void GuiGuardFiles::note(const char* call, const fs::path& path) {
    const std::lock_guard guard(m_mutex);
    ++m_calls;
    if (std::this_thread::get_id() == m_guiThread)
        m_violations.push_back(std::string(call) + " " + displayPath(path));
}

std::vector<std::string> GuiGuardFiles::violations() const {
    const std::lock_guard guard(m_mutex);
    return m_violations;
}

std::uint64_t GuiGuardFiles::calls() const {
    const std::lock_guard guard(m_mutex);
    return m_calls;
}

Result<std::unique_ptr<WritableFile>> GuiGuardFiles::createNew(const fs::path& path) {
    note("createNew", path);
    auto real = m_real.createNew(path);
    if (!real) return real.error();
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(*real), path));
}

Result<std::unique_ptr<WritableFile>> GuiGuardFiles::openAppend(const fs::path& path) {
    note("openAppend", path);
    auto real = m_real.openAppend(path);
    if (!real) return real.error();
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(*real), path));
}

Result<void> GuiGuardFiles::truncate(const fs::path& path, std::uint64_t sizeBytes) {
    note("truncate", path);
    return m_real.truncate(path, sizeBytes);
}

Result<void> GuiGuardFiles::rename(const fs::path& from, const fs::path& to) {
    note("rename", to);
    return m_real.rename(from, to);
}

Result<bool> GuiGuardFiles::exchange(const fs::path& one, const fs::path& other) {
    note("exchange", other);
    return m_real.exchange(one, other);
}

Result<void> GuiGuardFiles::remove(const fs::path& path) {
    note("remove", path);
    return m_real.remove(path);
}

Result<void> GuiGuardFiles::makeDirectory(const fs::path& path) {
    note("makeDirectory", path);
    return m_real.makeDirectory(path);
}

Result<void> GuiGuardFiles::makeDirectories(const fs::path& path) {
    note("makeDirectories", path);
    return m_real.makeDirectories(path);
}

Result<void> GuiGuardFiles::syncDirectory(const fs::path& path) {
    note("syncDirectory", path);
    return m_real.syncDirectory(path);
}

Result<void> GuiGuardFiles::symlink(const fs::path& target, const fs::path& link) {
    note("symlink", link);
    return m_real.symlink(target, link);
}

} // namespace llamahome::testing
