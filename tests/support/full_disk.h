// A FileLayer over the real one whose disk is full while a test wants it so: half of each write is written,
// and it fails with FILE-03. One thread.
#pragma once

#include <memory>

#include "core/error_codes.h"
#include "support/forwarding_files.h"

namespace llamahome::testing {

class FullDisk final : public ForwardingFiles {
public:
    void setFull(bool isFull) { m_isFull = isFull; }
    int refusals() const { return m_refusals; }

    Result<std::unique_ptr<WritableFile>> createNew(const std::filesystem::path& path) override {
        return wrapped(ForwardingFiles::createNew(path));
    }
    Result<std::unique_ptr<WritableFile>> openAppend(const std::filesystem::path& path) override {
        return wrapped(ForwardingFiles::openAppend(path));
    }
    Result<void> makeDirectory(const std::filesystem::path& path) override {
        return m_isFull ? Result<void>(refuse()) : ForwardingFiles::makeDirectory(path);
    }

private:
    class File final : public WritableFile {
    public:
        File(FullDisk& disk, std::unique_ptr<WritableFile> real)
            : m_disk(disk)
            , m_real(std::move(real)) {}
        Result<void> write(std::span<const std::byte> bytes) override {
            if (!m_disk.m_isFull) return m_real->write(bytes);
            (void)m_real->write(bytes.first(bytes.size() / 2));
            return m_disk.refuse();
        }
        Result<void> sync() override { return m_real->sync(); }
        Result<void> reserve(std::uint64_t sizeBytes) override { return m_real->reserve(sizeBytes); }
        Result<void> close() override { return m_real->close(); }

    private:
        FullDisk& m_disk;
        std::unique_ptr<WritableFile> m_real;
    };

    Result<std::unique_ptr<WritableFile>> wrapped(Result<std::unique_ptr<WritableFile>> real) {
        if (!real) return real.error();
        return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(*real)));
    }
    Error refuse() {
        ++m_refusals;
        return Error{codes::kDiskFull, "cannot write: the disk is full"};
    }

    bool m_isFull = false;
    int m_refusals = 0;
};

} // namespace llamahome::testing
