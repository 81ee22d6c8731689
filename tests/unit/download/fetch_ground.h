// A folder, a server and what fetchFile() needs, for the tests of it. One thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/hash.h"
#include "download/fetch_file.h"
#include "network/transport_loader.h"
#include "support/fault_file_layer.h"
#include "support/http_server.h"
#include "support/temporary_folder.h"

namespace llamahome::testing {
using namespace download;
using Then = ServedAnswer::Then;
namespace fs = std::filesystem;

inline std::string someBytes(std::size_t count) {
    std::string bytes(count, '\0');
    for (std::size_t i = 0; i < count; ++i)
        bytes[i] = static_cast<char>((i * 2654435761U) >> 11);
    return bytes;
}

inline const std::string kFile = someBytes(300'000);

inline std::string read(const fs::path& path) {
    const auto text = readFile(path);
    return text ? *text : text.error().message;
}

/// A folder, a server and what fetchFile needs; pauses are noted and not waited for.
struct Ground {
    explicit Ground(HttpServer::Script script)
        : server(std::move(script)) {}

    fs::path target() const { return folder / "wheel.whl"; }
    fs::path part() const { return folder / "wheel.whl.part"; }

    Result<void> fetch(FileLayer& files = systemFiles()) {
        const auto transport = network::openTransport();
        if (!transport) return transport.error();
        FetchRequest request{
            server.url("/wheel.whl"), target(), sizeBytes, hash, "here", commit, "wheel.whl"};
        request.headers = headers;
        FetchTools tools{**transport, files, [this](double seconds, const CancelToken&) {
                             pauses.push_back(seconds);
                             if (onPause) onPause();
                         }};
        tools.patience = patience;
        tools.flush = flush;
        return fetchFile(request, tools, cancel, [this](const Progress& now) {
            progress.push_back(now.done);
            if (now.done >= cancelAfter) cancel.cancel();
        });
    }

    TemporaryFolder folder;
    HttpServer server;
    CancelToken cancel;
    std::uint64_t cancelAfter = ~0ULL;
    std::optional<std::uint64_t> sizeBytes = kFile.size();
    ExpectedHash hash{HashKind::Sha256, sha256Hex(kFile)};
    std::string commit = "one";
    std::map<std::string, std::string> headers;
    Patience patience;
    FlushRule flush;
    std::function<void()> onPause;
    std::vector<double> pauses;
    std::vector<std::uint64_t> progress;
};

/// Each pause as long as the other, or longer by what keeps those apart that were cut off together.
inline bool areAbout(const std::vector<double>& pauses, const std::vector<double>& expected) {
    return std::equal(
        pauses.begin(), pauses.end(), expected.begin(), expected.end(),
        [](double pause, double base) { return pause >= base && pause <= base * (1.0 + kPauseSpread); });
}

/// The first `count` answers are cut after `bytes` bytes of body, by `then`.
inline HttpServer::Script cutFirst(int count, std::size_t bytes, Then then) {
    return [left = count, bytes, then](const ServedRequest& request) mutable {
        ServedAnswer answer{fileAnswer(request, kFile)};
        if (left-- > 0) {
            answer.bytes.resize(answer.bytes.find("\r\n\r\n") + 4 + bytes);
            answer.then = then;
        }
        return answer;
    };
}

/// Every answer from the beginning of the file on is cut after `bytes` bytes: only who goes on gets the rest.
inline HttpServer::Script cutBeginnings(std::size_t bytes) {
    return [bytes](const ServedRequest& request) {
        ServedAnswer answer{fileAnswer(request, kFile)};
        if (!request.headers.contains("range")) {
            answer.bytes.resize(answer.bytes.find("\r\n\r\n") + 4 + bytes);
            answer.then = Then::Close;
        }
        return answer;
    };
}

} // namespace llamahome::testing
