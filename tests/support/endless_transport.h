// A source of one file of any size, made as it is asked for, whose connection breaks again and again. One
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/transport.h"

namespace llamahome::testing {

class EndlessTransport final : public network::Transport {
public:
    /// Breaks after every `bytesABreak` bytes.
    EndlessTransport(std::uint64_t sizeBytes, std::uint64_t bytesABreak);

    Result<network::HttpResponse> get(const network::HttpRequest& request, network::HttpSink& sink,
                                      const CancelToken& cancel) override;

    std::uint64_t sentBytes() const { return m_sentBytes; }
    int breaks() const { return m_breaks; }
    /// Of the whole file; as slow as hashing is.
    std::string sha256() const;

private:
    std::uint64_t m_sizeBytes;
    std::uint64_t m_bytesABreak;
    std::string m_block; ///< the file is this, again and again
    std::uint64_t m_sentBytes = 0;
    int m_breaks = 0;
};

} // namespace llamahome::testing
