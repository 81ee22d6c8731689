#include "app/window/single_instance.h"

#include <QDataStream>
#include <QLocalSocket>
#include <QLockFile>
#include <QStandardPaths>

#include "core/hash.h"
#include "managers/text.h"

namespace llamahome::app {
namespace fs = std::filesystem;
namespace {

constexpr int kConnectMs = 500;
constexpr int kAnswerMs = 10'000; ///< it may be starting on a busy machine
constexpr int kLockMs = 5000;
constexpr qint64 kMostBytes = 1 << 20;
constexpr qsizetype kDigestDigits = 16; ///< a socket's path has at most 108 bytes
constexpr char kTaken = '+';

constexpr auto kStreamVersion = QDataStream::Qt_6_4;

} // namespace

SingleInstance::SingleInstance(const QString& socket, QObject* parent)
    : QObject(parent)
    , m_socket(socket) {
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&m_server, &QLocalServer::newConnection, this, &SingleInstance::serve);
}

QString SingleInstance::socketFor(const fs::path& root) {
    std::error_code failure;
    const fs::path real = fs::weakly_canonical(root, failure);
    const std::string digest = sha256Hex((failure ? root : real).string());
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation);
    return QStringLiteral("%1/llamahome-%2").arg(folder, managers::toQt(digest).left(kDigestDigits));
}

SingleInstance::Role SingleInstance::enter(const QStringList& paths) {
    // Two starts at the same moment: one of them looks while the other already listens.
    QLockFile lock(m_socket + QStringLiteral(".lock"));
    const bool isLocked = lock.tryLock(kLockMs);
    if (const Role role = handOver(paths); role != Role::First) return role;
    if (!isLocked) return Role::Unguarded;
    QLocalServer::removeServer(m_socket);
    return m_server.listen(m_socket) ? Role::First : Role::Unguarded;
}

SingleInstance::Role SingleInstance::handOver(const QStringList& paths) {
    QLocalSocket socket;
    socket.connectToServer(m_socket);
    if (!socket.waitForConnected(kConnectMs)) return Role::First;
    QDataStream stream(&socket);
    stream.setVersion(kStreamVersion);
    stream << paths;
    char answer = 0;
    const bool isTaken = socket.waitForBytesWritten(kAnswerMs) && socket.waitForReadyRead(kAnswerMs) &&
                         socket.getChar(&answer) && answer == kTaken;
    return isTaken ? Role::Second : Role::Unheard;
}

void SingleInstance::serve() {
    while (QLocalSocket* socket = m_server.nextPendingConnection()) {
        connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
        const auto read = [this, socket] {
            if (socket->bytesAvailable() > kMostBytes) {
                socket->abort();
                return;
            }
            QDataStream stream(socket);
            stream.setVersion(kStreamVersion);
            stream.startTransaction();
            QStringList paths;
            stream >> paths;
            if (!stream.commitTransaction()) return; // the rest has still to come
            socket->putChar(kTaken);
            socket->flush();
            Q_EMIT startedAgain(paths);
        };
        connect(socket, &QLocalSocket::readyRead, this, read);
        if (socket->bytesAvailable() > 0) read();
    }
}

} // namespace llamahome::app
