// Digests of bytes and files (OpenSSL): SHA-256, and MD5 for old lists of checksums. Any thread; files are
// read where it is called, so not on the GUI thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"

namespace llamahome {

/// A running SHA-256.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const std::byte> bytes);
    void update(std::string_view text);
    /// 64 lower-case hex digits. Ends the object's use.
    std::string hexDigest();

private:
    struct Context;
    std::unique_ptr<Context> m_context;
};

/// Hex digest of `text`.
std::string sha256Hex(std::string_view text);

/// Hex digest of a file, read in blocks of 1 MiB; cancel is looked at and progress told once a block.
Result<std::string> sha256File(const std::filesystem::path& path, const CancelToken& cancel = {},
                               const ProgressSink& progress = {});

/// As sha256File(), 32 digits of MD5: it finds damage, not forgery.
Result<std::string> md5File(const std::filesystem::path& path, const CancelToken& cancel = {},
                            const ProgressSink& progress = {});

} // namespace llamahome
