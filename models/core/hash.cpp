#include "core/hash.h"

#include "core/digest.h"

namespace llamahome {

struct Sha256::Context {
    Digest digest{DigestKind::Sha256};
};

Sha256::Sha256()
    : m_context(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
    m_context->digest.update(bytes);
}

void Sha256::update(std::string_view text) {
    m_context->digest.update(text);
}

std::string Sha256::hexDigest() {
    return m_context->digest.hex();
}

std::string sha256Hex(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hash.hexDigest();
}

Result<std::string> sha256File(const std::filesystem::path& path, const CancelToken& cancel,
                               const ProgressSink& progress) {
    return digestFile(path, DigestKind::Sha256, cancel, progress);
}

Result<std::string> md5File(const std::filesystem::path& path, const CancelToken& cancel,
                            const ProgressSink& progress) {
    return digestFile(path, DigestKind::Md5, cancel, progress);
}

} // namespace llamahome
