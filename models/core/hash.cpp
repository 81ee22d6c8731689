#include "core/hash.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <vector>

#include <openssl/evp.h>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome {

namespace {

constexpr std::uint64_t kBlockBytes = 1U << 20;

class Digest {
public:
    explicit Digest(const EVP_MD* kind)
        : m_isGood(m_evp != nullptr && EVP_DigestInit_ex(m_evp, kind, nullptr) == 1) {}
    ~Digest() { EVP_MD_CTX_free(m_evp); }
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;

    /// False where OpenSSL does not have this kind, as MD5 in FIPS mode, or failed.
    bool isGood() const { return m_isGood; }

    void update(std::span<const std::byte> bytes) {
        m_isGood = m_isGood && EVP_DigestUpdate(m_evp, bytes.data(), bytes.size()) == 1;
    }

    /// Empty where it is not good.
    std::string hex() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned size = 0;
        m_isGood = m_isGood && EVP_DigestFinal_ex(m_evp, digest.data(), &size) == 1;
        if (!m_isGood) return {};
        static constexpr std::string_view kDigits = "0123456789abcdef";
        std::string text;
        for (unsigned i = 0; i < size; ++i) {
            text += kDigits[digest[i] >> 4];
            text += kDigits[digest[i] & 15];
        }
        return text;
    }

private:
    EVP_MD_CTX* m_evp = EVP_MD_CTX_new();
    bool m_isGood;
};

Error noDigestError(const std::filesystem::path& path, std::string_view name) {
    return Error{codes::kFileRead, "cannot check " + displayPath(path) + ": OpenSSL gives no " +
                                       std::string(name) +
                                       " on this machine, as in FIPS mode; check it on another machine"};
}

/// `name` is that of the kind, for messages.
Result<std::string> digestFile(const std::filesystem::path& path, const EVP_MD* kind, std::string_view name,
                               const CancelToken& cancel, const ProgressSink& progress) {
    const auto size = fileSize(path);
    if (!size) return size.error();
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{codes::kFileRead, "cannot read " + displayPath(path)};
    // Small files are many; the one byte more sees their end.
    std::vector<char> block(static_cast<std::size_t>(std::min<std::uint64_t>(*size + 1, kBlockBytes)));
    Digest digest(kind);
    if (!digest.isGood()) return noDigestError(path, name);
    Progress state{"checking " + displayPath(path.filename()), 0, *size, "bytes"};
    while (file) {
        if (cancel.isCancelled())
            return Error{codes::kCancelled, "checking " + displayPath(path) + " was stopped"};
        file.read(block.data(), static_cast<std::streamsize>(block.size()));
        const auto count = static_cast<std::size_t>(file.gcount());
        digest.update(std::as_bytes(std::span(block.data(), count)));
        state.done += count;
        if (progress && count > 0) progress(state);
    }
    if (file.bad()) return Error{codes::kFileRead, "cannot read " + displayPath(path) + " to its end"};
    std::string hex = digest.hex();
    if (!digest.isGood()) return noDigestError(path, name);
    return hex;
}

} // namespace

struct Sha256::Context {
    Digest digest{EVP_sha256()};
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
    update(std::as_bytes(std::span(text)));
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
    return digestFile(path, EVP_sha256(), "SHA-256", cancel, progress);
}

Result<std::string> md5File(const std::filesystem::path& path, const CancelToken& cancel,
                            const ProgressSink& progress) {
    return digestFile(path, EVP_md5(), "MD5", cancel, progress);
}

} // namespace llamahome
