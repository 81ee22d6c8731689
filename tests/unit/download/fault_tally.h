// How many faults were injected and survived; its line goes into docs/reliability.md. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "core/quantity.h"

namespace llamahome::testing {

class FaultTally {
public:
    /// `findings` of one fault and of the recovery from it.
    void add(const std::string& fault, const std::vector<std::string>& findings) {
        ++m_injected;
        if (findings.empty()) {
            ++m_survived;
            return;
        }
        for (const std::string& finding : findings) {
            std::printf("%s: %s\n", fault.c_str(), finding.c_str());
            m_lost += finding.starts_with("V1") || finding.starts_with("V2") || finding.starts_with("V9");
            m_leaked += finding.starts_with("V5");
        }
    }
    void addBytesTwice(std::uint64_t bytes) { m_bytesTwice = std::max(m_bytesTwice, bytes); }

    bool isClean() const { return m_injected == m_survived; }
    std::uint64_t injected() const { return m_injected; }
    std::string line() const {
        return "faults injected " + formatCount(m_injected) + ", survived " + formatCount(m_survived) +
               "; files lost " + formatCount(m_lost) + "; bytes fetched twice after a break at most " +
               formatCount(m_bytesTwice) + "; secrets told " + formatCount(m_leaked);
    }

private:
    std::uint64_t m_injected = 0;
    std::uint64_t m_survived = 0;
    std::uint64_t m_lost = 0;
    std::uint64_t m_leaked = 0;
    std::uint64_t m_bytesTwice = 0;
};

} // namespace llamahome::testing
