// Sockets on this machine for the servers of tests. Any thread.
#pragma once

namespace llamahome::testing {

/// Listens on 127.0.0.1; port 0: any. Throws where that cannot be.
int listenOnLoopback(int port);
int portOfSocket(int listening);
/// -1: nobody listens there.
int connectToLoopback(int port);

} // namespace llamahome::testing
