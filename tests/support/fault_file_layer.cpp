#include "support/fault_file_layer.h"

#include <csignal>

#include <unistd.h>

#include "core/error_codes.h"

namespace llamahome::testing {
namespace fs = std::filesystem;

class FaultFileLayer::File final : public WritableFile {
public:
    File(FaultFileLayer& layer, std::unique_ptr<WritableFile> real, fs::path path)
        : m_layer(layer)
        , m_real(std::move(real))
        , m_path(std::move(path)) {}

    Result<void> write(std::span<const std::byte> bytes) override {
        if (!m_layer.isDue()) return m_real->write(bytes);
        if (m_layer.m_fault == Fault::Short) (void)m_real->write(bytes.first(bytes.size() / 2));
        return m_layer.faultError(m_path);
    }
    Result<void> sync() override {
        if (m_layer.isDue()) return m_layer.faultError(m_path);
        return m_real->sync();
    }
    Result<void> reserve(std::uint64_t sizeBytes) override {
        if (m_layer.isDue()) return m_layer.faultError(m_path);
        return m_real->reserve(sizeBytes);
    }
    Result<void> close() override {
        if (m_layer.isDue()) return m_layer.faultError(m_path);
        return m_real->close();
    }

private:
    FaultFileLayer& m_layer;
    std::unique_ptr<WritableFile> m_real;
    fs::path m_path;
};

bool FaultFileLayer::isDue() {
    if (++m_calls != m_failAt || m_fault == Fault::None) return false;
    if (m_fault == Fault::Kill) ::kill(::getpid(), SIGKILL);
    return true;
}

Error FaultFileLayer::faultError(const fs::path& path) const {
    if (m_fault == Fault::IoError)
        return Error{codes::kFileWrite,
                     "cannot write " + displayPath(path) + ": injected input/output error"};
    return Error{codes::kDiskFull, "cannot write " + displayPath(path) + ": injected full disk"};
}

Result<std::unique_ptr<WritableFile>> FaultFileLayer::createNew(const fs::path& path) {
    if (isDue()) return faultError(path);
    auto real = systemFiles().createNew(path);
    if (!real) return real.error();
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(*real), path));
}

Result<std::unique_ptr<WritableFile>> FaultFileLayer::openAppend(const fs::path& path) {
    if (isDue()) return faultError(path);
    auto real = systemFiles().openAppend(path);
    if (!real) return real.error();
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(*real), path));
}

Result<void> FaultFileLayer::truncate(const fs::path& path, std::uint64_t sizeBytes) {
    return isDue() ? Result<void>(faultError(path)) : systemFiles().truncate(path, sizeBytes);
}

Result<void> FaultFileLayer::rename(const fs::path& from, const fs::path& to) {
    return isDue() ? Result<void>(faultError(to)) : systemFiles().rename(from, to);
}

Result<bool> FaultFileLayer::exchange(const fs::path& one, const fs::path& other) {
    if (isDue()) return faultError(other);
    return m_canExchange ? systemFiles().exchange(one, other) : Result<bool>(false);
}

Result<void> FaultFileLayer::remove(const fs::path& path) {
    return isDue() ? Result<void>(faultError(path)) : systemFiles().remove(path);
}

Result<void> FaultFileLayer::makeDirectory(const fs::path& path) {
    return isDue() ? Result<void>(faultError(path)) : systemFiles().makeDirectory(path);
}

Result<void> FaultFileLayer::makeDirectories(const fs::path& path) {
    return isDue() ? Result<void>(faultError(path)) : systemFiles().makeDirectories(path);
}

Result<void> FaultFileLayer::syncDirectory(const fs::path& path) {
    return isDue() ? Result<void>(faultError(path)) : systemFiles().syncDirectory(path);
}

Result<void> FaultFileLayer::symlink(const fs::path& target, const fs::path& link) {
    return isDue() ? Result<void>(faultError(link)) : systemFiles().symlink(target, link);
}

} // namespace llamahome::testing
