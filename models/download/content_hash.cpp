#include "download/content_hash.h"

#include "core/file_layer.h"

namespace llamahome::download {
namespace {

/// What git hashes before a blob's bytes.
std::string blobHead(std::uint64_t sizeBytes) {
    return "blob " + std::to_string(sizeBytes) + std::string(1, '\0');
}

} // namespace

ContentHash::ContentHash(const ExpectedHash& expected, std::optional<std::uint64_t> sizeBytes)
    : m_expected(expected) {
    if (expected.kind == HashKind::Md5) m_other.emplace(DigestKind::Md5);
    if (expected.kind == HashKind::GitBlobSha1 && sizeBytes) {
        m_other.emplace(DigestKind::Sha1);
        m_other->update(blobHead(*sizeBytes));
    }
}

void ContentHash::update(std::span<const std::byte> bytes) {
    m_sha256.update(bytes);
    if (m_other) m_other->update(bytes);
}

std::optional<bool> ContentHash::isAsExpected() const {
    switch (m_expected.kind) {
    case HashKind::None:
        return true;
    case HashKind::Sha256:
        return m_sha256.hex() == m_expected.hex;
    default:
        return m_other && m_other->isGood() ? std::optional(m_other->hex() == m_expected.hex) : std::nullopt;
    }
}

Result<ContentHash> contentHashOf(const std::filesystem::path& path, const ExpectedHash& expected,
                                  const CancelToken& cancel, const ProgressSink& progress) {
    const auto size = fileSize(path);
    if (!size) return size.error();
    ContentHash hash(expected, *size);
    const auto read =
        readInBlocks(path, cancel, progress, [&](std::span<const std::byte> bytes) { hash.update(bytes); });
    if (!read) return read.error();
    return hash;
}

std::string nameOf(HashKind kind) {
    switch (kind) {
    case HashKind::Sha256:
        return "SHA-256";
    case HashKind::GitBlobSha1:
        return "git's SHA-1";
    case HashKind::Md5:
        return "MD5";
    default:
        return "its size only";
    }
}

} // namespace llamahome::download
