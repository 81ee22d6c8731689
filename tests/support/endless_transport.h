// A source of one file of any size, made as it is asked for, whose connection breaks again and again, by
// bytes or by a clock that runs with them. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/transport.h"
#include "support/fixed_clock.h"

namespace llamahome::testing {

/// A line on which time passes with the bytes; the connection is reset after so many seconds of it.
struct VirtualLine {
    FixedClock& clock;
    double bytesPerSecond;
    double secondsABreak;
};

class EndlessTransport final : public network::Transport {
public:
    /// Breaks after every `bytesABreak` bytes.
    EndlessTransport(std::uint64_t sizeBytes, std::uint64_t bytesABreak);
    EndlessTransport(std::uint64_t sizeBytes, const VirtualLine& line);

    Result<network::HttpResponse> get(const network::HttpRequest& request, network::HttpSink& sink,
                                      const CancelToken& cancel) override;

    std::uint64_t sentBytes() const { return m_sentBytes; }
    int breaks() const { return m_breaks; }
    /// Of the whole file; as slow as hashing is.
    std::string sha256() const;

private:
    std::uint64_t m_sizeBytes;
    std::uint64_t m_bytesABreak;
    FixedClock* m_clock = nullptr;
    double m_bytesPerSecond = 0.0;
    std::string m_block; ///< the file is this, again and again
    std::uint64_t m_sentBytes = 0;
    int m_breaks = 0;
};

} // namespace llamahome::testing
