// A running digest of bytes (OpenSSL), and the digest of a file. Any thread, a digest on one at a time; files
// are read where it is called, so not on the GUI thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"

namespace llamahome {

/// MD5 and SHA-1 find damage, not forgery.
enum class DigestKind { Sha256, Sha1, Md5 };

class Digest {
public:
    explicit Digest(DigestKind kind);
    ~Digest();
    /// A copy has taken what the original has taken, and goes its own way.
    Digest(const Digest& other);
    Digest& operator=(const Digest& other);
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;

    /// False where OpenSSL does not have this kind, as MD5 in FIPS mode, or failed.
    bool isGood() const;
    void update(std::span<const std::byte> bytes);
    void update(std::string_view text);
    /// Lower-case digits for what has been taken so far; more may follow. Empty where it is not good.
    std::string hex() const;

private:
    struct Context;
    std::unique_ptr<Context> m_context;
};

/// Reads a file to its end in blocks of 1 MiB; cancel is looked at and progress told once a block. FILE-01,
/// FILE-08 as fileSize(), FILE-04, RUN-00.
Result<void> readInBlocks(const std::filesystem::path& path, const CancelToken& cancel,
                          const ProgressSink& progress,
                          const std::function<void(std::span<const std::byte>)>& take);

/// Digest of a file, read by readInBlocks(). FILE-04 also where OpenSSL does not have that kind.
Result<std::string> digestFile(const std::filesystem::path& path, DigestKind kind,
                               const CancelToken& cancel = {}, const ProgressSink& progress = {});

} // namespace llamahome
