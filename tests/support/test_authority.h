// An authority for TLS made for one test: it signs servers on this machine, right and wrong ones. Any thread.
#pragma once

#include <string>

#include "support/http_server.h"

namespace llamahome::testing {

class TestAuthority {
public:
    enum class Flaw { None, Expired, WrongName, SelfSigned };

    TestAuthority();

    /// What a client has to trust, PEM.
    const std::string& certificate() const { return m_own.certificate; }
    /// Of a server at 127.0.0.1, localhost.
    TlsIdentity identity(Flaw flaw = Flaw::None) const;

private:
    TlsIdentity m_own;
};

} // namespace llamahome::testing
