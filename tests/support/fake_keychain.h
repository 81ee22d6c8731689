// A keychain in memory, which can refuse, or wait for a user who never comes; it counts what it is asked. One
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include "core/error_codes.h"
#include "network/keychain.h"

namespace llamahome::testing {

/// Outlives the keychain, which the code under test owns.
struct KeptSecrets {
    std::map<std::string, std::string> byName;
    std::optional<Error> refusal; ///< of everything
    bool isLocked = false;        ///< nothing is answered before cancel
    std::atomic<int> reads = 0;
};

class FakeKeychain final : public network::Keychain {
public:
    explicit FakeKeychain(KeptSecrets& kept)
        : m_kept(kept) {}

    Result<std::string> read(const std::string& name, const CancelToken& cancel) override {
        ++m_kept.reads;
        if (auto open = wait(cancel); !open) return open.error();
        const auto found = m_kept.byName.find(name);
        return found == m_kept.byName.end() ? std::string() : found->second;
    }
    Result<void> write(const std::string& name, const std::string& secret,
                       const CancelToken& cancel) override {
        if (auto open = wait(cancel); !open) return open;
        m_kept.byName[name] = secret;
        return {};
    }
    Result<void> remove(const std::string& name, const CancelToken& cancel) override {
        if (auto open = wait(cancel); !open) return open;
        m_kept.byName.erase(name);
        return {};
    }

private:
    Result<void> wait(const CancelToken& cancel) const {
        if (m_kept.refusal) return *m_kept.refusal;
        if (!m_kept.isLocked) return {};
        while (!cancel.isCancelled())
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return Error{codes::kCancelled, "stopped before the keychain had answered"};
    }

    KeptSecrets& m_kept;
};

} // namespace llamahome::testing
