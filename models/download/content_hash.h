// The proof of a file's bytes while they arrive: SHA-256 for the library's records, and what the source
// promises. Copyable: a copy is a place to come back to. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "core/cancel_token.h"
#include "core/digest.h"
#include "core/progress.h"
#include "core/result.h"
#include "download/remote_set.h"

namespace llamahome::download {

class ContentHash {
public:
    /// `sizeBytes` of the whole file; where a git blob's is unknown its hash can only be had from the whole
    /// file, by contentHashOf().
    ContentHash(const ExpectedHash& expected, std::optional<std::uint64_t> sizeBytes);

    void update(std::span<const std::byte> bytes);
    /// SHA-256 of what has been taken so far.
    std::string sha256() const { return m_sha256.hex(); }
    /// Whether what has been taken is what was promised; nothing where this cannot be told from the stream.
    /// True where nothing was promised.
    std::optional<bool> isAsExpected() const;

private:
    ExpectedHash m_expected;
    Digest m_sha256{DigestKind::Sha256};
    std::optional<Digest> m_other;
};

/// Of a file on the disk. FILE-01, FILE-04, FILE-08, RUN-00.
Result<ContentHash> contentHashOf(const std::filesystem::path& path, const ExpectedHash& expected,
                                  const CancelToken& cancel, const ProgressSink& progress = {});

/// "SHA-256", "git's SHA-1", "MD5", "size only": how a file was proved, for messages and records.
std::string nameOf(HashKind kind);

} // namespace llamahome::download
