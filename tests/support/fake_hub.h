// A source with two hosts as the Hub is one: the first names files and gives the small ones, the second gives
// the large ones by links that carry a secret. What it answers can be spoilt. Over sockets, or asked
// directly.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "download/remote_set.h"
#include "network/transport.h"
#include "support/http_server.h"

namespace llamahome::testing {

/// Never to be seen anywhere but in requests to the first host.
inline constexpr const char* kCanaryToken = "hf_canaryTokenThatNobodyMaySee";
/// Never to be seen anywhere but in requests to the second host.
inline constexpr const char* kCanaryLink = "canarySignatureThatNobodyMaySee";

struct HubFile {
    std::string path;
    std::string content;
    bool isLarge = false; ///< lies at the second host
};

enum class HubHost { First, Second };

/// One request, and the answer that it would get.
struct HubExchange {
    HubHost host = HubHost::First;
    std::string path; ///< of the file; empty: the listing
    int number = 0;   ///< of the requests to this host for this, from 1
    ServedRequest request;
    ServedAnswer answer;
    std::string content; ///< of the file
};

class FakeHub {
public:
    enum class Reach { Sockets, Direct };
    /// May change the answer; called for each request, one after another.
    using Spoil = std::function<void(HubExchange&)>;

    explicit FakeHub(std::vector<HubFile> files, Reach reach = Reach::Sockets,
                     const std::optional<TlsIdentity>& identity = {});

    /// From now on, with counts begun anew; empty: right answers.
    void spoil(Spoil spoil);
    download::RemoteSet set() const;
    std::string listUrl() const;
    std::string listing() const;
    const std::vector<HubFile>& files() const { return m_files; }

    /// For Reach::Sockets.
    HttpServer& host(HubHost host) { return *m_servers.at(host); }
    /// For Reach::Direct: blocks of `blockBytes`, no socket and no thread.
    std::unique_ptr<network::Transport> directTransport(std::size_t blockBytes);

    /// Since spoil() was called.
    int requests() const;
    /// Secrets that came to the host that must not see them, ever.
    int leaks() const;

private:
    class Direct;
    ServedAnswer serve(HubHost host, const ServedRequest& request);
    ServedAnswer rightAnswer(HubHost host, const ServedRequest& request, std::string& path) const;
    ServedAnswer answerOfFirst(const HubFile& file, const ServedRequest& request) const;
    std::string urlOf(HubHost host, const std::string& target) const;
    void noteLeaks(HubHost host, const ServedRequest& request);

    std::vector<HubFile> m_files;
    mutable std::mutex m_mutex;
    Spoil m_spoil;
    std::map<std::pair<HubHost, std::string>, int> m_numbers;
    int m_requests = 0;
    int m_leaks = 0;
    std::map<HubHost, std::unique_ptr<HttpServer>> m_servers;
};

/// A text that looks the same each time and nowhere repeats soon.
std::string noise(std::size_t count, std::uint32_t seed);

} // namespace llamahome::testing
