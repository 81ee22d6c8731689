// SIGINT and SIGTERM: the first asks the running job to stop in order, the second ends the program at once
// (exit code 130). Main thread.
#pragma once

#include <string_view>

#include "core/cancel_token.h"

namespace llamahome::app {

/// While it lives, the first signal cancels `token`. Scopes nest: the inner one takes the signals, and a
/// signal seen by it counts for it alone.
class SignalScope {
public:
    explicit SignalScope(const CancelToken& token);
    ~SignalScope();
    SignalScope(const SignalScope&) = delete;
    SignalScope& operator=(const SignalScope&) = delete;

    /// The signal that arrived in this scope; 0: none.
    static int received();
    /// The same, and forgets it: the next signal counts as the first again.
    static int take();

private:
    CancelToken m_token;
    const CancelToken* m_outerToken;
    int m_outerSignal;
};

/// What the second signal leaves on standard error before it ends the program; cut to 500 bytes, empty:
/// nothing.
void setAbortMessage(std::string_view text);

} // namespace llamahome::app
