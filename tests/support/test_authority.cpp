#include "support/test_authority.h"

#include <memory>
#include <stdexcept>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace llamahome::testing {
namespace {

constexpr long kDaySeconds = 86'400;

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

struct Signed {
    Owned<X509> certificate;
    Owned<EVP_PKEY> key;
};

std::string textOf(BIO* bio) {
    char* bytes = nullptr;
    const long count = BIO_get_mem_data(bio, &bytes);
    return {bytes, static_cast<std::size_t>(count)};
}

TlsIdentity pemOf(const Signed& one) {
    const Owned<BIO> certificate(BIO_new(BIO_s_mem()));
    const Owned<BIO> key(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(certificate.get(), one.certificate.get());
    PEM_write_bio_PrivateKey(key.get(), one.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {textOf(certificate.get()), textOf(key.get())};
}

Signed parsed(const TlsIdentity& pem) {
    const Owned<BIO> certificate(
        BIO_new_mem_buf(pem.certificate.data(), static_cast<int>(pem.certificate.size())));
    const Owned<BIO> key(BIO_new_mem_buf(pem.key.data(), static_cast<int>(pem.key.size())));
    return {Owned<X509>(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr)),
            Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr))};
}

void add(X509* certificate, X509* issuer, int id, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value));
    X509_add_ext(certificate, extension.get(), -1);
}

/// `issuer` null: signs itself.
Signed sign(const char* name, const Signed* issuer, long validSeconds, const char* names) {
    Signed made{Owned<X509>(X509_new()), Owned<EVP_PKEY>(EVP_EC_gen("P-256"))};
    X509* certificate = made.certificate.get();
    if (!made.key) throw std::runtime_error("no key for the test's authority");
    static long number = 0;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++number);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * kDaySeconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate), validSeconds);
    X509_set_pubkey(certificate, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509* by = issuer != nullptr ? issuer->certificate.get() : certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(by));
    if (names != nullptr) add(certificate, by, NID_subject_alt_name, names);
    add(certificate, by, NID_basic_constraints, names != nullptr ? "CA:FALSE" : "critical,CA:TRUE");
    add(certificate, by, NID_subject_key_identifier, "hash");
    X509_sign(certificate, issuer != nullptr ? issuer->key.get() : made.key.get(), EVP_sha256());
    return made;
}

} // namespace

TestAuthority::TestAuthority()
    : m_own(pemOf(sign("LlamaHome test authority", nullptr, kDaySeconds, nullptr))) {}

TlsIdentity TestAuthority::identity(Flaw flaw) const {
    const Signed own = parsed(m_own);
    const char* names = flaw == Flaw::WrongName ? "DNS:elsewhere.example" : "IP:127.0.0.1,DNS:localhost";
    const long validSeconds = flaw == Flaw::Expired ? -kDaySeconds : kDaySeconds;
    return pemOf(sign("a server", flaw == Flaw::SelfSigned ? nullptr : &own, validSeconds, names));
}

} // namespace llamahome::testing
