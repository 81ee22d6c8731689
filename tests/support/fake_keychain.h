// A keychain in memory, which can refuse and counts what it is asked. One thread.
#pragma once

#include <map>
#include <optional>

#include "network/keychain.h"

namespace llamahome::testing {

/// Outlives the keychain, which the code under test owns.
struct KeptSecrets {
    std::map<std::string, std::string> byName;
    std::optional<Error> refusal; ///< of everything
    int reads = 0;
};

class FakeKeychain final : public network::Keychain {
public:
    explicit FakeKeychain(KeptSecrets& kept)
        : m_kept(kept) {}

    Result<std::string> read(const std::string& name) override {
        ++m_kept.reads;
        if (m_kept.refusal) return *m_kept.refusal;
        const auto found = m_kept.byName.find(name);
        return found == m_kept.byName.end() ? std::string() : found->second;
    }
    Result<void> write(const std::string& name, const std::string& secret) override {
        if (m_kept.refusal) return *m_kept.refusal;
        m_kept.byName[name] = secret;
        return {};
    }
    Result<void> remove(const std::string& name) override {
        if (m_kept.refusal) return *m_kept.refusal;
        m_kept.byName.erase(name);
        return {};
    }

private:
    KeptSecrets& m_kept;
};

} // namespace llamahome::testing
