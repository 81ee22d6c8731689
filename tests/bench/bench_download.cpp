// Prints how fast fetchFile() receives, hashes and writes from a server on loopback, plain and with TLS, and
// the peak of its memory by the file's size. By hand:
//   build/dev/tests/bench_download FOLDER             measures; FOLDER gets up to 4 GB at a time
//   build/dev/tests/bench_download FOLDER --size MIB  only that size
//   build/dev/tests/bench_download FOLDER --soak GB   one simulated file, reset every 30 s of virtual time at
//   50 MB/s;
//                                                     takes no room
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/machine.h"
#include "core/quantity.h"
#include "download/fetch_file.h"
#include "network/transport_loader.h"
#include "support/checked.h"
#include "support/endless_transport.h"
#include "support/fixed_clock.h"
#include "support/http_server.h"
#include "support/noise.h"
#include "support/sparse_files.h"
#include "support/test_authority.h"

using namespace llamahome;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBlockBytes = 256U << 10; // as the server sends them
constexpr double kSoakBytesPerSecond = 50e6;    ///< of virtual time
constexpr double kSoakSecondsABreak = 30.0;

double secondsSince(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double secondsOf(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// SHA-256 of `block` over and over.
std::string hashOf(const std::string& block, std::uint64_t sizeBytes) {
    Digest hash(DigestKind::Sha256);
    for (std::uint64_t at = 0; at < sizeBytes; at += block.size())
        hash.update(std::string_view(block).substr(
            0, static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), sizeBytes - at))));
    return hash.hex();
}

/// One fetch, in this process: what --client runs.
int fetch(const std::string& url, const fs::path& target, std::uint64_t sizeBytes, const std::string& sha256,
          const std::string& authorities) {
    const auto transport = checked(network::openTransport({network::kStallSeconds, authorities}));
    const download::ExpectedHash hash{download::HashKind::Sha256, sha256};
    const auto fetched =
        download::fetchFile({url, target, sizeBytes, hash}, {*transport, systemFiles()}, {}, {});
    if (!fetched) std::fprintf(stderr, "%s\n", fetched.error().message.c_str());
    return fetched ? 0 : 1;
}

/// The same in a process of its own, which does not share the server's memory.
void measure(const char* kind, const HttpServer& server, const fs::path& folder, std::uint64_t sizeBytes,
             const std::string& sha256, const std::string& authorities) {
    const fs::path target = folder / "bench_download.bin";
    const fs::path pem = folder / "bench_download.pem";
    std::ofstream(pem) << authorities;
    const auto start = std::chrono::steady_clock::now();
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string url = server.url("/" + std::to_string(sizeBytes));
        const std::string size = std::to_string(sizeBytes);
        ::execl("/proc/self/exe", "bench_download", "--client", url.c_str(), target.c_str(), size.c_str(),
                sha256.c_str(), pem.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    rusage usage{};
    if (child < 0 || ::wait4(child, &status, 0, &usage) != child || status != 0)
        throw std::runtime_error("the client failed");
    const double seconds = secondsSince(start);
    const double busy = secondsOf(usage.ru_utime) + secondsOf(usage.ru_stime);
    std::printf("%-6s %8s %6.2f s %8s/s   %5.2f s of processor, %4.2f of it in the system   peak %5.1f MiB\n",
                kind, formatBytes(sizeBytes).c_str(), seconds,
                formatBytes(static_cast<std::uint64_t>(static_cast<double>(sizeBytes) / seconds)).c_str(),
                busy, secondsOf(usage.ru_stime), static_cast<double>(usage.ru_maxrss) / 1024.0);
    std::fflush(stdout);
    fs::remove(target);
    fs::remove(pem);
}

void measureAll(const fs::path& folder, const std::vector<std::uint64_t>& sizes) {
    const std::string block = noise(kBlockBytes, 5);
    const HttpServer::Script script = [&block](const ServedRequest& request) {
        ServedAnswer answer{"HTTP/1.1 200 OK\r\nContent-Length: " + request.target.substr(1) + "\r\n\r\n"};
        answer.generatedBytes = std::stoull(request.target.substr(1));
        answer.generate = [&block](std::uint64_t at, std::span<char> bytes) {
            if (at == 0) std::memcpy(bytes.data(), block.data(), bytes.size()); // the same bytes ever after
        };
        return answer;
    };
    const TestAuthority authority;
    const HttpServer plain(script);
    const HttpServer safe(script, authority.identity());
    for (const std::uint64_t sizeBytes : sizes) {
        const std::string sha256 = hashOf(block, sizeBytes);
        measure("plain", plain, folder, sizeBytes, sha256, {});
        measure("TLS", safe, folder, sizeBytes, sha256, authority.certificate());
    }
}

void soak(const fs::path& folder, std::uint64_t sizeBytes) {
    SparseFiles files;
    FixedClock clock;
    EndlessTransport transport(sizeBytes, VirtualLine{clock, kSoakBytesPerSecond, kSoakSecondsABreak});
    const download::ExpectedHash hash{download::HashKind::Sha256, transport.sha256()};
    const auto start = std::chrono::steady_clock::now();
    const auto pause = [&](double seconds, const CancelToken&) { clock.advance(seconds); };
    const download::FetchRequest request{"http://127.0.0.1/x", folder / "bench_soak.bin", sizeBytes, hash};
    checked(download::fetchFile(request, {transport, files, pause, {}, {}, &clock}, {}, ProgressSink()));
    std::printf(
        "soak   %8s in %s of virtual time (%.0f s here), %d resets, %s fetched twice, peak %.1f MiB\n",
        formatBytes(sizeBytes).c_str(), formatDuration(clock.monotonicSeconds()).c_str(), secondsSince(start),
        transport.breaks(), formatBytes(transport.sentBytes() - sizeBytes).c_str(), peakMemoryMib());
    fs::remove(folder / "bench_soak.bin");
}

} // namespace

int main(int count, char** words) {
    const std::vector<std::string> given(words + 1, words + count);
    if (given.size() == 6 && given[0] == "--client")
        return fetch(given[1], given[2], std::stoull(given[3]), given[4], checked(readFile(given[5])));
    if (given.size() == 3 && given[1] == "--soak") {
        soak(given[0], std::stoull(given[2]) * 1'000'000'000);
        return 0;
    }
    if (given.size() == 3 && given[1] == "--size") {
        measureAll(given[0], {std::stoull(given[2]) << 20});
        return 0;
    }
    if (given.size() != 1) {
        std::fprintf(stderr, "usage: bench_download FOLDER [--size MIB | --soak GB]\n");
        return 2;
    }
    measureAll(given[0], {64ULL << 20, 512ULL << 20, 2ULL << 30, 4ULL << 30});
    return 0;
}
