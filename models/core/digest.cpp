#include "core/digest.h"

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

const EVP_MD* algorithm(DigestKind kind) {
    switch (kind) {
    case DigestKind::Sha1:
        return EVP_sha1();
    case DigestKind::Md5:
        return EVP_md5();
    default:
        return EVP_sha256();
    }
}

std::string_view nameOf(DigestKind kind) {
    switch (kind) {
    case DigestKind::Sha1:
        return "SHA-1";
    case DigestKind::Md5:
        return "MD5";
    default:
        return "SHA-256";
    }
}

Error noDigestError(const std::filesystem::path& path, DigestKind kind) {
    return Error{codes::kFileRead, "cannot check " + displayPath(path) + ": OpenSSL gives no " +
                                       std::string(nameOf(kind)) +
                                       " on this machine, which FIPS mode forbids; check it elsewhere"};
}

} // namespace

struct Digest::Context {
    Context() = default;
    ~Context() { EVP_MD_CTX_free(evp); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    EVP_MD_CTX* evp = EVP_MD_CTX_new();
    bool isGood = false;
};

Digest::Digest(DigestKind kind)
    : m_context(std::make_unique<Context>()) {
    m_context->isGood =
        m_context->evp != nullptr && EVP_DigestInit_ex(m_context->evp, algorithm(kind), nullptr) == 1;
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

Digest::Digest(const Digest& other)
    : m_context(std::make_unique<Context>()) {
    *this = other;
}

Digest& Digest::operator=(const Digest& other) {
    if (this == &other) return *this;
    if (!m_context) m_context = std::make_unique<Context>();
    m_context->isGood = other.isGood() && EVP_MD_CTX_copy_ex(m_context->evp, other.m_context->evp) == 1;
    return *this;
}

bool Digest::isGood() const {
    return m_context->isGood;
}

void Digest::update(std::span<const std::byte> bytes) {
    m_context->isGood =
        m_context->isGood && EVP_DigestUpdate(m_context->evp, bytes.data(), bytes.size()) == 1;
}

void Digest::update(std::string_view text) {
    update(std::as_bytes(std::span(text)));
}

std::string Digest::hex() const {
    const Digest ended(*this);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (!ended.isGood() || EVP_DigestFinal_ex(ended.m_context->evp, digest.data(), &size) != 1) return {};
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += kDigits[digest[i] >> 4];
        text += kDigits[digest[i] & 15];
    }
    return text;
}

Result<void> readInBlocks(const std::filesystem::path& path, const CancelToken& cancel,
                          const ProgressSink& progress,
                          const std::function<void(std::span<const std::byte>)>& take) {
    const auto size = fileSize(path);
    if (!size) return size.error();
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{codes::kFileRead, "cannot read " + displayPath(path)};
    // Small files are many; the one byte more sees their end.
    std::vector<char> block(static_cast<std::size_t>(std::min<std::uint64_t>(*size + 1, kBlockBytes)));
    Progress state{"checking " + displayPath(path.filename()), 0, *size, "bytes"};
    while (file) {
        if (cancel.isCancelled())
            return Error{codes::kCancelled, "checking " + displayPath(path) + " was stopped"};
        file.read(block.data(), static_cast<std::streamsize>(block.size()));
        const auto count = static_cast<std::size_t>(file.gcount());
        take(std::as_bytes(std::span(block.data(), count)));
        state.done += count;
        if (progress && count > 0) progress(state);
    }
    if (file.bad()) return Error{codes::kFileRead, "cannot read " + displayPath(path) + " to its end"};
    return {};
}

Result<std::string> digestFile(const std::filesystem::path& path, DigestKind kind, const CancelToken& cancel,
                               const ProgressSink& progress) {
    Digest digest(kind);
    const auto read =
        readInBlocks(path, cancel, progress, [&](std::span<const std::byte> bytes) { digest.update(bytes); });
    if (!read) return read.error();
    std::string hex = digest.hex();
    if (hex.empty()) return noDigestError(path, kind);
    return hex;
}

} // namespace llamahome
