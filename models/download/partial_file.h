// What has been received of a file so far, with its running hash. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/hash.h"

namespace llamahome::download {

/// Lies in "<target>.part". Bytes that an earlier call left are hashed anew, so none is trusted unseen.
class PartialFile {
public:
    /// Takes up what is there, or begins empty. More than `limitBytes` is no part of the file: begun anew.
    static Result<PartialFile> open(const std::filesystem::path& target, std::uint64_t limitBytes,
                                    FileLayer& files, const CancelToken& cancel);

    std::uint64_t sizeBytes() const { return m_sizeBytes; }
    Result<void> append(std::span<const std::byte> bytes);
    /// Forgets everything received.
    Result<void> restart();
    /// Gives the file its name, durably, where its hash is `sha256`; else false, and only restart() helps.
    Result<bool> finish(const std::string& sha256);

private:
    PartialFile(std::filesystem::path target, FileLayer& files);
    Result<void> takeUp(std::uint64_t sizeBytes, const CancelToken& cancel);

    std::filesystem::path m_target;
    std::filesystem::path m_path;
    FileLayer* m_files;
    std::unique_ptr<WritableFile> m_file;
    Sha256 m_hash;
    std::uint64_t m_sizeBytes = 0;
};

} // namespace llamahome::download
