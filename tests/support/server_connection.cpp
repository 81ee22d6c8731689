#include "support/server_connection.h"

#include <stdexcept>

#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace llamahome::testing {
namespace {

constexpr long kSendBytes = 256L << 10;

struct BioFree {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPointer = std::unique_ptr<BIO, BioFree>;

BioPointer bioOf(const std::string& text) {
    return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

} // namespace

struct TlsServer::Context {
    ~Context() { SSL_CTX_free(tls); }
    SSL_CTX* tls = SSL_CTX_new(TLS_server_method());
};

TlsServer::TlsServer(const TlsIdentity& identity)
    : m_context(std::make_unique<Context>()) {
    SSL_CTX* tls = m_context->tls;
    X509* certificate = PEM_read_bio_X509(bioOf(identity.certificate).get(), nullptr, nullptr, nullptr);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bioOf(identity.key).get(), nullptr, nullptr, nullptr);
    if (identity.isOldTls) {
        SSL_CTX_set_security_level(tls, 0);
        SSL_CTX_set_min_proto_version(tls, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(tls, TLS1_VERSION);
    }
    const bool isReady =
        SSL_CTX_use_certificate(tls, certificate) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (!isReady) throw std::runtime_error("no TLS for the test's server");
}

TlsServer::~TlsServer() = default;

struct ServerConnection::Tls {
    ~Tls() { SSL_free(ssl); }
    SSL* ssl = nullptr;
};

ServerConnection::ServerConnection(int socket, const TlsServer* tls)
    : m_socket(socket) {
    if (tls == nullptr) return;
    m_tls = std::make_unique<Tls>();
    m_tls->ssl = SSL_new(tls->m_context->tls);
    BIO* const socketBio = BIO_new_socket(m_socket, BIO_NOCLOSE);
    BIO* const buffer = BIO_new(BIO_f_buffer()); // else each record of 16 KiB is a call of its own
    BIO_set_write_buffer_size(buffer, kSendBytes);
    BIO_up_ref(socketBio);
    SSL_set_bio(m_tls->ssl, socketBio, BIO_push(buffer, socketBio));
    if (SSL_accept(m_tls->ssl) != 1) m_end = ServedAnswer::Then::Cut;
}

ServerConnection::~ServerConnection() {
    const bool isReset = m_end == ServedAnswer::Then::Reset;
    if (m_tls && !isReset && m_end != ServedAnswer::Then::Cut) SSL_shutdown(m_tls->ssl);
    const linger atOnce{isReset ? 1 : 0, 0};
    ::setsockopt(m_socket, SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
    ::close(m_socket);
}

std::ptrdiff_t ServerConnection::receive(char* bytes, std::size_t count) {
    if (m_tls) return SSL_read(m_tls->ssl, bytes, static_cast<int>(count));
    return ::recv(m_socket, bytes, count, 0);
}

std::string ServerConnection::readHead() {
    constexpr std::size_t kBlockBytes = 4096;
    constexpr std::string_view kEnd = "\r\n\r\n";
    char block[kBlockBytes];
    while (m_unread.find(kEnd) == std::string::npos) {
        const std::ptrdiff_t count = receive(block, sizeof block);
        if (count <= 0) return {};
        m_unread.append(block, static_cast<std::size_t>(count));
    }
    const std::size_t size = m_unread.find(kEnd) + kEnd.size();
    std::string head = m_unread.substr(0, size);
    m_unread.erase(0, size);
    return head;
}

bool ServerConnection::send(const char* bytes, std::size_t count) {
    while (count > 0) {
        const std::ptrdiff_t sent = m_tls ? SSL_write(m_tls->ssl, bytes, static_cast<int>(count))
                                          : ::send(m_socket, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes += sent;
        count -= static_cast<std::size_t>(sent);
    }
    return !m_tls || BIO_flush(SSL_get_wbio(m_tls->ssl)) == 1;
}

void ServerConnection::shutDown() {
    ::shutdown(m_socket, SHUT_RDWR);
}

} // namespace llamahome::testing
