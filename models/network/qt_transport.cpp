#include "network/qt_transport.h"

#include <memory>
#include <optional>
#include <span>

#include <QtCore/QEventLoop>
#include <QtCore/QTimer>
#include <QtNetwork/QNetworkReply>
#include <QtNetwork/QNetworkRequest>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslError>

#include "core/error_codes.h"
#include "network/qt_proxies.h"

namespace llamahome::network {
namespace {

constexpr int kCancelLookMs = 100;
constexpr qint64 kBufferBytes = 4 << 20; // Qt reads no further ahead than this
constexpr std::size_t kBlockBytes = 1 << 20;

QNetworkRequest requestOf(const HttpRequest& request, const QUrl& url) {
    QNetworkRequest made(url);
    made.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    made.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    made.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    made.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    made.setAttribute(QNetworkRequest::AuthenticationReuseAttribute, QNetworkRequest::Manual);
    made.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    made.setRawHeader("Accept-Encoding", "identity"); // Qt would else ask for gzip, and unpack it
    for (const auto& [name, value] : request.headers)
        made.setRawHeader(QByteArray::fromStdString(name), QByteArray::fromStdString(value));
    return made;
}

/// One GET under way: it lives as long as the event loop that waits for its end.
class Exchange {
public:
    /// `url` as it was asked, which Qt may write in another way.
    Exchange(QNetworkReply& reply, const std::string& url, std::span<char> block, HttpSink& sink,
             const CancelToken& cancel, double stallSeconds)
        : m_reply(reply)
        , m_block(block)
        , m_sink(sink)
        , m_cancel(cancel)
        , m_where(reply.url().host().toStdString()) {
        m_response.url = url;
        m_stall.setSingleShot(true);
        m_stall.setInterval(static_cast<int>(stallSeconds * 1000.0));
    }

    Result<HttpResponse> run() {
        QObject::connect(&m_reply, &QNetworkReply::sslErrors, &m_loop,
                         [this](const QList<QSslError>& errors) { noteTls(errors); });
        QObject::connect(&m_reply, &QNetworkReply::metaDataChanged, &m_loop, [this] { begin(); });
        QObject::connect(&m_reply, &QNetworkReply::readyRead, &m_loop, [this] { read(); });
        QObject::connect(&m_reply, &QNetworkReply::finished, &m_loop, &QEventLoop::quit);
        QObject::connect(&m_stall, &QTimer::timeout, &m_loop, [this] {
            end({codes::kNetworkStalled, m_where + ": nothing arrived for " +
                                             std::to_string(m_stall.interval() / 1000) +
                                             " s; the connection was given up"});
        });
        QTimer look;
        QObject::connect(&look, &QTimer::timeout, &m_loop, [this] { lookAtCancel(); });
        look.start(kCancelLookMs);
        m_stall.start();
        if (!m_reply.isFinished()) m_loop.exec();
        if (!m_error) finish();
        if (m_error) return *m_error;
        return m_response;
    }

private:
    void noteTls(const QList<QSslError>& errors) {
        for (const QSslError& error : errors)
            m_tls += (m_tls.empty() ? "" : "; ") + error.errorString().toStdString();
    }

    /// Leaves the loop; the connection ends with the reply, which its owner destroys next.
    void end(Error error) {
        if (!m_error) m_error = std::move(error);
        m_loop.quit();
    }

    void lookAtCancel() {
        if (m_cancel.isCancelled()) end({codes::kCancelled, "stopped on request"});
    }

    void begin() {
        const int status = m_reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
        if (m_hasBegun || m_error || status < 200) return;
        m_hasBegun = true;
        m_stall.start();
        m_response.status = status;
        for (const auto& [name, value] : m_reply.rawHeaderPairs())
            m_response.headers[name.toLower().toStdString()] = value.toStdString();
        const QUrl target = m_reply.attribute(QNetworkRequest::RedirectionTargetAttribute).toUrl();
        if (!target.isEmpty()) m_response.redirect = m_reply.url().resolved(target).toEncoded().toStdString();
        if (auto taken = m_sink.begin(m_response); !taken) end(taken.error());
    }

    void read() {
        begin();
        while (m_hasBegun && !m_error && m_reply.bytesAvailable() > 0) {
            const qint64 count = m_reply.read(m_block.data(), static_cast<qint64>(m_block.size()));
            if (count <= 0) return;
            const auto bytes = std::as_bytes(m_block.first(static_cast<std::size_t>(count)));
            if (auto taken = m_sink.body(bytes); !taken) end(taken.error());
            m_stall.start(); // a sink that took its time is no silence of the server's
            lookAtCancel();
        }
    }

    void finish() {
        read();
        if (m_error || m_reply.error() == QNetworkReply::NoError) return;
        const bool answered = m_hasBegun && m_response.status >= 300;
        if (answered && m_reply.error() >= QNetworkReply::ContentAccessDenied) return;
        const std::string text = m_reply.errorString().toStdString();
        if (m_reply.error() == QNetworkReply::ProxyAuthenticationRequiredError)
            m_error =
                Error{codes::kHttpStatus, m_where + ": the proxy wants a name and password; set them in "
                                                    "the proxy's address (https_proxy), or ask who "
                                                    "keeps it"};
        else if (m_reply.error() == QNetworkReply::SslHandshakeFailedError)
            m_error = Error{codes::kNetworkTls, m_where + ": the connection is not safe and was refused: " +
                                                    (m_tls.empty() ? text : m_tls)};
        else
            m_error = Error{codes::kNetworkFailure, m_where + (isOfProxy() ? ": the proxy: " : ": ") + text};
    }

    bool isOfProxy() const {
        return m_reply.error() >= QNetworkReply::ProxyConnectionRefusedError &&
               m_reply.error() <= QNetworkReply::UnknownProxyError;
    }

    QNetworkReply& m_reply;
    std::span<char> m_block;
    HttpSink& m_sink;
    const CancelToken& m_cancel;
    std::string m_where;
    QEventLoop m_loop;
    QTimer m_stall;
    HttpResponse m_response;
    std::string m_tls;
    std::optional<Error> m_error;
    bool m_hasBegun = false;
};

} // namespace

QtTransport::QtTransport(const TransportOptions& options)
    : m_tls(QSslConfiguration::defaultConfiguration())
    , m_stallSeconds(options.stallSeconds)
    , m_block(kBlockBytes) {
    m_manager.setAutoDeleteReplies(false);
    m_manager.setProxyFactory(new QtProxies(options.proxies)); // which it owns
    if (!options.authorities.empty())
        m_tls.addCaCertificates(
            QSslCertificate::fromData(QByteArray::fromStdString(options.authorities), QSsl::Pem));
}

Result<HttpResponse> QtTransport::get(const HttpRequest& request, HttpSink& sink, const CancelToken& cancel) {
    const QUrl url(QString::fromStdString(request.url), QUrl::StrictMode);
    if (!url.isValid() || url.host().isEmpty() ||
        (url.scheme() != QLatin1String("https") && url.scheme() != QLatin1String("http")))
        return Error{codes::kAddressRefused,
                     "address: found '" + request.url + "', expected one that begins with https://"};
    QNetworkRequest made = requestOf(request, url);
    made.setSslConfiguration(m_tls);
    const std::unique_ptr<QNetworkReply> reply(m_manager.get(made));
    reply->setReadBufferSize(kBufferBytes);
    return Exchange(*reply, request.url, m_block, sink, cancel, m_stallSeconds).run();
}

} // namespace llamahome::network
