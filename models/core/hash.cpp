#include "core/hash.h"

#include <array>
#include <fstream>
#include <vector>

#include <openssl/evp.h>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome {

struct Sha256::Context {
    EVP_MD_CTX* evp = EVP_MD_CTX_new();
    ~Context() { EVP_MD_CTX_free(evp); }
};

Sha256::Sha256()
    : m_context(std::make_unique<Context>()) {
    EVP_DigestInit_ex(m_context->evp, EVP_sha256(), nullptr);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
    EVP_DigestUpdate(m_context->evp, bytes.data(), bytes.size());
}

void Sha256::update(std::string_view text) {
    update(std::as_bytes(std::span(text)));
}

std::string Sha256::hexDigest() {
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(m_context->evp, digest.data(), nullptr);
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(64);
    for (const unsigned char byte : digest) {
        hex += kDigits[byte >> 4];
        hex += kDigits[byte & 15];
    }
    return hex;
}

std::string sha256Hex(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hash.hexDigest();
}

Result<std::string> sha256File(const std::filesystem::path& path, const CancelToken& cancel,
                               const ProgressSink& progress) {
    const auto size = fileSize(path);
    if (!size) return size.error();
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{codes::kFileRead, "cannot read " + displayPath(path)};
    std::vector<char> block(1 << 20);
    Sha256 hash;
    Progress state{"checking " + displayPath(path.filename()), 0, *size, "bytes"};
    while (file) {
        if (cancel.isCancelled())
            return Error{codes::kCancelled, "checking " + displayPath(path) + " was stopped"};
        file.read(block.data(), static_cast<std::streamsize>(block.size()));
        const auto count = static_cast<std::size_t>(file.gcount());
        hash.update(std::as_bytes(std::span(block.data(), count)));
        state.done += count;
        if (progress && count > 0) progress(state);
    }
    if (file.bad()) return Error{codes::kFileRead, "cannot read " + displayPath(path) + " to its end"};
    return hash.hexDigest();
}

} // namespace llamahome
